"""Ways out of a query in MariaDB: the guard refuses each, and where it could not, login and transaction would hold.

The second half runs the statement as it is written, as the data source's login, on a connection as the runner makes it.
Afterwards nothing was written, nothing of another tenant's was read, nobody holds a lock, and no setting is another.
"""

import contextlib
import time
from pathlib import Path
from typing import Any

import pytest
from opsloom_server.errors import NotPermitted, OpsloomError
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.mysql import MySQL
from opsloom_server.sources.mysql.running import Cursor, reading
from server.sources.mysql.attacks import ALL
from server.sources.shared import shared

SHORT = Bounds(seconds=0.3, cost=0)
ATTACKS = list(dict.fromkeys([*shared("shop."), *ALL]))
# Alone, these read what the login may read anyway or tell of the server; the guard keeps them away, nothing else does.
TELLING = ("@@", "version()", "information_schema", "SHOW ", "_utf8", "CONNECTION_ID", "N'abc'")


def name(query: Any) -> str:
    return " ".join(str(query).split())[:70]


def test_there_are_many() -> None:
    assert len(ATTACKS) >= 200


@pytest.mark.parametrize("query", ATTACKS, ids=name)
def test_the_guard_refuses(maria: Any, query: str) -> None:
    for kind in ("mysql", "mariadb"):
        with pytest.raises(NotPermitted) as refused:
            MySQL(kind).judge(query, maria.described.known())
        assert refused.value.reason == "not_permitted"
        assert 20 < len(refused.value.text) < 600
        assert "bananas" not in refused.value.text or "bananas" in query


def behind_the_scenes(maria: Any) -> tuple[Any, ...]:
    """All that an attack could have changed."""
    found = maria.look(
        "SELECT (SELECT group_concat(n) FROM shop.victims), (SELECT group_concat(n) FROM shop.victims_myisam), "
        "(SELECT count(*) FROM shop.orders), (SELECT sum(total) FROM shop.orders), (SELECT group_concat(body) FROM "
        "rival.secrets), (SELECT next_not_cached_value FROM shop.counter), (SELECT count(*) FROM mysql.proc), "
        "(SELECT count(*) FROM mysql.event), (SELECT count(*) FROM mysql.func), (SELECT count(*) FROM mysql.plugin), "
        "(SELECT group_concat(concat(user, priv) ORDER BY user) FROM mysql.global_priv), @@global.sql_mode, "
        "@@global.general_log, @@global.max_statement_time, @@global.read_only"
    )
    folder = Path(maria.server.folder)
    files = sorted(str(one) for one in (*folder.iterdir(), *(folder / "data").glob("*/*.frm")))
    return (*found[0], *files)


@pytest.fixture(scope="module")
def before(maria: Any) -> tuple[Any, ...]:
    return behind_the_scenes(maria)


def left_behind(maria: Any) -> list[Any]:
    """Sessions of the reader that are still there, a moment after; and a lock that somebody still holds."""
    query = "SELECT command, state, info FROM information_schema.processlist WHERE user = 'reader'"
    until = time.monotonic() + 5
    while (found := maria.look(query)) and time.monotonic() < until:
        time.sleep(0.01)
    # Both would wait for a lock, and fail.
    free = maria.look(
        "SET lock_wait_timeout = 0, innodb_lock_wait_timeout = 0",
        "BEGIN",
        "UPDATE shop.orders SET total = total WHERE id < 3",
        "LOCK TABLES shop.orders WRITE, shop.victims WRITE",
        "UNLOCK TABLES",
        "SELECT 1 FROM DUAL WHERE IS_USED_LOCK('a') IS NOT NULL",
    )
    return [*found, *free]


RUN = [one for one in ATTACKS if not any(word in one for word in TELLING)]


@pytest.mark.parametrize("at", range(0, len(RUN), 16), ids=lambda at: name(RUN[at]))
async def test_without_the_guard_the_server_holds(maria: Any, before: Any, at: int) -> None:
    """Sixteen at a time, each on a connection of its own; what they left is looked for after them."""
    for query in RUN[at : at + 16]:
        started = time.monotonic()
        rows: list[Any] = []
        with contextlib.suppress(OpsloomError):
            async with reading(maria.address(), SHORT) as session:
                cursor = await session.driver.cursor(Cursor)
                await cursor.execute(query.replace("{folder}", str(maria.server.folder)))
                rows = list(await cursor.fetchall())
        # A statement may sleep or wait for as long as one may run, and no longer.
        assert time.monotonic() - started < 6, query
        assert "62616e616e6173" in query or not any("bananas" in str(row) for row in rows), query
        assert not any("root:" in str(row) for row in rows), query
    assert behind_the_scenes(maria) == before
    assert left_behind(maria) == []


async def test_no_setting_outlives_its_connection(maria: Any) -> None:
    for query in [one for one in ATTACKS if one.startswith(("SET ", "SELECT @a", "USE "))]:
        with contextlib.suppress(OpsloomError):
            async with reading(maria.address(), SHORT) as session:
                cursor = await session.driver.cursor(Cursor)
                await cursor.execute(query)
                await cursor.fetchall()
    async with reading(maria.address(), SHORT) as session:
        fresh = await session.connection.exec_driver_sql(
            "SELECT @@sql_mode, @@max_statement_time, @@tx_read_only, @@character_set_client, @a, DATABASE()"
        )
        assert tuple(map(str, fresh.one())) == (
            *("NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES", "0.3", "1", "utf8mb4", "None", "None"),
        )


async def test_several_statements_at_once_are_not_negotiated(maria: Any) -> None:
    """Not refused by a rule of ours but unknown to the connection: the server reads the semicolon as an error."""
    with pytest.raises(OpsloomError, match=r"error in your SQL syntax.*near 'SELECT 2'"):
        async with reading(maria.address(), SHORT) as session:
            await (await session.driver.cursor()).execute("SELECT 1; SELECT 2")


async def test_the_tricks_are_real(maria: Any) -> None:
    """What a read-only transaction lets through where nobody looks: the reasons for which the guard does."""
    async with reading(maria.address(), SHORT) as session:
        cursor = await session.driver.cursor(Cursor)
        await cursor.execute("SELECT GET_LOCK('a', 0)")
        assert await cursor.fetchall() == [(1,)]
        assert maria.look("SELECT IS_USED_LOCK('a') IS NOT NULL") == ((1,),)
        await cursor.execute("SELECT 1 /*! + 1 */ /*M! + 1 */")
        assert await cursor.fetchall() == [(3,)]
        await cursor.execute("SELECT * FROM shop.orders WHERE id = 1 LOCK IN SHARE MODE")
        assert len(await cursor.fetchall()) == 1
    assert left_behind(maria) == []


HARMLESS = [
    (r"SELECT 'a\'; DELETE FROM shop.victims; --' AS x", "SELECT 'a''; DELETE FROM shop.victims; --' AS `x`"),
    (r'SELECT "a\"; DELETE FROM victims; #" AS x', """SELECT 'a"; DELETE FROM victims; #' AS `x`"""),
    ("SELECT 1 AS x -- \n, 2 AS y /* ' */", "SELECT 1 AS `x`, 2 AS `y`"),
    ("SELECT 5--1 AS x", "SELECT 5 - -1 AS `x`"),
    (r"SELECT 'C:\\' AS x", r"SELECT 'C:\' AS `x`"),
    ("SELECT '/*! nothing */' AS x", "SELECT '/*! nothing */' AS `x`"),
]
"""The query, and what runs."""


@pytest.mark.parametrize(("query", "runs"), HARMLESS, ids=name)
async def test_what_only_looks_like_one_runs_as_what_it_is(maria: Any, before: Any, query: str, runs: str) -> None:
    assert MySQL("mariadb").judge(query, maria.described.known()).text == runs
    assert len((await maria.ask(query)).rows) == 1
    assert behind_the_scenes(maria) == before
