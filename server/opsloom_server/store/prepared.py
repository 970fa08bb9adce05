"""Statements of the hot path, compiled once and run on the driver.

SQLAlchemy spends about 0.3 ms of CPU on each call of `execute` (its context, its result, a greenlet switch); a turn has
about fifteen. What they say, and with which types, is still SQLAlchemy's.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql import ClauseElement

from opsloom_server.errors import Unavailable
from opsloom_server.store.engine import RETRY_MS, Driver, dumps, unavailable

__all__ = ["Prepared"]

_DIALECT: Final = dialect(json_serializer=dumps)  # type: ignore[no-untyped-call]


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
        with _told():
            status = await driver.execute(self._text, *self._arguments(values))
        return int(status.rpartition(" ")[2])

    async def one(self, driver: Driver, values: Mapping[str, Any]) -> asyncpg.Record | None:
        """Run it; gives its first row, if it has one."""
        with _told():
            return await driver.fetchrow(self._text, *self._arguments(values))

    async def rows(self, driver: Driver, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        """Run it; gives its rows."""
        with _told():
            found: list[asyncpg.Record] = await driver.fetch(self._text, *self._arguments(values))
        return found

    async def execute_many(self, driver: Driver, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it for each of the rows, in one round trip."""
        with _told():
            await driver.executemany(self._text, [self._arguments(row) for row in rows])

    def _arguments(self, values: Mapping[str, Any]) -> list[Any]:
        return [
            process(values.get(name, fixed)) if process is not None else values.get(name, fixed)
            for name, fixed, process in self._slots
        ]


@contextmanager
def _told() -> Iterator[None]:
    """A lost database, in the server's words."""
    try:
        yield
    except Exception as error:
        known = unavailable(error)
        if known is None and isinstance(error, OSError):
            known = Unavailable(retry_ms=RETRY_MS)
        if known is None:
            raise
        raise known from error
