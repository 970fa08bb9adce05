"""The runner: values of every type, bounds that hold, and connections that are gone afterwards."""

import asyncio
import time
from typing import Any

import asyncpg
import pytest
from opsloom_server.errors import Invalid, NotPermitted, QueryFailed, Unavailable
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.engines import engines, opened
from opsloom_server.sources.postgresql import PostgreSQL
from opsloom_server.sources.postgresql.connecting import connect, read_address
from opsloom_server.sources.postgresql.running import run
from opsloom_server.sources.rows import Rows
from sqlalchemy.engine import make_url

POSTGRESQL = PostgreSQL()


async def ask(shop: Any, query: str, **bounds: float) -> Rows:
    return await run(shop.address, POSTGRESQL.judge(query, shop.described.known()).text, Bounds(**bounds))


async def connections(shop: Any) -> int:
    until = time.monotonic() + 5
    while True:
        found = await shop.look(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{shop.reader}'")
        if not found[0][0] or time.monotonic() > until:
            return int(found[0][0])
        await asyncio.sleep(0.02)


async def test_values_of_every_type_become_plain_json(shop: Any) -> None:
    found = await ask(shop, "SELECT * FROM kinds ORDER BY flag")
    assert [(one.name, one.type) for one in found.columns] == [
        ("flag", "bool"),
        ("whole", "int8"),
        ("part", "numeric"),
        ("real8", "float8"),
        ("day", "date"),
        ("at", "timestamptz"),
        ("span", "interval"),
        ("id", "uuid"),
        ("raw", "bytea"),
        ("list", "int4[]"),
        ("doc", "jsonb"),
        ("age", "int4range"),
        ("net", "inet"),
    ]
    first, second = found.rows
    assert first[:4] == (True, "9007199254740993", 12.5, "NaN")
    assert first[4:8] == (
        "2026-02-28",
        "2026-02-28T10:00:00+00:00",
        "1 mon 2 days 03:00:00",
        "00000000-0000-4000-8000-000000000001",
    )
    assert first[8:] == ("\\xdead", [1, None, 3], {"a": [1, {"b": None}]}, "[1,5)", "10.0.0.1")
    assert second[:6] == (None, -1, "1" + "0" * 400, "Infinity", "infinity", "-infinity")
    assert second[6:] == (None, None, None, None, None, "empty", None)


async def test_numbers_too_long_for_anybody_travel_as_text(shop: Any) -> None:
    found = await ask(
        shop, "SELECT 10::numeric ^ 5000, -(10::numeric ^ 20), 0.1 + 0.2, 9007199254740992, 1e-7::numeric"
    )
    row = found.rows[0]
    assert (len(str(row[0])), row[1], row[2:]) == (
        5001,
        "-100000000000000000000",
        (0.3, 9007199254740992, 1e-7),
    )


async def test_columns_of_one_name_stay_apart(shop: Any) -> None:
    found = await ask(shop, "SELECT 1 AS a, 2 AS a, 'x', o FROM (SELECT 3 AS b) o")
    assert [one.name for one in found.columns] == ["a", "a", "?column?", "o"]
    assert found.rows == ((1, 2, "x", {"b": 3}),)


async def test_no_rows_are_no_error(shop: Any) -> None:
    found = await ask(shop, "SELECT id FROM orders WHERE id < 0")
    assert (found.rows, found.truncated, found.columns[0].type) == ((), False, "int4")


@pytest.mark.parametrize(
    ("rows", "kept", "cut"), [(499, 499, False), (500, 500, False), (501, 500, True), (9_999, 500, True)]
)
async def test_more_than_500_rows_are_cut(shop: Any, rows: int, kept: int, cut: bool) -> None:
    found = await ask(shop, f"SELECT n FROM generate_series(1, {rows}) n ORDER BY n")
    assert (len(found.rows), found.truncated) == (kept, cut)
    assert found.rows[-1] == (kept,)


async def test_more_than_a_mebibyte_is_cut(shop: Any) -> None:
    found = await ask(
        shop, "SELECT n, repeat('x', 1000) || repeat('y', 1000) || repeat('z', 900) FROM generate_series(1, 450) n"
    )
    assert 350 < len(found.rows) < 365
    assert found.truncated
    with pytest.raises(QueryFailed, match="first row alone"):
        await ask(shop, "SELECT string_agg(repeat('x', 1000), '') FROM generate_series(1, 2000)")


async def test_what_costs_too_much_is_not_begun(shop: Any) -> None:
    query = "SELECT count(*) FROM orders a, orders b, orders c, orders d"
    started = time.monotonic()
    with pytest.raises(QueryFailed, match=r"would cost too much: the database expects [\d,]+ units, and 1,000,000"):
        await ask(shop, query)
    with pytest.raises(QueryFailed, match=r"did not finish within 0\.3 seconds"):
        await ask(shop, query, seconds=0.3, cost=0)
    assert time.monotonic() - started < 3
    assert await connections(shop) == 0


async def test_the_databases_own_errors_are_told(shop: Any) -> None:
    with pytest.raises(QueryFailed, match="answered: division by zero"):
        await ask(shop, "SELECT 1 / (id - id) FROM orders")
    with pytest.raises(QueryFailed, match='column "nothing" does not exist') as failed:
        await ask(shop, "SELECT nothing FROM orders")
    assert failed.value.reason == "query_failed"
    # Written out by hand: what a description that has grown old would let through.
    with pytest.raises(NotPermitted, match="may not read that: permission denied"):
        await run(shop.address, "SELECT * FROM rival.secrets")
    with pytest.raises(NotPermitted, match="Only reading is permitted"):
        await run(shop.address, "SELECT nextval('shop.counter')")
    with pytest.raises(QueryFailed, match="multiple commands"):
        await run(shop.address, "SELECT 1; SELECT 2")


async def test_a_stopped_query_ends_in_the_database_too(shop: Any) -> None:
    asking = asyncio.create_task(ask(shop, "SELECT count(*) FROM orders a, orders b, orders c, orders d", cost=0))
    running = f"SELECT 1 FROM pg_stat_activity WHERE usename = '{shop.reader}' AND query LIKE '%whole row%'"
    while not await shop.look(running):
        await asyncio.sleep(0.01)
    started = time.monotonic()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await connections(shop) == 0
    assert time.monotonic() - started < 2


async def test_a_locked_table_is_not_waited_for(shop: Any) -> None:
    connection = await asyncpg.connect(shop.owner)
    try:
        await connection.execute("BEGIN; LOCK TABLE shop.monthly, shop.orders IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(QueryFailed, match="locked by somebody else"):
            await ask(shop, "SELECT count(*) FROM orders")
    finally:
        await connection.close()


async def test_row_security_goes_by_the_login(shop: Any) -> None:
    assert (await ask(shop, "SELECT body FROM notes")).rows == (("ours",),)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("oracle://u:hunter2@h/d", "Only PostgreSQL"),
        ("postgresql://h/d", "must name a host, a database and a user"),
        ("postgresql://u:hunter2@/d", "must name a host"),
        ("postgresql://u:hunter2@h1,h2/d", "one host"),
        ("postgresql://u:hunter2@h/d?passfile=/etc/passwd", "option passfile"),
        ("postgresql://u:hunter2@h/d?sslcert=/etc/passwd", "option sslcert"),
        ("postgresql://u:hunter2@h/d?options=-c%20x", "option options"),
        ("postgresql://u:hunter2@h/d?service=x", "option service"),
        ("postgresql://u:hunter2@h/d?sslmode=maybe", "sslmode is one of"),
        ("postgresql://u:hunter2@h:99999999/d", "one host and its port"),
        ("not an address hunter2", "not a database's address"),
    ],
)
def test_addresses_that_are_none(url: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        opened(url, engines())
    assert "hunter2" not in refused.value.text


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]"])
async def test_the_clouds_own_addresses_are_not_asked(host: str) -> None:
    from opsloom_server.errors import Invalid

    with pytest.raises(Invalid, match="belongs to no database"):
        await connect(read_address(make_url(f"postgresql://u:p@{host}:5432/d")))


async def test_nothing_of_the_servers_environment_goes_along(shop: Any, monkeypatch: Any) -> None:
    """A password that is not in the address is not looked for: not in PGPASSWORD, not in a file of passwords."""
    asked: list[dict[str, Any]] = []

    async def connect(**given: Any) -> None:
        asked.append(given)
        raise OSError

    monkeypatch.setattr("opsloom_server.sources.postgresql.connecting.asyncpg.connect", connect)
    with pytest.raises(Unavailable):
        await run(read_address(make_url("postgresql://u@127.0.0.1/d?sslmode=disable")), "SELECT 1")
    assert asked[0]["password"] == ""
    assert asked[0]["target_session_attrs"] == "any"
