"""Asks a SQLite file in a process of its own, which is ended when its time is over, whatever it is at."""

import asyncio
import json
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from opsloom_server.errors import NotPermitted, OpsloomError, QueryFailed, Unavailable
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.rows import RESULT_BYTES, ROWS
from opsloom_server.sources.sqlite import child
from opsloom_server.sources.sqlite.files import FileAddress, found

__all__ = ["Given", "Reading", "answers"]

_MEMORY: Final = 536_870_912
"""Address space of the process; half of it is SQLite's."""
_LONGEST_VALUE: Final = 64 * 1024 * 1024
"""A row that is longer cannot be read at all; a text that a function makes ends there."""
_WAIT_FOR_LOCK: Final = 1.0
# Until a process has begun, on a busy machine; a query's own time is counted from there.
_START_SECONDS: Final = 30.0
# SQLite ends most queries by itself and says so; what does not hear it is ended a moment later.
_GRACE_SECONDS: Final = 1.0
# Rows of a description are many and short.
_DESCRIBED_ROWS: Final = 20_000
_DESCRIBED_BYTES: Final = 16 * 1024 * 1024


class Reading(Struct, frozen=True):
    """What the authorizer lets a query do: read these tables and views, call these functions."""

    tables: tuple[str, ...]
    functions: frozenset[str]
    made: frozenset[str]


class Given(Struct, frozen=True):
    """What one statement gave. A row that would have been too much is empty, and the last."""

    names: list[str]
    rows: list[list[Any]]


async def answers(
    address: FileAddress, folders: Sequence[Path], statements: Sequence[str], reading: Reading | None, bounds: Bounds
) -> list[Given | None]:
    """Run statements on a file. `reading` None: for a description, where one that fails gives None.

    Raises Invalid where the file is none that may be read, QueryFailed or NotPermitted in words.
    """
    file = await asyncio.to_thread(found, address, folders)
    orders = {
        "uri": file.uri,
        "statements": list(statements),
        "seconds": bounds.seconds,
        "wait": _WAIT_FOR_LOCK,
        "memory": _MEMORY,
        "value": _LONGEST_VALUE,
        "rows": _DESCRIBED_ROWS if reading is None else ROWS,
        "bytes": _DESCRIBED_BYTES if reading is None else RESULT_BYTES,
        "reading": None
        if reading is None
        else {
            "tables": list(reading.tables),
            "functions": sorted(reading.functions),
            "made": sorted(reading.made),
        },
    }
    said = await _said(json.dumps(orders).encode(), bounds)
    if await asyncio.to_thread(file.changed):
        raise QueryFailed("The file was written to meanwhile. Ask again.")
    if isinstance(said, dict):
        raise _explained(str(said["error"]), int(said["code"]), bounds)
    return [None if one is None else Given(one["names"], one["rows"]) for one in said]


async def _said(orders: bytes, bounds: Bounds) -> Any:
    """What the process answered. Ended with the query's time, or with whoever waited for it."""
    # -I and -S: nothing of the environment's or of the site's is imported.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", child.__file__), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            process.stdin.write(orders)
            await process.stdin.drain()
            process.stdin.close()
            await process.stdout.readline()
        try:
            async with asyncio.timeout(bounds.seconds + _GRACE_SECONDS if bounds.seconds else None):
                said = await process.stdout.read()
        except TimeoutError:
            raise _too_slow(bounds) from None
    except (TimeoutError, OSError):
        raise Unavailable("The file of this data source could not be read just now. Try again shortly.") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if not said:
        raise QueryFailed("The query needs more memory than it may take. Ask for less.")
    return await asyncio.to_thread(json.loads, said)


def _explained(text: str, code: int, bounds: Bounds) -> OpsloomError:
    """SQLite's error in words for whoever wrote the query, or for its model."""
    code &= 0xFF
    if code == sqlite3.SQLITE_INTERRUPT:
        return _too_slow(bounds)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return QueryFailed("The file is locked by somebody else just now. Try again shortly.")
    if code in (sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_FULL):
        return QueryFailed("The query needs more memory than it may take. Ask for less.")
    if code in (sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY) or text.startswith("not authorized"):
        return NotPermitted(f"Only reading the tables of this data source is permitted: {text}.")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR):
        return QueryFailed("The file cannot be read as a SQLite database.")
    return QueryFailed(f"SQLite answered: {text[:500]}.")


def _too_slow(bounds: Bounds) -> QueryFailed:
    return QueryFailed(
        f"The query did not finish within {bounds.seconds:g} seconds and was stopped. Ask for less: a shorter time, "
        "fewer joins, a condition on an indexed column."
    )
