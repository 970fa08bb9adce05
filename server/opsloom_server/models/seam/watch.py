"""A watch on a stream: it ends a read when the vendor goes silent, though its keep-alive pings go on."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType

asked_at: ContextVar[float] = ContextVar("asked_at")
"""When the request that is being made now began, by the loop's clock: a stream's reader is made when its first bytes
are there, and the vendor may have been silent until then."""


@dataclass(frozen=True)
class ModelTimeouts:
    """How long to wait for a vendor, in seconds."""

    connect: float = 5.0
    first_token: float = 60.0  # from the request to the first content
    gap: float = 30.0  # between two pieces of content; a vendor's pings do not count
    total: float = 600.0  # from the request to the end of the answer


class Watch:
    """Guards the reads of one stream. `with watch:` around each read, `content()` when something came.

    One timer that looks whether it is early costs nothing a delta; a timeout scope round each read costs 4 µs.
    The reading task is cancelled, so that whatever it waits in is torn down; `expired` then says it was us.
    """

    __slots__ = ("_limits", "_loop", "_started", "_task", "_timer", "_waits", "expired", "last")

    def __init__(self, limits: ModelTimeouts) -> None:
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._started = asked_at.get(self._loop.time())
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waits = limits.first_token
        self.last = self._started
        self.expired: str | None = None

    def content(self) -> None:
        """Content came: the gap begins anew."""
        self.last = self._loop.time()
        self._waits = self._limits.gap

    def alive(self) -> None:
        """Something came that is neither content nor a ping: it counts once the first content has come."""
        if self._waits == self._limits.gap:
            self.last = self._loop.time()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _deadline(self) -> float:
        return min(self.last + self._waits, self._started + self._limits.total)

    def _look(self) -> None:
        self._timer = None
        if self._task is None:
            return
        now = self._loop.time()
        if now < self._deadline():
            self._timer = self._loop.call_at(self._deadline(), self._look)
            return
        if now >= self._started + self._limits.total:
            self.expired = f"the answer took longer than {self._limits.total:g} s"
        else:
            self.expired = f"nothing came for {self._waits:g} s"
        self._task.cancel()

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline(), self._look)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if self.expired is not None and kind is asyncio.CancelledError and task is not None and task.uncancel() == 0:
            raise TimeoutError(self.expired) from error
