"""uvicorn's WebSocket protocol: what it takes from a peer is limited, and frames go out without a task.

Measured with uvicorn 0.54: `transport.close()` waits for a peer that never reads, and so keeps its socket and buffer
for good; a flood of pings is answered past all back-pressure (150 MB in 5 s); 21 MB of empty continuation frames hold
the loop for 8 s.
"""

import asyncio
import struct
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.protocol import State

from opsloom_server.settings import Limits
from opsloom_server.transport.waiting import Gate, Mailbox

EXTENSION: Final = "opsloom.wire"
"""The key in an ASGI scope's `extensions` under which a socket finds its `Wire`."""

# What is still in the buffers of a peer that reads is there in milliseconds; of one that does not, never.
LINGER_SECONDS: Final = 2.0
# uvloop reads up to 256 KiB at a time: 43,000 empty frames, which take 0.2 s. In pieces, a flood is cut within 10 ms.
PIECE: Final = 8_192
# Messages of one read. A client that comes back sends its outbox at once; nobody's holds a thousand.
BURST: Final = 1_000
# What a peer may have sent before it heard that this is the end.
AFTER_CLOSE: Final = 1 << 20
NEVER: Final = float("inf")


class Wire(Protocol):
    """What a socket may do with its connection beside ASGI: send without waiting, and know when it must stop."""

    writable: Gate
    stuck_since: float
    """When the peer stopped taking what was sent, on `time.monotonic`; infinity while it does not."""
    drained: Callable[[], None] | None
    """Called on the loop when `writable` opens again."""

    def write(self, texts: Iterable[str]) -> None:
        """Send text messages at once; what the peer does not take waits in memory. Nothing once it is closing."""

    def abort(self) -> None:
        """End the connection without a closing handshake."""


class LimitedWebSocket(WebSocketsSansIOProtocol):
    """One connection. `control_frames` a second and `fragments` a message are the most it may send; 0 = no limit."""

    __slots__ = ("_after_close", "_controls", "_second", "drained", "stuck_since")

    control_frames: int = 0
    fragments: int = 0

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.queue = cast(Any, Mailbox())
        self.writable = cast(Any, Gate())
        self.stuck_since = NEVER
        self.drained: Callable[[], None] | None = None
        self._second = 0.0
        self._controls = 0
        self._after_close = 0

    # ------------------------------------------------------------------------------------------ out

    async def run_asgi(self) -> None:
        """Hand the application its `Wire`."""
        cast(Any, self.scope)["extensions"][EXTENSION] = self
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        """Send an ASGI message; the handshake's own objects end with it (4 kB of headers, kept three times)."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            self.request = self.response = cast(Any, None)
        elif message["type"] == "websocket.close":
            self._linger()
        elif self.initial_response is not None and self.close_sent:
            self.handshake_complete = True  # refused in words: uvicorn would log it as an application's error

    def write(self, texts: Iterable[str]) -> None:
        """Send text messages at once."""
        if self.conn.state is State.OPEN and not self.transport.is_closing():
            self.transport.write(b"".join([framed(text) for text in texts]))

    def pause_writing(self) -> None:
        """The peer does not take what is sent."""
        super().pause_writing()
        self.stuck_since = time.monotonic()

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self.stuck_since = NEVER
        if self.drained is not None:
            self.drained()

    # ------------------------------------------------------------------------------------------ in

    def data_received(self, data: bytes) -> None:
        """Read, in pieces; nothing more of a connection that was ended."""
        for start in range(0, len(data), PIECE):
            if self.transport.is_closing() and not self.close_sent:
                return
            super().data_received(data if len(data) <= PIECE else data[start : start + PIECE])
            if len(cast(Mailbox, self.queue)) > BURST:
                self.transport.abort()
        if self.close_sent:
            self._after_close += len(data)
        # Or the head was whole, but not one that websockets can read.
        if self._after_close > AFTER_CLOSE or not self.handshake_initiated:
            self.transport.abort()

    def handle_ping(self) -> None:
        """Answer a ping, but not a flood of them."""
        if self._may_control():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Take a pong; nobody asked for a flood of them."""
        if self._may_control():
            super().handle_pong(event)

    def _may_control(self) -> bool:
        now = self.loop.time()
        if now - self._second >= 1:
            self._second, self._controls = now, 0
        self._controls += 1
        if not self.control_frames or self._controls <= self.control_frames:
            return True
        self.transport.abort()
        return False

    def handle_cont(self, event: Frame) -> None:
        """Take a fragment of a message that has not too many of them."""
        if self.fragments and len(self.frames) >= self.fragments:
            self.transport.abort()
            return
        super().handle_cont(event)

    # ------------------------------------------------------------------------------------------ the end

    def abort(self) -> None:
        """End the connection without a closing handshake."""
        self.transport.abort()

    def keepalive_timeout(self) -> None:
        """End a connection that answers no ping."""
        super().keepalive_timeout()
        self._linger()

    def shutdown(self) -> None:
        """End the connection, as the process ends."""
        super().shutdown()
        self._linger()

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer is gone."""
        super().connection_lost(exc)
        self.drained = None

    def _linger(self) -> None:
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


def framed(text: str) -> bytes:
    """A text message as one WebSocket frame from a server: final, unmasked, not compressed."""
    data = text.encode()
    size = len(data)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + data
    if size < 65_536:
        return struct.pack("!BBH", 0x81, 126, size) + data
    return struct.pack("!BBQ", 0x81, 127, size) + data


def protocol(limits: Limits) -> type[asyncio.Protocol]:
    """The protocol class for uvicorn's `ws=`."""
    bounds = {"control_frames": limits.control_frames_per_second, "fragments": limits.fragments}
    return type("LimitedProtocol", (LimitedWebSocket,), {"__slots__": (), **bounds})
