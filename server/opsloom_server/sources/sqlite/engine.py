"""SQLite files as a kind of database."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from opsloom_server.errors import Invalid
from opsloom_server.sources.engine import Bounds, Looked
from opsloom_server.sources.guard import Judged, judge
from opsloom_server.sources.names import Tables
from opsloom_server.sources.rows import Column, Filling, Rows, hexadecimal, number
from opsloom_server.sources.sqlite.describing import SCHEMA, describe
from opsloom_server.sources.sqlite.files import EXAMPLE, FileAddress, read_address
from opsloom_server.sources.sqlite.grammar import CALLED, SQLITE
from opsloom_server.sources.sqlite.opening import describing, reading, reads

__all__ = ["SQLite"]


class SQLite:
    """`folders`: below which files may be."""

    kind = "sqlite"
    title = SQLITE.title
    example = EXAMPLE
    advice = "dates are texts, so use date() and strftime(); double quotes for names, single ones for texts"

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def read_address(self, url: URL) -> FileAddress:
        return read_address(url, self._folders)

    async def look_over(self, address: FileAddress, schemas: Sequence[str] | None, bounds: Bounds) -> Looked:
        if schemas is not None and list(schemas) != [SCHEMA]:
            raise Invalid(f"A SQLite file has one schema, {SCHEMA}. Leave schemas out.")
        async with reading(address, self._folders, bounds, describing) as connection:
            return Looked(self.kind, await describe(connection), ())

    def judge(self, query: str, tables: Tables) -> Judged:
        return judge(query, tables, SQLITE)

    async def run(self, address: FileAddress, judged: Judged, bounds: Bounds) -> Rows:
        started = time.monotonic()
        tables = [name.removeprefix(f"{SCHEMA}.") for name in judged.tables]
        made = frozenset(SQLITE.from_functions)
        filling = Filling()
        async with (
            reading(address, self._folders, bounds, reads(tables, CALLED, made)) as connection,
            connection.execute(judged.text) as cursor,
        ):
            names = [one[0] for one in cursor.description or ()]
            async for row in cursor:
                if not filling.add(tuple(_plain(value) for value in row)):
                    break
        return Rows(
            columns=tuple(Column(name, _type_name([row[at] for row in filling.rows])) for at, name in enumerate(names)),
            rows=tuple(filling.rows),
            truncated=filling.truncated,
            ms=round((time.monotonic() - started) * 1000, 1),
        )


class _Blob(str):
    """A blob as it is shown, which is told from a text by its class alone."""

    __slots__ = ()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return _Blob(hexadecimal(value))
    if isinstance(value, int) or (isinstance(value, float) and value in (float("inf"), -float("inf"))):
        return number({"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), str(value)))
    return value


def _type_name(values: Sequence[Any]) -> str:
    """What the values of a column are, which in SQLite each has for itself."""
    kinds = {_kind(value) for value in values if value is not None}
    if kinds == {"integer", "real"}:
        return "real"
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "null"


def _kind(value: Any) -> str:
    match value:
        case _Blob():
            return "blob"
        case int():
            return "integer"
        case float():
            return "real"
    return "text"
