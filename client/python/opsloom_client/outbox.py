"""Requests without a reply yet: kept in order, sent again after every break under the same `ref`, settled once.

Pure but for the futures: the connection's writer asks what may go out, the reader says what came back.
"""

import asyncio
import secrets
from typing import Final

from msgspec import Struct
from opsloom_protocol.codec import encode
from opsloom_protocol.errors import ErrorCode
from opsloom_protocol.frames import (
    Act,
    Choose,
    Edit,
    ErrorFrame,
    Feedback,
    Open,
    Retry,
    Send,
    ServerFrame,
    Stop,
    Withdraw,
)

from opsloom_client.errors import Disconnected, Full, Refused

Request = Open | Send | Withdraw | Act | Stop | Retry | Edit | Choose | Feedback

CAPACITY: Final = 100
"""Requests that may wait. A person makes a few; a program that is faster than its server must notice."""

PATIENCE: Final = 60.0
"""Seconds for which what passes by itself is waited out before the caller hears of it."""

_PASSING: Final[frozenset[ErrorCode]] = frozenset({"unavailable", "rate_limited"})
# `busy` with a delay is a full place; without one an answer runs, and it is for the caller to stop it or to wait.
_PASSING_WITH_DELAY: Final[frozenset[ErrorCode]] = frozenset({"busy"})
_PAUSE: Final = 1.0


def new_ref() -> str:
    """A name for a request that no other has: 128 bits."""
    return secrets.token_hex(16)


class Waiting(Struct, eq=False):
    """A request on its way. `not_before` and `since` are the event loop's seconds."""

    frame: Request
    reply: asyncio.Future[ServerFrame]
    since: float
    sent: bool = False
    not_before: float = 0.0


class Outbox:
    """Bounded; an `open` goes alone, as what is asked after it is meant for the other session."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._waiting: dict[str, Waiting] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, frame: Request) -> asyncio.Future[ServerFrame]:
        """Keep it until its reply, which is what the future holds. Raises `Full`."""
        if len(self._waiting) >= self._capacity:
            raise Full(f"{self._capacity} requests are waiting for an answer already.")
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[ServerFrame] = loop.create_future()
        self._waiting[frame.ref] = Waiting(frame=frame, reply=reply, since=loop.time())
        self._changed.set()
        return reply

    @property
    def owed(self) -> bool:
        """Whether a reply should come any moment: something was sent, and the server did not ask for patience."""
        return any(waiting.sent for waiting in self._waiting.values())

    def restart(self) -> None:
        """A new connection: everything is to be sent again."""
        for waiting in self._waiting.values():
            waiting.sent = False
        self._changed.set()

    async def next(self) -> Request:
        """Wait for the next request that may go out, in the order in which they were made."""
        while True:
            now = asyncio.get_running_loop().time()
            wait: float | None = None
            for at, waiting in enumerate(self._waiting.values()):
                alone = isinstance(waiting.frame, Open)
                if alone and at > 0:
                    break
                if not waiting.sent:
                    if waiting.not_before <= now:
                        waiting.sent = True
                        return waiting.frame
                    wait = waiting.not_before - now
                    break  # what comes after it stays behind it
                if alone:
                    break
            self._changed.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def answer(self, frame: ServerFrame) -> bool:
        """Settle the request that the frame replies to; whether there was one."""
        ref = getattr(frame, "ref", None)
        waiting = self._waiting.get(ref) if isinstance(ref, str) else None
        if waiting is None:
            return False
        if isinstance(frame, ErrorFrame):
            self._refused(waiting, frame)
        else:
            self._settle(waiting, frame)
        return True

    def _refused(self, waiting: Waiting, frame: ErrorFrame) -> None:
        now = asyncio.get_running_loop().time()
        pause = _PAUSE if frame.retry_ms is None else frame.retry_ms / 1000
        passing = frame.code in _PASSING or (frame.code in _PASSING_WITH_DELAY and frame.retry_ms is not None)
        if passing and now + pause < waiting.since + PATIENCE:
            waiting.sent = False
            waiting.not_before = now + pause
            self._changed.set()
            return
        self._settle(waiting, Refused.of(frame))

    def refuse_biggest(self, error: Refused) -> None:
        """The connection was closed for a frame over the limit: it was the biggest one that went out."""
        sent = [waiting for waiting in self._waiting.values() if waiting.sent]
        if sent:
            self._settle(max(sent, key=lambda waiting: len(encode(waiting.frame))), error)

    def fail(self, error: Disconnected) -> None:
        """No reply will come any more."""
        for waiting in list(self._waiting.values()):
            self._settle(waiting, error)

    def _settle(self, waiting: Waiting, outcome: ServerFrame | Exception) -> None:
        del self._waiting[waiting.frame.ref]
        self._changed.set()
        if waiting.reply.done():
            return
        if isinstance(outcome, Exception):
            waiting.reply.set_exception(outcome)
            waiting.reply.exception()  # a caller that never looks is no news for the log
        else:
            waiting.reply.set_result(outcome)
