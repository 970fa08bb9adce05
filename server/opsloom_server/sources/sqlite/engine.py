"""SQLite files as a kind of database."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from opsloom_server.errors import Invalid
from opsloom_server.sources.engine import Bounds, Looked
from opsloom_server.sources.guard import Judged, judge
from opsloom_server.sources.names import Tables
from opsloom_server.sources.rows import Column, Filling, Rows, hexadecimal, number, too_large
from opsloom_server.sources.sqlite.describing import SCHEMA, describe
from opsloom_server.sources.sqlite.files import EXAMPLE, FileAddress, read_address
from opsloom_server.sources.sqlite.grammar import CALLED, SQLITE
from opsloom_server.sources.sqlite.process import Reading, answers

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
        ask = partial(answers, address, self._folders, reading=None, bounds=bounds)
        return Looked(self.kind, await describe(ask), ())

    def judge(self, query: str, tables: Tables) -> Judged:
        return judge(query, tables, SQLITE)

    async def run(self, address: FileAddress, judged: Judged, bounds: Bounds) -> Rows:
        started = time.monotonic()
        tables = tuple(name.removeprefix(f"{SCHEMA}.") for name in judged.tables)
        reading = Reading(tables, CALLED, frozenset(SQLITE.from_functions))
        (given,) = await answers(address, self._folders, [judged.text], reading, bounds)
        assert given is not None
        filling = Filling()
        kinds: list[set[str]] = [set() for _ in given.names]
        for row in given.rows:
            if not row and not filling.rows:
                raise too_large()
            if not row or not filling.add(tuple(_plain(value) for value in row)):
                filling.truncated = True
                break
            for seen, value in zip(kinds, row, strict=True):
                seen.add(_kind(value))
        return Rows(
            columns=tuple(Column(name, _type_name(seen)) for name, seen in zip(given.names, kinds, strict=True)),
            rows=tuple(filling.rows),
            truncated=filling.truncated,
            ms=round((time.monotonic() - started) * 1000, 1),
        )


def _plain(value: Any) -> Any:
    match value:
        case {"blob": str(digits)}:
            return hexadecimal(bytes.fromhex(digits))
        case int() | float():
            return number({"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), str(value)))
    return value


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case {}:
            return "blob"
        case int():
            return "integer"
        case float():
            return "real"
    return "text"


def _type_name(kinds: set[str]) -> str:
    """What the values of a column are, which in SQLite each has for itself."""
    there = kinds - {"null"}
    if there == {"integer", "real"}:
        return "real"
    return there.pop() if len(there) == 1 else "mixed" if there else "null"
