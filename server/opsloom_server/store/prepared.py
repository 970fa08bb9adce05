"""Statements of the hot path, compiled once and run on the driver.

SQLAlchemy spends about 0.3 ms of CPU on each call of `execute` (its context, its result, a greenlet switch); a turn has
about fifteen. What they say, and with which types, is still SQLAlchemy's.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ClauseElement

from opsloom_server.errors import Unavailable
from opsloom_server.store.engine import RETRY_MS, dumps

__all__ = ["Driver", "Prepared", "driver_of"]

_DIALECT: Final = dialect(json_serializer=dumps)  # type: ignore[no-untyped-call]

# asyncpg's connection below SQLAlchemy's, inside the transaction that SQLAlchemy began.
Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def driver_of(connection: AsyncConnection) -> Driver:
    """The driver's connection of a transaction."""
    raw = await connection.get_raw_connection()
    driver: Driver | None = raw.driver_connection
    assert driver is not None
    return driver


class Prepared:
    """A Core statement whose parameters are named `bindparam`s."""

    def __init__(self, statement: ClauseElement) -> None:
        compiled: Any = statement.compile(dialect=_DIALECT)  # a SQLCompiler, which the base class does not promise
        self._text = str(compiled)
        processors = compiled._bind_processors
        names = compiled.positiontup or []
        self._slots = [(name, compiled.params.get(name), processors.get(name)) for name in names]

    async def execute(self, driver: Driver, values: Mapping[str, Any]) -> int:
        """Run it; gives how many rows it touched. Raises `Unavailable` where the database is gone."""
        try:
            status = await driver.execute(self._text, *self._arguments(values))
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError) as error:
            raise Unavailable(retry_ms=RETRY_MS) from error
        return int(status.rpartition(" ")[2])

    async def execute_many(self, driver: Driver, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it for each of the rows, in one round trip."""
        try:
            await driver.executemany(self._text, [self._arguments(row) for row in rows])
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError) as error:
            raise Unavailable(retry_ms=RETRY_MS) from error

    def _arguments(self, values: Mapping[str, Any]) -> list[Any]:
        return [
            process(values.get(name, fixed)) if process is not None else values.get(name, fixed)
            for name, fixed, process in self._slots
        ]
