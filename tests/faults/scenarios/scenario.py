"""What a long run is: how often by default, what it needs, and a coroutine that gives its figures."""

import shutil
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from faults import clocks
from faults.redis import Redis

Step = Callable[[], None]


@dataclass(frozen=True)
class Scenario:
    """`run(times, seed, step)` gives the figures; `breaches` among them must be 0.

    `share` is its part, in per cent, of a number that several scenarios divide.
    """

    run: Callable[[int, int, Step], Coroutine[Any, Any, dict[str, Any]]]
    times: int
    share: int = 0
    redis: bool = False
    haproxy: bool = False
    faketime: bool = False
    steps: int = 0
    """Of the progress bar, where they are not the times."""

    def missing(self) -> str | None:
        """What is not installed here, in words."""
        if self.redis and Redis.program() is None:
            return "there is no Redis on this machine"
        if self.haproxy and shutil.which("haproxy") is None:
            return "there is no haproxy on this machine"
        if self.faketime and clocks.library() is None:
            return "there is no libfaketime on this machine"
        return None
