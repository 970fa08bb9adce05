"""When to ask whether the link still stands, and when to stop believing in it. Pure: the clock is an argument.

A half-open link is never reported by the network: what is sent vanishes and nothing comes. So silence is measured, and
where something ought to come, an answer that runs or a reply that is owed, it is not borne for long. The browser's
client has the same rules with the same numbers (`sdk/watchdog.ts`).
"""

import time
from enum import Enum
from typing import Final

LOOK_EVERY: Final = 1.0
"""Seconds between two looks."""

# Home routers drop a silent connection after about a minute; 25 s leaves one lost ping of room.
_IDLE: Final = (25.0, 10.0)
# A server that works on something says so every few tenths of a second; 7 s in all, and a person still waits.
_BUSY: Final = (4.0, 3.0)
# After waking up the link is either there at once or gone.
_WAKE_WITHIN: Final = 3.0
# Each link that was given up doubles the patience with the next: a snapshot on a slow line is silence, too.
_MOST_PATIENCE: Final = 30.0
# `look` was not called for so long: this machine slept, or the process stood still.
_SLEPT_AFTER: Final = 5.0
# A tool may run silently for minutes; asking costs one small frame each way.
_ASK_AFTER: Final = 20.0


class Expecting(Enum):
    """What should come."""

    NOTHING = "nothing"
    REPLY = "reply"
    ANSWER = "answer"


class Verdict(Enum):
    """`PING`: send one, anything that is heard counts as its pong. `DEAD`: give the link up. `ASK`: the link stands,
    but an answer that should run stands still: ask the server where it is."""

    FINE = "fine"
    PING = "ping"
    DEAD = "dead"
    ASK = "ask"


def now() -> float:
    """Seconds that also pass while the machine sleeps, where the system has such a clock."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Watchdog:
    """One a client, over all its connections: `begin` with each, `heard` with each frame, `look` every second."""

    def __init__(self) -> None:
        self._heard_at = 0.0
        self._news_at = 0.0
        self._looked_at = 0.0
        self._ping_at: float | None = None
        self._within = 0.0
        self._strikes = 0
        # The last look found a ping unanswered over a sleep; a second one is no excuse.
        self._excused = False

    def begin(self, at: float) -> None:
        """A new link has been attached."""
        self._heard_at = self._news_at = self._looked_at = at
        self._ping_at = None
        self._excused = False

    def heard(self, at: float, *, news: bool) -> None:
        """Something came; `news` is everything but a pong."""
        self._heard_at = at
        if news:
            self._news_at = at
        if self._ping_at is not None:
            self._strikes = 0
        self._ping_at = None
        self._excused = False

    def look(self, at: float, expecting: Expecting) -> Verdict:
        """What to do now."""
        slept = at - self._looked_at >= _SLEPT_AFTER
        self._looked_at = at
        if slept:
            return self._wake_up(at)
        if self._ping_at is not None:
            return self._dead() if at - self._ping_at >= self._within else Verdict.FINE
        after, within = _IDLE if expecting is Expecting.NOTHING else _BUSY
        if at - self._heard_at >= after:
            return self._ping(at, within)
        if expecting is Expecting.ANSWER and at - self._news_at >= _ASK_AFTER:
            self._news_at = at
            return Verdict.ASK
        return Verdict.FINE

    def _wake_up(self, at: float) -> Verdict:
        # The pong may stand in line behind this very look, so a ping from before the sleep is asked again, once.
        if self._ping_at is not None and self._excused:
            return self._dead()
        self._excused = self._ping_at is not None
        return self._ping(at, _WAKE_WITHIN)

    def _ping(self, at: float, within: float) -> Verdict:
        self._ping_at = at
        self._within = min(_MOST_PATIENCE, within * 2.0 ** min(self._strikes, 5))
        return Verdict.PING

    def _dead(self) -> Verdict:
        self._strikes += 1
        self._ping_at = None
        return Verdict.DEAD
