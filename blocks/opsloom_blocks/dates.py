"""Dates as they travel: RFC 3339. Python's own reader takes week dates and dates without hyphens as well."""

import datetime
import re
from typing import Final

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?")


def is_day(value: object) -> bool:
    """Whether it is a day of the calendar, like 2026-01-31."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return False
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_date(value: object) -> bool:
    """Whether it is a day, or a day with a time."""
    if not isinstance(value, str) or not (found := _MOMENT.fullmatch(value)):
        return is_day(value)
    try:
        datetime.datetime.fromisoformat(value)
    except ValueError:
        return False
    return is_day(found["day"])
