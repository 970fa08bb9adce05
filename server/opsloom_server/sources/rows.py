"""What a query gave, as plain JSON values: the same of every kind of database."""

import json
from math import isfinite
from typing import Any, Final

import msgspec
from msgspec import Struct

from opsloom_server.errors import QueryFailed

__all__ = ["RESULT_BYTES", "ROWS", "Column", "Filling", "Rows", "hexadecimal", "number", "plain_row", "too_large"]

ROWS: Final = 500
RESULT_BYTES: Final = 1_048_576
"""What a result may have; a larger one is cut."""

# JavaScript's numbers hold whole ones up to here; a larger one travels as text, whole.
_LARGEST: Final = 2**53


class Column(Struct, frozen=True):
    """A column of a result; `type` is the database's own name of it: `int8`, `numeric`, `text[]`."""

    name: str
    type: str


class Rows(Struct, frozen=True, kw_only=True):
    """The rows of a query, each in the order of the columns. `truncated`: there were more."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    ms: float


class Filling:
    """Rows as they come, up to what a result may have."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.truncated = False
        self._bytes = 0

    def add(self, row: tuple[Any, ...]) -> bool:
        """Keep a row; False where it is one too many, and no more are wanted. Raises QueryFailed where it is the first
        and already too large."""
        self._bytes += len(msgspec.json.encode(row))
        self.truncated = len(self.rows) == ROWS or self._bytes > RESULT_BYTES
        if not self.truncated:
            self.rows.append(row)
        elif not self.rows:
            raise too_large()
        return not self.truncated


def too_large() -> QueryFailed:
    return QueryFailed("The first row alone is larger than 1 MiB. Select fewer columns, or shorten its texts.")


def plain_row(text: str) -> tuple[Any, ...]:
    """A row that the database wrote as a JSON object, whose keys stand in the order of the columns."""
    return tuple(json.loads(text, parse_int=number, parse_float=number).values())


def number(text: str) -> int | float | str:
    """A number from its digits: whole ones beyond 2^53, and what is no number of JSON, stay text."""
    if text.lstrip("-").isdigit():
        # A numeric may have 131,072 digits, of which Python itself reads 4,300.
        return text if len(text) > 17 or abs(int(text)) > _LARGEST else int(text)
    value = float(text)
    return value if isfinite(value) else text


def hexadecimal(data: bytes) -> str:
    r"""Bytes as PostgreSQL writes them: `\xdead`."""
    return "\\x" + data.hex()
