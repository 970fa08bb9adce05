"""Running a judged query on MySQL or MariaDB: a connection of its own, a transaction that may only read, bounds on all
that it may take."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pymysql.err  # type: ignore[import-untyped]
from aiomysql.cursors import SSCursor  # type: ignore[import-untyped]
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from opsloom_server.errors import NotPermitted, OpsloomError, QueryFailed, Unavailable
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.mysql.connecting import Session, TooMuch, connected, stop
from opsloom_server.sources.mysql.values import type_name
from opsloom_server.sources.rows import RESULT_BYTES, ROWS, Column, Filling, Rows, hexadecimal, too_large
from opsloom_server.sources.server_address import CONNECT_SECONDS, ServerAddress

__all__ = ["reading", "run"]

# A word of the database's, not a page.
_WORDS: Final = 500
_MEGABYTES_256: Final = 268_435_456
# PostgreSQL's planner takes 0.01 units for a row.
_ROWS_A_UNIT: Final = 100

# The server's own error numbers.
_STOPPED: Final = {1317, 1969, 3024}
_LOCKED: Final = {1205, 1213, 3572}
_FORBIDDEN: Final = {1044, 1142, 1143, 1227, 1345, 1356, 1370, 1419, 4166}
_COSTLY: Final = {1104}
_NO_ROOM: Final = {3, 5, 1021, 1037, 1038, 1041, 1114, 1135, 1290, 3170}
_READ_ONLY: Final = {1792, 1836}
_LOST: Final = {1053, 1927, 2006, 2013}


def _settings(bounds: Bounds, mariadb: bool) -> list[str]:
    """The session and its transaction. The mode of SQL is a known one: a text ends with its quote and nowhere else."""
    settings: dict[str, str | int | float] = {
        "sql_safe_updates": 1,
        "lock_wait_timeout": 1,
        "innodb_lock_wait_timeout": 1,
        "sql_select_limit": ROWS + 1,
        "group_concat_max_len": RESULT_BYTES,
        "sql_mode": "'NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES'",
    }
    if bounds.cost:
        settings |= {"sql_big_selects": 0, "max_join_size": round(bounds.cost * _ROWS_A_UNIT)}
    if mariadb:
        settings |= {
            "max_statement_time": bounds.seconds,
            "max_recursive_iterations": 10_000,
            "tmp_disk_table_size": _MEGABYTES_256,
            "max_session_mem_used": _MEGABYTES_256,
        }
    else:
        settings |= {
            "max_execution_time": round(bounds.seconds * 1000),
            "cte_max_recursion_depth": 10_000,
            "sql_mode": "'NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY'",
        }
    return [
        "SET SESSION " + ", ".join(f"{name} = {value}" for name, value in settings.items()),
        "SET SESSION TRANSACTION READ ONLY",
        "START TRANSACTION READ ONLY",
    ]


class Cursor(SSCursor):  # type: ignore[misc]
    """A cursor that reads rows as they come, and leaves out the server's warnings, which nobody here would see."""

    async def _show_warnings(self, conn: Any) -> None:
        pass


@asynccontextmanager
async def reading(address: ServerAddress, bounds: Bounds) -> AsyncIterator[Session]:
    """A connection in a transaction that may only read. Closed at the end, whatever the end is.

    Raises errors of our own, whatever the driver raises.
    """
    try:
        async with asyncio.timeout(3 * CONNECT_SECONDS) as limit, connected(address) as session:
            # The server keeps the time; this is for one that does not, or whose statement takes itself more.
            limit.reschedule(asyncio.get_running_loop().time() + 2 * bounds.seconds + 2 if bounds.seconds else None)
            try:
                for statement in _settings(bounds, session.mariadb):
                    await session.connection.exec_driver_sql(statement)
                yield session
                if not session.driver.closed:
                    await session.connection.exec_driver_sql("ROLLBACK")
            except asyncio.CancelledError:
                await stop(address, session)
                raise
    except (SQLAlchemyError, pymysql.err.Error, OSError, TimeoutError, RuntimeError, UnicodeError) as error:
        raise _explained(error, bounds) from None


async def run(address: ServerAddress, query: str, bounds: Bounds) -> Rows:
    """Run a query that was judged. Raises QueryFailed, NotPermitted or Unavailable in words."""
    started = time.monotonic()
    filling = Filling()
    columns: tuple[Any, ...] = ()
    async with reading(address, bounds) as session:
        if bounds.cost and not session.mariadb:
            await _afford(session, query, bounds.cost)
        # A value is at most twice as long on the wire as in JSON.
        session.driver.bytes_left = 2 * RESULT_BYTES + 65_536
        try:
            cursor = await session.driver.cursor(Cursor)
            await cursor.execute(query)
            columns = cursor.description
            while (row := await cursor.fetchone()) is not None and filling.add(row):
                pass
        except TooMuch:
            if not filling.rows:
                raise too_large() from None
            filling.truncated = True
        if filling.truncated:
            # The rest is still on its way; it is not waited for.
            session.driver.close()
    named = [
        Column(one[0], type_name(one[1], [row[at] for row in filling.rows])) for at, one in enumerate(columns or ())
    ]
    return Rows(
        columns=tuple(named),
        rows=tuple(tuple(hexadecimal(one) if isinstance(one, bytes) else one for one in row) for row in filling.rows),
        truncated=filling.truncated,
        ms=round((time.monotonic() - started) * 1000, 1),
    )


async def _afford(session: Session, query: str, most: float) -> None:
    """Raise QueryFailed where MySQL's planner expects more than it may cost. MariaDB has no such figure that could be
    compared; its `max_join_size` bounds the rows that it expects to look at."""
    cursor = await session.driver.cursor()
    await cursor.execute(f"EXPLAIN FORMAT=JSON {query}")
    (plan,) = await cursor.fetchone()
    block = (json.loads(plan) if isinstance(plan, str) else plan).get("query_block", {})
    cost = float(block.get("cost_info", {}).get("query_cost", 0))
    if cost > most:
        raise QueryFailed(
            f"This would cost too much: the database expects {cost:,.0f} units, and {most:,.0f} are allowed. Narrow it "
            "down: a condition on an indexed column, a shorter time, fewer joins."
        )


def _explained(error: BaseException, bounds: Bounds) -> OpsloomError:
    """A driver's error in words for whoever wrote the query, or for its model."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if isinstance(error, TimeoutError):
        return _too_slow(bounds)
    number = error.args[0] if isinstance(error, pymysql.err.Error) and error.args else None
    if number in _STOPPED:
        return _too_slow(bounds)
    if number in _LOCKED:
        return QueryFailed("The table is locked by somebody else just now. Try again shortly.")
    if number in _COSTLY:
        return QueryFailed(
            f"This would cost too much: the database expects to look at more than {bounds.cost * _ROWS_A_UNIT:,.0f} "
            "rows. Narrow it down: a condition on an indexed column, a shorter time, fewer joins."
        )
    if number in _NO_ROOM:
        return QueryFailed("The query needs more of the database's memory or disk than it may take. Ask for less.")
    if number in _FORBIDDEN:
        return NotPermitted(f"The login of this data source may not read that: {_said(error)}.")
    if number in _READ_ONLY:
        return NotPermitted(f"Only reading is permitted: {_said(error)}.")
    if number is None or number in _LOST or isinstance(error, pymysql.err.InterfaceError):
        return Unavailable("The connection to the database of this data source was lost. Try again shortly.")
    return QueryFailed(f"The database answered: {_said(error)}.")


def _too_slow(bounds: Bounds) -> QueryFailed:
    return QueryFailed(
        f"The database did not finish within {bounds.seconds:g} seconds and was stopped. Ask for less: a shorter time, "
        "fewer joins, a condition on an indexed column."
    )


def _said(error: BaseException) -> str:
    return str(error.args[-1] if error.args else error).strip().rstrip(".")[:_WORDS]
