"""When to come back after a break, and after which ones not at all. Pure: no clock, no socket."""

from collections.abc import Callable
from enum import Enum

from opsloom_protocol.errors import GIVES_UP, CloseCode

FIRST_CEILING = 0.25
LAST_CEILING = 8.0
"""Seconds. A delay is drawn between 0 and a ceiling that doubles, so that a crowd does not come back at once."""

SETTLED = 2.0
"""Seconds. A connection that was attached for less counts as a failed attempt: welcome-and-drop is no tight loop."""


class Advice(Enum):
    """What to do after a connection was lost."""

    COME_BACK = "come back"
    COME_BACK_LATE = "come back, after a long delay"
    NEW_TICKET = "come back once, with a new ticket"
    STAY_AWAY = "stay away"


def advice(close_code: int | None) -> Advice:
    """`None` is a connection that broke, or was never made."""
    if close_code in GIVES_UP:
        return Advice.STAY_AWAY
    if close_code == CloseCode.SIGNED_OUT:
        return Advice.NEW_TICKET
    if close_code == CloseCode.TOO_MANY:
        return Advice.COME_BACK_LATE
    return Advice.COME_BACK


def delay(attempt: int, random: Callable[[], float]) -> float:
    """Seconds before an attempt; attempts count from 1 and the first is at once. `random` draws from [0, 1)."""
    if attempt <= 1:
        return 0.0
    # 2**5 reaches the last ceiling; a larger exponent would only grow without bound.
    return random() * min(LAST_CEILING, FIRST_CEILING * 2.0 ** min(attempt - 2, 5))


def long_delay(random: Callable[[], float]) -> float:
    """Seconds after `COME_BACK_LATE`: too many connections do not get fewer within milliseconds."""
    return LAST_CEILING * (0.5 + random() / 2)
