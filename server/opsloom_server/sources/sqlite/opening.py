"""A guarded connection to a SQLite file, in a thread of its own.

SQLite runs in this process, so the bounds are SQLite's own: a file that is opened to be read, an authorizer that denies
all but reading what a query was judged for, limits of size, one of memory for all of them, and a handler that ends what
takes too long.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import aiosqlite

from opsloom_server.errors import NotPermitted, OpsloomError, QueryFailed
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.sqlite.files import FileAddress, OpenedFile, found

__all__ = ["Authorizer", "describing", "reading", "reads"]

Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]

HEAP_BYTES: Final = 134_217_728
"""Memory of all SQLite together; temporary tables lie in it too, never on the disk."""
# A row that is longer cannot be read at all; a text that a function makes ends there.
_LONGEST_VALUE: Final = 8 * 1024 * 1024
_LIMITS: Final = {
    sqlite3.SQLITE_LIMIT_LENGTH: _LONGEST_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 200_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 1_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 500,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 250_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 100,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_SETTINGS: Final = (
    "query_only = ON",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "mmap_size = 0",
    "temp_store = MEMORY",
    f"hard_heap_limit = {HEAP_BYTES}",
)
# Instructions of SQLite between two looks at the clock: some 0.1 ms.
_STEPS: Final = 10_000
_WAIT_FOR_LOCK: Final = 1.0
# Rows that travel from the thread at once; each may be as long as a value.
_AT_ONCE: Final = 8
_TABLE_PRAGMAS: Final = {"table_xinfo", "foreign_key_list"}

# It logs each statement where somebody turns everything on.
logging.getLogger("aiosqlite").setLevel(logging.WARNING)


@asynccontextmanager
async def reading(
    address: FileAddress,
    folders: Sequence[Path],
    bounds: Bounds,
    authorizer: Callable[[sqlite3.Connection], Authorizer],
) -> AsyncIterator[aiosqlite.Connection]:
    """A connection that may only do what the authorizer lets it. Closed at the end, whatever the end is.

    Raises errors of our own, whatever SQLite raises.
    """
    opened: list[OpenedFile] = []
    open_file = partial(_open, address, folders, bounds, authorizer, opened)
    connection = aiosqlite.Connection(open_file, iter_chunk_size=_AT_ONCE)
    try:
        await connection
        yield connection
        if await asyncio.to_thread(opened[0].changed):
            raise QueryFailed("The file was written to meanwhile. Ask again.")
    except (sqlite3.Error, MemoryError, OverflowError) as error:
        raise _explained(error, bounds) from None
    finally:
        with suppress(ValueError, sqlite3.Error):
            await connection.interrupt()
        with suppress(ValueError, sqlite3.Error):
            await asyncio.shield(connection.close())


def _open(
    address: FileAddress,
    folders: Sequence[Path],
    bounds: Bounds,
    authorizer: Callable[[sqlite3.Connection], Authorizer],
    opened: list[OpenedFile],
) -> sqlite3.Connection:
    file = found(address, folders)
    opened.append(file)
    connection = sqlite3.connect(file.uri, uri=True, isolation_level=None, timeout=_WAIT_FOR_LOCK, cached_statements=0)
    try:
        for limit, most in _LIMITS.items():
            connection.setlimit(limit, most)
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        if bounds.seconds:
            until = time.monotonic() + bounds.seconds
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        # Text of any bytes: what is no UTF-8 is shown as that, and does not end the query.
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        connection.set_authorizer(authorizer(connection))
    except BaseException:
        connection.close()
        raise
    return connection


def reads(
    tables: Sequence[str], functions: frozenset[str], made: frozenset[str]
) -> Callable[[sqlite3.Connection], Authorizer]:
    """An authorizer for a query of these tables and views: it may read them, what a view of them reads, and call what
    is listed. `made`: functions that stand in FROM."""

    def make(connection: sqlite3.Connection) -> Authorizer:
        for name in made:  # set up by its first use, which itself asks for more than reading
            connection.execute(f"EXPLAIN SELECT * FROM {quoted(name)}('')").close()  # noqa: S608
        others = {name.lower() for (name,) in connection.execute("SELECT name FROM sqlite_master")} | {"sqlite_master"}
        seen = set(made)

        def record(action: int, first: str | None, second: str | None, database: str | None, by: str | None) -> int:
            if action == sqlite3.SQLITE_READ and first and not first.lower().startswith("sqlite_"):
                seen.add(first.lower())
            return sqlite3.SQLITE_OK

        connection.set_authorizer(record)
        for table in tables:
            connection.execute(f"EXPLAIN SELECT * FROM main.{quoted(table)}").close()  # noqa: S608

        def judge(action: int, first: str | None, second: str | None, database: str | None, by: str | None) -> int:
            name = (first or "").lower()
            match action:
                case sqlite3.SQLITE_SELECT | sqlite3.SQLITE_RECURSIVE:
                    return sqlite3.SQLITE_OK
                case sqlite3.SQLITE_READ if name in seen and database in ("main", None):
                    return sqlite3.SQLITE_OK
                case sqlite3.SQLITE_READ if not second and name not in others and database is None:
                    return sqlite3.SQLITE_OK  # a query of WITH, of which no column is asked for
                case sqlite3.SQLITE_FUNCTION if second and second.lower() in functions:
                    return sqlite3.SQLITE_OK
            return sqlite3.SQLITE_DENY

        return judge

    return make


def describing(connection: sqlite3.Connection) -> Authorizer:
    """An authorizer for looking a file over: it may read, and ask which columns and keys a table has."""

    def judge(action: int, first: str | None, second: str | None, database: str | None, by: str | None) -> int:
        allowed = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)
        if action == sqlite3.SQLITE_FUNCTION:
            allowed = (second or "").lower() in ("substr", "count")
        if action == sqlite3.SQLITE_PRAGMA:
            allowed = (first or "").lower() in _TABLE_PRAGMAS
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return judge


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _explained(error: BaseException, bounds: Bounds) -> OpsloomError:
    """SQLite's error in words for whoever wrote the query, or for its model."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_INTERRUPT:
        return QueryFailed(
            f"The query did not finish within {bounds.seconds:g} seconds and was stopped. Ask for less: a shorter "
            "time, fewer joins, a condition on an indexed column."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return QueryFailed("The file is locked by somebody else just now. Try again shortly.")
    if isinstance(error, MemoryError) or code in (sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_FULL):
        return QueryFailed("The query needs more memory than it may take. Ask for less.")
    if code in (sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY) or str(error).startswith("not authorized"):
        return NotPermitted(f"Only reading the tables of this data source is permitted: {error}.")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR):
        return QueryFailed("The file cannot be read as a SQLite database.")
    return QueryFailed(f"SQLite answered: {str(error)[:500]}.")
