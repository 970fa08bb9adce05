"""Running a judged query: a connection of its own, a transaction that may only read, bounds on all it may take.

The connection is closed after each query, as what a query leaves in its session (an advisory lock, a changed setting)
goes with the session and with nothing else.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import asyncpg

from opsloom_server.errors import NotPermitted, OpsloomError, QueryFailed, Unavailable
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.postgresql.connecting import connect
from opsloom_server.sources.rows import RESULT_BYTES, ROWS, Column, Rows, plain_row
from opsloom_server.sources.server_address import CONNECT_SECONDS, ServerAddress

__all__ = ["reading", "run"]

CLOSE_SECONDS: Final = 2.0
# A word of the database's, not a page.
_WORDS: Final = 500


DEFAULT: Final = Bounds()


def _settings(bounds: Bounds) -> str:
    """The transaction and its settings, which end with it. Names are looked up in `pg_catalog` alone, so no function or
    operator of users' own can stand in for one of PostgreSQL's."""
    settings = {
        "search_path": "pg_catalog",
        "statement_timeout": str(round(bounds.seconds * 1000)),
        "lock_timeout": "1000",
        "idle_in_transaction_session_timeout": "10000",
        "work_mem": "16MB",
        "max_parallel_workers_per_gather": "0",
        "jit": "off",
        "row_security": "on",
        "standard_conforming_strings": "on",
        "datestyle": "ISO, YMD",
        "intervalstyle": "postgres",
        "bytea_output": "hex",
        "extra_float_digits": "1",
    }
    return "BEGIN READ ONLY; " + "; ".join(f"SET LOCAL {name} = '{value}'" for name, value in settings.items())


# Only superusers set it, unless PostgreSQL (15 and later) was told otherwise.
_TEMP_FILES: Final = (
    "SELECT set_config('temp_file_limit', '262144', true) WHERE has_parameter_privilege('temp_file_limit', 'SET')"
)


@asynccontextmanager
async def reading(
    address: ServerAddress, bounds: Bounds = DEFAULT
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection in a transaction that may only read. Closed at the end, whatever the end is.

    Raises errors of our own, whatever the driver raises.
    """
    connection = await connect(address)
    try:
        async with asyncio.timeout(CONNECT_SECONDS + 2 * bounds.seconds):
            await connection.execute(_settings(bounds))
            if connection.get_server_version() >= (15,):
                await connection.execute(_TEMP_FILES)
            yield connection
            await connection.execute("ROLLBACK")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise _explained(error, bounds) from None
    finally:
        # A query that is stopped is cancelled in the database first, which a cut connection alone would not do.
        try:
            with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=CLOSE_SECONDS)
        finally:
            connection.terminate()


async def run(address: ServerAddress, query: str, bounds: Bounds = DEFAULT) -> Rows:
    """Run a query that was judged. Raises QueryFailed, NotPermitted or Unavailable in words."""
    started = time.monotonic()
    async with reading(address, bounds) as connection:
        columns = await _columns(connection, query)
        bounded = _bounded(query, len(columns))
        if bounds.cost:
            await _afford(connection, bounded, bounds.cost)
        # `fetch` goes by the extended protocol, which takes one statement and no more.
        found = await connection.fetch(bounded)
    kept = [record for record in found if record["row"] is not None]
    if found and not kept:
        raise QueryFailed("The first row alone is larger than 1 MiB. Select fewer columns, or shorten with left().")
    return Rows(
        columns=columns,
        rows=tuple(plain_row(record["row"]) for record in kept[:ROWS]),
        truncated=bool(found) and found[0]["there"] > min(len(kept), ROWS),
        ms=round((time.monotonic() - started) * 1000, 1),
    )


def _bounded(query: str, columns: int) -> str:
    """The query with its result cut to size where it is made, so that a large one never travels.

    A row as JSON is what every type has, also those that we never heard of. Columns are numbered, as two may have one
    name.
    """
    numbered = ", ".join(f'"{at}"' for at in range(columns))
    return (
        f'SELECT CASE WHEN "size" <= {RESULT_BYTES} THEN "row" END AS "row", "there" FROM ('  # noqa: S608
        'SELECT "row", sum(octet_length("row")) OVER (ROWS UNBOUNDED PRECEDING) AS "size", '
        'count(*) OVER () AS "there", row_number() OVER () AS "at" FROM ('
        f'SELECT left(CAST(to_json("whole row") AS text), {RESULT_BYTES + 1}) AS "row" '
        f'FROM ({query}) AS "whole row" ({numbered}) LIMIT {ROWS + 1}) AS "some") AS "counted" '
        f'WHERE "size" <= {RESULT_BYTES} OR "at" = 1'
    )


async def _columns(connection: "asyncpg.Connection[asyncpg.Record]", query: str) -> tuple[Column, ...]:
    """The columns of a query, which is planned for it and not run."""
    prepared = await connection.prepare(query)
    columns = tuple(Column(one.name, one.type.name) for one in prepared.get_attributes())
    if not columns:
        raise NotPermitted("Select at least one column.")
    return columns


async def _afford(connection: "asyncpg.Connection[asyncpg.Record]", query: str, most: float) -> None:
    """Raise QueryFailed where the planner expects more than it may cost."""
    plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {query}"))
    cost = float(plan[0]["Plan"]["Total Cost"])
    if cost > most:
        raise QueryFailed(
            f"This would cost too much: the database expects {cost:,.0f} units, and {most:,.0f} are allowed. Narrow it "
            "down: a condition on an indexed column, a shorter time, fewer joins."
        )


def _explained(error: BaseException, bounds: Bounds) -> OpsloomError:
    """A driver's error in words for whoever wrote the query, or for its model."""
    match error:
        case asyncpg.QueryCanceledError() | TimeoutError():
            return QueryFailed(
                f"The database did not finish within {bounds.seconds:g} seconds and was stopped. Ask for less: a "
                "shorter time, fewer joins, a condition on an indexed column."
            )
        case asyncpg.LockNotAvailableError():
            return QueryFailed("The table is locked by somebody else just now. Try again shortly.")
        case asyncpg.ConfigurationLimitExceededError() | asyncpg.InsufficientResourcesError():
            return QueryFailed("The query needs more of the database's memory or disk than it may take. Ask for less.")
        case asyncpg.InsufficientPrivilegeError():
            return NotPermitted(f"The login of this data source may not read that: {_said(error)}.")
        case asyncpg.ReadOnlySQLTransactionError():
            return NotPermitted(f"Only reading is permitted: {_said(error)}.")
        case asyncpg.PostgresConnectionError() | asyncpg.InterfaceError() | OSError():
            return Unavailable("The connection to the database of this data source was lost. Try again shortly.")
        case asyncpg.PostgresError():
            hint = f" {error.hint}" if getattr(error, "hint", None) else ""
            return QueryFailed(f"The database answered: {_said(error)}.{hint[:_WORDS]}")
    return QueryFailed()


def _said(error: BaseException) -> str:
    return str(getattr(error, "message", None) or error).strip().rstrip(".")[:_WORDS]
