"""One socket's place: what is for it alone, and how far it has read of its session."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from opsloom_protocol.codec import encode
from opsloom_protocol.errors import CloseCode
from opsloom_protocol.frames import ErrorFrame, ServerFrame

from opsloom_server.auth.principal import Principal
from opsloom_server.errors import OpsloomError
from opsloom_server.store.ids import new_id

if TYPE_CHECKING:
    from opsloom_server.hub.live import LiveSession

OUTBOX: Final = 1_000
"""Replies that may wait for one reader; a replay is at most half of it. Beyond, its requests are not read."""


class Connection:
    """Written by the hub, emptied by the socket's writer. Nothing here waits but `wait`."""

    __slots__ = ("_outbox", "_room", "_waiter", "closing", "id", "kinds", "live", "position", "principal")

    def __init__(self, principal: Principal, kinds: tuple[str, ...] | None = None) -> None:
        self.id = new_id("con")
        self.principal = principal
        self.kinds = kinds
        self.live: LiveSession | None = None
        self.position = 0
        # Set to end the socket once everything posted is sent.
        self.closing: CloseCode | None = None
        self._outbox: deque[str] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    async def room(self) -> None:
        """Until its replies fit again: a reader that does not read is not listened to."""
        while len(self._outbox) >= OUTBOX:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    def post(self, frame: ServerFrame | str) -> None:
        """A frame for this connection alone, before whatever the ring holds next."""
        self._outbox.append(frame if isinstance(frame, str) else encode(frame).decode())
        self.wake()

    def refuse(self, error: OpsloomError, ref: str | None = None) -> None:
        self.post(error_frame(error, ref))

    def end(self, code: CloseCode) -> None:
        """Close the socket after what was posted."""
        self.closing = code
        self.wake()

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Until there may be something to send."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def take(self) -> list[str]:
        """What is to be sent now, in order; empty when there is nothing. Raises `Trimmed` when the ring went on without
        this reader."""
        if self._outbox:
            out = list(self._outbox)
            self._outbox.clear()
            if self._room is not None and not self._room.done():
                self._room.set_result(None)
            return out
        if self.live is None:
            return []
        entries = self.live.ring.since(self.position)
        self.position += len(entries)
        return [entry.text_for(self.id) for entry in entries]


def error_frame(error: OpsloomError, ref: str | None = None) -> ErrorFrame:
    """The one way an error reaches a client."""
    return ErrorFrame(code=error.code, text=error.text, ref=ref, retry_ms=error.retry_ms, issues=error.issues)
