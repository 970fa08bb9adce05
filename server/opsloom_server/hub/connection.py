"""One socket's place: what is for it alone, and how far it has read of its session."""

import asyncio
from collections import deque
from collections.abc import Callable
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

OUTBOX_CHARS: Final = 1 << 20
"""And beyond this: a snapshot alone may have as much."""

BATCH: Final = 65_536
"""Characters taken at a time, if there is more than one frame: what a peer does not read waits in the ring."""


CATCH_UP: Final = 100
"""Hundredths of a second to wait for a reader before a reply that it may not need any more."""


class Connection:
    """Written by the hub, emptied by its socket, which is `woken` when there may be something."""

    __slots__ = ("_outbox", "_room", "_waiting", "_woken", "closing", "id", "kinds", "live", "position", "principal")

    def __init__(self, principal: Principal, kinds: tuple[str, ...] | None, woken: Callable[[], None]) -> None:
        self.id = new_id("con")
        self.principal = principal
        self.kinds = kinds
        self.live: LiveSession | None = None
        self.position = 0
        # Set to end the socket once everything posted is sent.
        self.closing: CloseCode | None = None
        self._woken = woken
        # Made when there is a reply: an empty one takes 760 bytes.
        self._outbox: deque[str] | None = None
        # Characters in it.
        self._waiting = 0
        self._room: asyncio.Future[None] | None = None

    async def room(self) -> None:
        """Until its replies fit again: a reader that does not read is not listened to."""
        while self.full:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    async def caught_up(self) -> None:
        """Until it has been sent all that the ring holds; a reader that does not read is not waited for."""
        for _ in range(CATCH_UP):
            if self.live is None or self.position >= self.live.ring.end:
                return
            await asyncio.sleep(0.01)

    @property
    def full(self) -> bool:
        return self._outbox is not None and (len(self._outbox) >= OUTBOX or self._waiting >= OUTBOX_CHARS)

    def post(self, frame: ServerFrame | str) -> None:
        """A frame for this connection alone, before whatever the ring holds next."""
        if self._outbox is None:
            self._outbox = deque()
        text = frame if isinstance(frame, str) else encode(frame).decode()
        self._outbox.append(text)
        self._waiting += len(text)
        self.wake()

    def refuse(self, error: OpsloomError, ref: str | None = None) -> None:
        self.post(error_frame(error, ref))

    def end(self, code: CloseCode) -> None:
        """Close the socket after what was posted."""
        self.closing = code
        self.wake()

    def wake(self) -> None:
        self._woken()

    def take(self) -> list[str]:
        """What is to be sent now, in order; empty when there is nothing. Raises `Trimmed` when the ring went on without
        this reader."""
        if self._outbox is not None:
            return self._posted(self._outbox)
        if self.live is None:
            return []
        texts, size = [], 0
        for entry in self.live.ring.since(self.position):
            texts.append(entry.text_for(self.id))
            size += len(entry.text)
            if size >= BATCH:
                break
        self.position += len(texts)
        return texts

    def _posted(self, outbox: deque[str]) -> list[str]:
        texts, size = [], 0
        while outbox and size < BATCH:
            texts.append(outbox.popleft())
            size += len(texts[-1])
        self._waiting -= size
        if not outbox:
            self._outbox = None
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        return texts


def error_frame(error: OpsloomError, ref: str | None = None) -> ErrorFrame:
    """The one way an error reaches a client."""
    return ErrorFrame(code=error.code, text=error.text, ref=ref, retry_ms=error.retry_ms, issues=error.issues)
