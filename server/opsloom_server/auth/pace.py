"""How often one address may do something. Rules only, no I/O."""

import ipaddress
import time
from collections import deque
from collections.abc import Callable
from typing import Final

__all__ = ["Pace", "household"]

# Addresses that have long gone are dropped whenever there are more than this, or twice as many as were left last time:
# under a flood from many, each of them would else walk over all.
ADDRESSES: Final = 10_000


class Pace:
    """At most ``limit`` times in ``seconds`` for each address; a limit of 0 is none."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._times: dict[str, deque[float]] = {}
        self._most = ADDRESSES

    def allows(self, address: str) -> bool:
        """Count one; False, and not counted, where there were too many already."""
        return self.wait(address) == 0

    def wait(self, address: str) -> float:
        """Count one and return 0; where there were too many already, return the seconds until the next may come."""
        if not self._limit:
            return 0.0
        now = self._clock()
        times = self._times.setdefault(household(address), deque())
        while times and times[0] <= now - self._seconds:
            times.popleft()
        if len(times) >= self._limit:
            return times[0] + self._seconds - now
        times.append(now)
        if len(self._times) > self._most:
            self._times = {one: times for one, times in self._times.items() if times[-1] > now - self._seconds}
            self._most = max(ADDRESSES, 2 * len(self._times))
        return 0.0


def household(address: str) -> str:
    """An IPv6 address stands for its /64: that is what one household gets, and it may use any address of it."""
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return address
