"""What is found in a database: only what the login may read, and no value that may be somebody's."""

from typing import Any

from opsloom_server.sources.description import DescribedColumn


def columns(shop: Any, table: str) -> dict[str, DescribedColumn]:
    found = next(one for one in shop.described.tables if one.name == table)
    return {one.name: one for one in found.columns}


def test_tables_columns_keys_and_comments(shop: Any) -> None:
    names = {(one.schema, one.name): one.kind for one in shop.described.tables}
    assert names["shop", "orders"] == "table"
    assert names["shop", "monthly"] == "view"
    assert {schema for schema, _ in names} == {"shop"}
    orders = columns(shop, "orders")
    assert orders["id"].key == "primary"
    assert orders["customer_id"].key == "shop.customers.id"
    assert orders["total"].type == "numeric(10,2)"
    assert columns(shop, "customers")["referrer"].comment == "The customer who sent this one"


def test_values_of_categories_and_of_nothing_personal(shop: Any) -> None:
    assert columns(shop, "orders")["channel"].values == ("shop", "web")
    assert columns(shop, "orders")["status"].values == ("open", "paid", "sent", "returned")
    customers = columns(shop, "customers")
    assert customers["country"].values == ("AT", "DE", "FR", "PL")
    assert customers["email"].values == ()
    assert customers["name"].values == ()  # 24 of them: no category
    assert columns(shop, "notes")["body"].values == ("ours",)  # as the policy shows them


def test_a_models_text_is_compact(shop: Any) -> None:
    text = shop.described.text()
    assert "shop.customers (about 24 rows): Who bought something" in text
    assert "  customer_id integer -> shop.customers.id" in text
    assert "  channel text {'shop', 'web'}" in text
    assert "bananas" not in text
    short = shop.described.text(only=["shop.orders"])
    assert "  customer_id" in short
    assert "  country" not in short
