"""Ways out of a query: the guard refuses each, and where it could not, the database would hold.

The second half runs the statement as it is written, as the data source's login, on a connection as the runner makes it.
Afterwards nothing was written, nothing of another tenant's was read, nobody holds a lock, and no setting is another.
"""

import asyncio
import time
from typing import Any

import pytest
from opsloom_server.errors import NotPermitted, OpsloomError
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.postgresql import PostgreSQL
from opsloom_server.sources.postgresql.running import reading, run
from server.sources.attacks import ALL, HARMLESS, UNGUARDED

POSTGRESQL = PostgreSQL()
SHORT = Bounds(seconds=0.4, cost=0)


def name(query: Any) -> str:
    return " ".join(str(query).split())[:70]


def test_there_are_many() -> None:
    assert len({query for _, query in ALL}) == len(ALL) >= 100
    assert len(UNGUARDED) >= 60


@pytest.mark.parametrize(("kind", "query"), ALL, ids=name)
def test_the_guard_refuses(shop: Any, kind: str, query: str) -> None:
    with pytest.raises(NotPermitted) as refused:
        POSTGRESQL.judge(query, shop.described.known())
    assert refused.value.reason == "not_permitted"
    assert 20 < len(refused.value.text) < 600
    assert "bananas" not in refused.value.text or "bananas" in query


async def behind_the_scenes(shop: Any) -> tuple[Any, ...]:
    """All that an attack could have changed."""
    one = await shop.look(
        "SELECT (SELECT array_agg(n) FROM shop.victims) AS victims, (SELECT count(*) FROM shop.orders) AS orders, "
        "(SELECT last_value FROM shop.counter) AS counter, (SELECT is_called FROM shop.counter) AS called, "
        "(SELECT count(*) FROM pg_class WHERE relnamespace = 'shop'::regnamespace) AS relations, "
        "(SELECT count(*) FROM pg_largeobject_metadata) AS large, "
        "(SELECT array_agg(rolconfig::text ORDER BY 1) FROM pg_roles) AS roles"
    )
    return tuple(one[0])


async def left_behind(shop: Any) -> list[Any]:
    """Locks and sessions of the reader that are still there, a moment after."""
    query = (
        "SELECT a.state, l.locktype, l.mode FROM pg_stat_activity a LEFT JOIN pg_locks l ON l.pid = a.pid "
        f"WHERE a.usename = '{shop.reader}'"
    )
    until = time.monotonic() + 5
    found: list[Any]
    while (found := await shop.look(query)) and time.monotonic() < until:
        await asyncio.sleep(0.02)
    return found


@pytest.mark.parametrize("query", UNGUARDED, ids=name)
async def test_without_the_guard_the_database_holds(shop: Any, query: str) -> None:
    before = await behind_the_scenes(shop)
    started = time.monotonic()
    rows: list[Any] = []
    try:
        async with reading(shop.address, SHORT) as connection:
            rows = await connection.fetch(query)
            assert await connection.fetchval("SELECT current_setting('transaction_read_only')") == "on"
    except OpsloomError:
        pass
    # A statement may sleep or wait for as long as one may run, and no longer.
    assert time.monotonic() - started < 4
    assert not any("bananas" in str(value) for row in rows for value in row.values() if "'bananas'" not in query)
    assert await behind_the_scenes(shop) == before
    assert await left_behind(shop) == []
    async with reading(shop.address, SHORT) as connection:
        fresh = await connection.fetchrow(
            "SELECT current_setting('statement_timeout') AS timeout, current_setting('app.tenant', true) AS tenant, "
            "current_setting('search_path') AS path, current_user = session_user AS same"
        )
        assert fresh is not None
        assert (fresh["timeout"], fresh["tenant"] or "", fresh["path"], fresh["same"]) == (
            "400ms",
            "",
            "pg_catalog",
            True,
        )
        notes = await connection.fetch("SELECT body FROM shop.notes")
        assert [row["body"] for row in notes] == ["ours"]


async def test_the_tricks_are_real(shop: Any) -> None:
    """What a dotted name and an operator do where nobody looks: the reasons for which the guard looks at columns."""
    async with reading(shop.address, SHORT) as connection:
        await connection.execute("SET LOCAL search_path = shop")  # as a login has it by default
        leaked = await connection.fetchval("SELECT o.leak FROM shop.orders o LIMIT 1")
        assert leaked == "bananas"
        assert await connection.fetchval("SELECT 'a'::text OPERATOR(shop.===) 'bananas'") is True
        await connection.fetch("SELECT g.pg_advisory_lock FROM generate_series(1::bigint, 3) g")
        assert await shop.look("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 2")
    assert await left_behind(shop) == []


@pytest.mark.parametrize(("query", "runs"), HARMLESS, ids=name)
async def test_what_only_looks_like_one_runs_as_what_it_is(shop: Any, query: str, runs: str) -> None:
    before = await behind_the_scenes(shop)
    judged = POSTGRESQL.judge(query, shop.described.known())
    assert judged.text == runs
    found = await run(shop.address, judged.text)
    assert "bananas" not in str(found)
    assert await behind_the_scenes(shop) == before


async def test_a_function_of_the_same_name_is_not_called(shop: Any) -> None:
    """`shop.lower(text)` would give the rival's secret; names are looked up in PostgreSQL's own catalogue alone."""
    judged = POSTGRESQL.judge("SELECT lower(name) FROM customers ORDER BY id LIMIT 1", shop.described.known())
    assert (await run(shop.address, judged.text)).rows == (("customer 1",),)
