"""Pages: ``?limit=&cursor=`` in, ``{items, cursor}`` out. A cursor is opaque; it names the last row that was given."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel

from opsloom_server.errors import Invalid

__all__ = ["CursorParam", "LimitParam", "Page", "at_place", "at_word", "place", "turn_page", "word"]

LARGEST = 200

LimitParam = Annotated[int, Query(ge=1, le=LARGEST, description="Most items in the answer")]
CursorParam = Annotated[str | None, Query(max_length=500, description="`cursor` of the page before")]

Item = TypeVar("Item")
Shown = TypeVar("Shown", bound=BaseModel)


class Page(BaseModel):
    """Part of a list. ``cursor`` gets what follows; null at the end."""

    cursor: str | None = None


def place(at: datetime, key: str) -> str:
    """Return the cursor of a row in an order by time and id."""
    return _pack((at.isoformat(), key))


def at_place(cursor: str | None) -> tuple[datetime, str] | None:
    """Read a cursor of an order by time and id. Raises Invalid."""
    if cursor is None:
        return None
    moment, key = _unpack(cursor, tuple[datetime, str])
    return moment, key


def word(value: str | int) -> str:
    """Return the cursor of a row in an order by one text or number."""
    return _pack((str(value),))


def at_word(cursor: str | None) -> str | None:
    """Read a cursor of an order by one text or number. Raises Invalid."""
    return None if cursor is None else _unpack(cursor, tuple[str])[0]


def turn_page(rows: Sequence[Item], limit: int, cursor: Callable[[Item], str]) -> tuple[Sequence[Item], str | None]:
    """Cut one row too many off: return the page, and the cursor of the next one if there is more."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursor(rows[limit - 1])


def _pack(value: tuple[str, ...]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


T = TypeVar("T")


def _unpack(cursor: str, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=shape)
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError):
        raise Invalid("This cursor is not one of ours; take the `cursor` of the page before.") from None
