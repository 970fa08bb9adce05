"""Data sources by REST: attach, read, ask; what is refused, in which words; and the address that nobody sees again."""

import logging
from typing import Any

import pytest
from msgspec.structs import replace
from opsloom_server.sources import Bounds, DataSources
from server.rest.conftest import client
from server.sources.conftest import shop
from server.sources.mysql.conftest import maria
from server.sources.sqlite.conftest import sqlite_shop
from sqlalchemy import text

__all__ = ["maria", "shop", "sqlite_shop"]


@pytest.fixture
def secret_url(shop: Any) -> str:
    """The reader's address with a password, which the embedded database does not ask for."""
    url: str = shop.url.replace(f"//{shop.reader}@", f"//{shop.reader}:hunter2-hunter2@")
    return url


async def attach(rest: Any, url: str, **more: Any) -> Any:
    return await rest.ok(await rest.owner.post("/data-sources", json={"name": "Shop", "url": url} | more), 201)


async def test_attach_ask_and_take_away(rest: Any, shop: Any, secret_url: str) -> None:
    made = await attach(rest, secret_url, schemas=["shop"])
    assert made["user"] == shop.reader
    assert (made["name"], made["kind"], made["schemas"], made["warnings"]) == ("Shop", "postgresql", ["shop"], [])
    assert made["tables"] == 7
    query = {"sql": "SELECT status, count(*) AS n FROM orders GROUP BY status ORDER BY status"}
    found = await rest.ok(await rest.owner.post(f"/data-sources/{made['id']}/query", json=query))
    assert found["columns"] == [{"name": "status", "type": "status"}, {"name": "n", "type": "int8"}]
    assert found["rows"] == [["open", 90], ["paid", 90], ["sent", 90], ["returned", 90]]
    assert found["truncated"] is False
    schema = await rest.ok(await rest.owner.get("/data-sources/Shop/schema"))
    orders = next(one for one in schema["tables"] if one["name"] == "orders")
    assert (orders["schema"], orders["kind"], orders["rows"]) == ("shop", "table", 360)
    assert orders["columns"][1]["key"] == "shop.customers.id"
    assert "shop.orders" in schema["text"]
    assert [one["id"] for one in (await rest.ok(await rest.owner.get("/data-sources")))["items"]] == [made["id"]]
    assert (await rest.owner.delete(f"/data-sources/{made['id']}")).status_code == 204
    assert (await rest.owner.get(f"/data-sources/{made['id']}")).status_code == 404
    audit = (await rest.ok(await rest.owner.get("/audit")))["items"]
    assert [one["action"] for one in audit] == ["data_source.delete", "data_source.query", "data_source.create"]
    assert audit[1]["detail"] == {"name": "Shop", "tables": ["shop.orders"]}


async def test_the_password_is_seen_nowhere(rest: Any, secret_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    made = await attach(rest, secret_url)
    answers = [
        await rest.owner.get("/data-sources"),
        await rest.owner.get(f"/data-sources/{made['id']}"),
        await rest.owner.get(f"/data-sources/{made['id']}/schema"),
        await rest.owner.post(f"/data-sources/{made['id']}/query", json={"sql": "SELECT nope FROM orders"}),
        await rest.owner.post(f"/data-sources/{made['id']}/refresh"),
        await rest.owner.patch(f"/data-sources/{made['id']}", json={"schemas": ["nowhere"]}),
        await rest.owner.post("/data-sources", json={"name": "Shop", "url": secret_url}),
        await rest.owner.post("/data-sources", json={"name": "", "url": secret_url, "extra": 1}),
        await rest.owner.post("/data-sources", json={"name": "B", "url": secret_url.replace("@/", "@127.0.0.1:1/")}),
        await rest.owner.get("/audit"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 422, 200, 422, 409, 422, 503, 200]
    for answer in answers:
        assert "hunter2" not in answer.text
    assert "hunter2" not in caplog.text
    async with rest.database.transact("ws_default") as connection:
        stored = (await connection.execute(text("SELECT * FROM data_sources"))).one()
    assert "hunter2" not in str(stored)
    assert b"hunter2" not in stored.url_sealed


async def test_words_and_reasons(rest: Any, shop: Any, secret_url: str) -> None:
    made = await attach(rest, secret_url, schemas=["shop"])

    async def refused(sql: str) -> tuple[str, str]:
        answer = await rest.owner.post(f"/data-sources/{made['id']}/query", json={"sql": sql})
        assert answer.status_code == 422, answer.text
        assert answer.json()["code"] == "invalid"
        return answer.json()["reason"], answer.json()["text"]

    assert (await refused("DELETE FROM orders"))[0] == "not_permitted"
    assert (await refused("SELECT * FROM rival.secrets"))[1].startswith("There is no table rival.secrets here")
    assert (await refused("SELECT pg_sleep(1)"))[1] == "The function pg_sleep is not permitted."
    assert (await refused("SELEC 1"))[0] == "not_permitted"
    assert (await refused("SELECT nothing FROM orders"))[0] == "query_failed"
    none = await rest.ok(
        await rest.owner.post(f"/data-sources/{made['id']}/query", json={"sql": "SELECT id FROM orders WHERE false"})
    )
    assert (none["rows"], none["columns"]) == ([], [{"name": "id", "type": "int4"}])


async def test_a_superuser_is_refused_with_the_right_role(rest: Any, shop: Any) -> None:
    answer = await rest.owner.post("/data-sources", json={"name": "Shop", "url": shop.owner})
    assert answer.status_code == 422
    assert "CREATE ROLE opsloom_reader LOGIN" in answer.json()["text"]
    assert (await rest.ok(await rest.owner.get("/data-sources")))["items"] == []


async def test_changes_lead_elsewhere_only_after_a_look(rest: Any, shop: Any, secret_url: str) -> None:
    made = await attach(rest, secret_url, schemas=["shop"])
    path = f"/data-sources/{made['id']}"
    renamed = await rest.ok(await rest.owner.patch(path, json={"name": "Sales"}))
    assert (renamed["name"], renamed["described_at"]) == ("Sales", made["described_at"])
    answer = await rest.owner.patch(path, json={"schemas": ["rival"]})
    assert answer.status_code == 422
    assert "There is no schema rival that the login may use. There are: public, shop." in answer.json()["text"]
    everything = await rest.ok(await rest.owner.patch(path, json={"schemas": None}))
    assert everything["schemas"] is None
    assert (await rest.owner.patch(path, json={"url": "oracle://x"})).status_code == 422
    assert (await rest.ok(await rest.owner.post(f"{path}/refresh")))["described_at"] > made["described_at"]


async def test_who_may(rest: Any, secret_url: str) -> None:
    made = await attach(rest, secret_url)
    paths = [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/refresh"), ("GET", "/schema"), ("POST", "/query")]
    for method, path in paths:
        body = {"sql": "SELECT 1"} if path == "/query" else {"name": "x"} if method == "PATCH" else None
        for who, status in ((rest.nobody, 401), (rest.member, 403), (rest.other, 404)):
            answer = await who.request(method, f"/data-sources/{made['id']}{path}", json=body)
            assert answer.status_code == status, (method, path, answer.text)
    assert (await rest.member.post("/data-sources", json={"name": "x", "url": secret_url})).status_code == 403
    assert (await rest.ok(await rest.other.get("/data-sources")))["items"] == []


async def test_an_assistant_has_data_sources_by_name(rest: Any, secret_url: str) -> None:
    made = await attach(rest, secret_url)
    wish = {"slug": "sales", "name": "Sales", "data_sources": ["Shop", made["id"]]}
    assistant = await rest.ok(await rest.owner.post("/assistants", json=wish), 201)
    assert assistant["data_sources"] == [made["id"]]
    answer = await rest.owner.patch("/assistants/sales", json={"data_sources": ["nowhere"]})
    assert answer.status_code == 422
    assert answer.json()["issues"] == [{"path": "/data_sources", "text": "There is no data source “nowhere”."}]
    theirs = await rest.other.post("/assistants", json=wish | {"data_sources": [made["id"]]})
    assert theirs.status_code == 422


async def test_another_secret_opens_nothing(rest: Any, shop: Any, secret_url: str) -> None:
    made = await attach(rest, secret_url)
    services = replace(rest.services, sources=DataSources(rest.database, b"other" * 8, Bounds()))
    token = rest.owner.headers["authorization"].removeprefix("Bearer ")
    async with client(services, token) as stranger:
        answer = await stranger.post(f"/data-sources/{made['id']}/query", json={"sql": "SELECT 1"})
        assert answer.status_code == 422
        assert "OPSLOOM_SECRET is another one now" in answer.json()["text"]
        again = await rest.ok(await stranger.patch(f"/data-sources/{made['id']}", json={"url": secret_url}))
        assert again["user"] == shop.reader


async def test_a_mariadb_and_a_file_are_attached_like_a_postgresql(rest: Any, maria: Any, sqlite_shop: Any) -> None:
    made = await attach(rest, maria.url())
    shown = {name: made[name] for name in ("kind", "host", "port", "database", "user", "schemas", "warnings")}
    assert shown == {
        "kind": "mariadb",
        "host": "127.0.0.1",
        "port": maria.server.port,
        "database": "shop",
        "user": "reader",
        "schemas": None,
        "warnings": [],
    }
    query = {"sql": "SELECT status, count(*) AS n FROM orders GROUP BY status ORDER BY status"}
    found = await rest.ok(await rest.owner.post("/data-sources/Shop/query", json=query))
    assert found["columns"] == [{"name": "status", "type": "char"}, {"name": "n", "type": "bigint"}]
    assert found["rows"] == [["open", 90], ["paid", 90], ["sent", 90], ["returned", 90]]
    refused = await rest.owner.post("/data-sources/Shop/query", json={"sql": "SELECT SLEEP(9)"})
    assert (refused.status_code, refused.json()["reason"]) == (422, "not_permitted")

    # A file has to be below a folder that whoever runs the server has named.
    wish = {"name": "File", "url": "sqlite:///shop.db"}
    refused = await rest.owner.post("/data-sources", json=wish)
    assert refused.status_code == 422
    assert "OPSLOOM_SQLITE_FOLDERS names, and it names none" in refused.json()["text"]
    services = replace(rest.services, sources=DataSources(rest.database, b"s" * 32, Bounds(), [sqlite_shop.folder]))
    token = rest.owner.headers["authorization"].removeprefix("Bearer ")
    async with client(services, token) as owner:
        made = await rest.ok(await owner.post("/data-sources", json=wish), 201)
        assert (made["kind"], made["host"], made["port"], made["user"]) == ("sqlite", None, None, None)
        assert made["database"] == "shop.db"
        found = await rest.ok(await owner.post("/data-sources/File/query", json=query))
        assert found["rows"] == [["open", 90], ["paid", 90], ["returned", 90], ["sent", 90]]
        kinds = [one["kind"] for one in (await rest.ok(await owner.get("/data-sources")))["items"]]
        assert kinds == ["sqlite", "mariadb"]
        # Another address may be of another kind.
        changed = await rest.ok(await owner.patch("/data-sources/File", json={"url": maria.url()}))
        assert (changed["kind"], changed["user"]) == ("mariadb", "reader")
        refused = await owner.post("/data-sources", json={"name": "x", "url": "mongodb://u:hunter2@h/d"})
        assert refused.status_code == 422
        text = refused.json()["text"]
        assert text.startswith(
            "Only PostgreSQL, MySQL, MariaDB and SQLite can be data sources. Write it as postgresql://"
        )
        assert "sqlite:///file.db" in text
        assert "hunter2" not in text
