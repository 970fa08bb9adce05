"""The calls of a turn that are under way: which block each has shown, and how a person cancels one."""

import asyncio
from typing import Final

CANCELLED: Final = "The person cancelled this. Do not start it again unless they ask for it."


class RunningCall:
    """One call. Whoever runs it gives its time limit by `begin`."""

    def __init__(self) -> None:
        self.cancelled = False
        self._limit: asyncio.Timeout | None = None

    def begin(self, limit: asyncio.Timeout) -> None:
        """From now on it is ended by this limit running out."""
        self._limit = limit
        if self.cancelled:
            self.cancel()

    def cancel(self) -> None:
        """End the call; its generator is closed."""
        self.cancelled = True
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())


class RunningCalls:
    """Those of one turn."""

    def __init__(self) -> None:
        self._running: dict[str, RunningCall] = {}
        self._shown_by: dict[str, RunningCall] = {}

    def begin(self, call: str) -> RunningCall:
        running = self._running[call] = RunningCall()
        return running

    def end(self, call: str, running: RunningCall) -> None:
        self._shown_by = {block: by for block, by in self._shown_by.items() if by is not running}
        if self._running.get(call) is running:
            del self._running[call]

    def showed(self, call: str, block: str) -> None:
        """A block of this call is on the page."""
        if (running := self._running.get(call)) is not None:
            self._shown_by[block] = running

    def cancel(self, block: str) -> bool:
        """Cancel the call that showed this block; False where none runs that did."""
        running = self._shown_by.get(block)
        if running is None:
            return False
        running.cancel()
        return True
