"""When a connection's credential runs out: by the database's clock, counted on this process's own.

A connection is cut off in time even while the database does not answer, and however the two clocks stand.
"""

import time
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, extract, func

__all__ = ["deadline", "left"]


def left(expires_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """The seconds until that time, in SQL; NULL for never."""
    return extract("epoch", expires_at - func.clock_timestamp())


def deadline(seconds: Decimal | None) -> float | None:
    """The same on `time.monotonic`."""
    return None if seconds is None else time.monotonic() + float(seconds)
