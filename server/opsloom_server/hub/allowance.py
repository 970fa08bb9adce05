"""How much one person may ask: messages a minute, turns and sockets at once.

Counted on this node, and with Redis on all of them together; running turns of all nodes are in the database anyway.
"""

import time
from collections import Counter, deque
from typing import Final

from opsloom_server.errors import RateLimited
from opsloom_server.hub.counting import SharedCounts
from opsloom_server.settings import Limits

MINUTE: Final = 60.0
# Counters of people who have long gone are dropped whenever there are more than this.
PEOPLE: Final = 10_000


class Allowance:
    """Counts by user. A limit of 0 is none."""

    def __init__(self, limits: Limits, shared: SharedCounts | None = None) -> None:
        self._limits = limits
        self._shared = shared
        self._sent: dict[str, deque[float]] = {}
        self._turns: Counter[str] = Counter()
        self._connections: Counter[str] = Counter()

    async def message(self, user: str, name: str) -> None:
        """Count a message, under a name of its own. Raises `RateLimited`, and then does not count it."""
        most = self._limits.messages_per_minute
        if not most:
            return
        now = time.monotonic()
        sent = self._sent.setdefault(user, deque())
        while sent and sent[0] <= now - MINUTE:
            sent.popleft()
        if len(sent) >= most:
            raise _too_many(most, sent[0] + MINUTE - now)
        if self._shared is not None and (wait := await self._shared.message(user, most, name)):
            raise _too_many(most, wait / 1000)
        sent.append(now)
        if len(self._sent) > PEOPLE:
            self._sent = {other: times for other, times in self._sent.items() if times and times[-1] > now - MINUTE}

    def turn(self, user: str, running: int | None = None) -> None:
        """Raises `RateLimited` where the person has as many answers under way as they may; `running` of them on all
        nodes, where others than this one may run some."""
        most = self._limits.running_turns
        if most and (self._turns[user] if running is None else running) >= most:
            raise RateLimited(f"{most} answers are under way already; wait for one or stop it.", retry_ms=2_000)

    def started(self, user: str) -> None:
        self._turns[user] += 1

    def ended(self, user: str) -> None:
        _less(self._turns, user)

    def connect(self, user: str) -> bool:
        """Count a socket; False where there are too many already."""
        most = self._limits.connections
        if most and self._connections[user] >= most:
            return False
        self._connections[user] += 1
        return True

    async def connected(self, user: str) -> None:
        """Ask the other nodes too, for a socket that is counted here. Raises `RateLimited`."""
        most = self._limits.connections
        if most and self._shared is not None:
            here = self._connections[user]
            if here + await self._shared.sockets_elsewhere(user, here) > most:
                raise RateLimited("Too many windows are open at once; close one of them.")

    def disconnect(self, user: str) -> None:
        _less(self._connections, user)
        if self._shared is not None:
            self._shared.changed(user)

    async def run(self) -> None:
        """Keep the other nodes informed; a task of the hub's."""
        if self._shared is not None:
            await self._shared.run(self._connections)


def _too_many(most: int, seconds: float) -> RateLimited:
    words = f"That is more than {most} messages in a minute; try again in {seconds:.0f} s."
    return RateLimited(words, retry_ms=int(seconds * 1000))


def _less(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
