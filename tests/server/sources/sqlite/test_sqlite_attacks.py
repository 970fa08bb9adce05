"""Ways out of a query of a SQLite file: the guard refuses each, and where it could not, the connection would hold.

The second half runs the statement as it is written, on a connection as the runner makes it. Afterwards the file and its
folder are byte for byte what they were, nothing of a file beside it was read, and nobody holds a lock.
"""

import asyncio
import contextlib
import hashlib
import re
import resource
import sqlite3
import time
from typing import Any

import psutil
import pytest
from opsloom_server.errors import NotPermitted, OpsloomError, QueryFailed
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.guard import Judged
from server.sources.shared import shared
from server.sources.sqlite.attacks import ALL, BOMBS

SHORT = Bounds(seconds=0.3)
ATTACKS = list(dict.fromkeys([*shared("main."), *ALL]))
# What reads this file alone; the guard keeps it away, and the authorizer lets it through.
TABLES = ("main.orders", "main.customers")


def name(query: Any) -> str:
    return " ".join(str(query).split())[:70]


def test_there_are_many() -> None:
    assert len(ATTACKS) >= 150


@pytest.mark.parametrize("query", ATTACKS, ids=name)
def test_the_guard_refuses(sqlite_shop: Any, query: str) -> None:
    with pytest.raises(NotPermitted) as refused:
        sqlite_shop.engine.judge(query, sqlite_shop.described.known())
    assert refused.value.reason == "not_permitted"
    assert 20 < len(refused.value.text) < 600
    assert "bananas" not in refused.value.text or "bananas" in query


def behind_the_scenes(shop: Any) -> dict[str, str]:
    """All that an attack could have changed."""
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in shop.folder.iterdir()}


@pytest.mark.parametrize("at", range(0, len(ATTACKS), 16), ids=lambda at: name(ATTACKS[at]))
async def test_without_the_guard_the_connection_holds(sqlite_shop: Any, at: int) -> None:
    """Sixteen at a time, each on a connection of its own; what they left is looked for after them."""
    before = behind_the_scenes(sqlite_shop)

    async def attack(query: str) -> None:
        started = time.monotonic()
        rows: Any = ()
        judged = Judged(query.replace("{folder}", str(sqlite_shop.folder)), TABLES)
        with contextlib.suppress(OpsloomError):
            rows = (await sqlite_shop.engine.run(sqlite_shop.address, judged, SHORT)).rows
        assert time.monotonic() - started < 20, query
        assert not any(word in str(row) for row in rows for word in ("bananas", "hunter2", "CREATE")), query

    await asyncio.gather(*map(attack, ATTACKS[at : at + 16]))
    assert behind_the_scenes(sqlite_shop) == before
    connection = sqlite3.connect(sqlite_shop.path, timeout=0, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")  # nobody holds a lock
    connection.execute("ROLLBACK")
    connection.close()
    assert behind_the_scenes(sqlite_shop) == before


@pytest.mark.parametrize("query", BOMBS, ids=name)
async def test_bombs_end_in_time_and_in_memory(sqlite_shop: Any, query: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.create_task(beat())
    started = time.monotonic()
    try:
        found = await sqlite_shop.ask(query, seconds=0.3)
    except QueryFailed as error:
        assert re.search(r"did not finish within 0\.3 seconds|more memory than it may take", error.text)  # noqa: PT017
    else:
        assert len(str(found)) < 10_000, "a text that would be too long is none"
    took = time.monotonic() - started
    beating.cancel()
    assert took < 5
    assert beats > 3 * took, "the event loop went on meanwhile"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


async def test_a_stopped_query_ends_its_process_too(sqlite_shop: Any) -> None:
    asking = asyncio.create_task(sqlite_shop.ask(BOMBS[0], seconds=60))
    while not (running := psutil.Process().children()):
        await asyncio.sleep(0.01)
    started = time.monotonic()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert time.monotonic() - started < 2
    assert not any("child.py" in str(one.cmdline()) for one in running if one.is_running())


async def test_the_authorizer_alone_keeps_other_tables_away(sqlite_shop: Any) -> None:
    """Had the guard missed it: only the tables that a query was judged for can be read, whatever its text says."""
    for query in (
        "SELECT * FROM hashes",
        "SELECT count(*) FROM hashes",
        "WITH orders AS (SELECT * FROM main.hashes) SELECT * FROM orders",
        "SELECT (SELECT password FROM hashes) FROM orders",
        "SELECT * FROM telling",
    ):
        with pytest.raises(NotPermitted, match="Only reading the tables of this data source"):
            await sqlite_shop.engine.run(sqlite_shop.address, Judged(query, TABLES), SHORT)
    assert "careless" not in {one.name for one in sqlite_shop.described.tables}, "SQLite would call it unsafe"
    with pytest.raises(NotPermitted, match="sqlite_master"):
        await sqlite_shop.ask("SELECT * FROM telling")
    assert (await sqlite_shop.ask("SELECT count(*) FROM hashes")).rows == ((1,),)
