"""What a query gave, as plain JSON values."""

import json
from math import isinf
from typing import Any, Final

from msgspec import Struct

__all__ = ["RESULT_BYTES", "ROWS", "Column", "Rows", "plain_row"]

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


def plain_row(text: str) -> tuple[Any, ...]:
    """A row that the database wrote as a JSON object, whose keys stand in the order of the columns."""
    return tuple(json.loads(text, parse_int=_whole, parse_float=_part).values())


def _whole(text: str) -> int | str:
    # A numeric may have 131,072 digits, of which Python itself reads 4,300.
    return text if len(text) > 17 or abs(int(text)) > _LARGEST else int(text)


def _part(text: str) -> float | str:
    value = float(text)
    return text if isinf(value) else value
