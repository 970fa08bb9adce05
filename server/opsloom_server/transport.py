"""uvicorn's WebSocket protocol, with an end for whoever does not read and a limit for what costs us more than them.

Measured with uvicorn 0.54: `transport.close()` waits for a peer that never reads, and so keeps its socket and buffer
for good; a flood of pings is answered past all back-pressure (150 MB in 5 s); 21 MB of empty continuation frames hold
the loop for 8 s.
"""

from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from opsloom_server.settings import Limits

EXTENSION: Final = "opsloom.abort"
"""The key in an ASGI scope's `extensions` under which a socket finds what ends its connection at once."""

# What is still in the buffers of a peer that reads is there in milliseconds; of one that does not, never.
LINGER_SECONDS: Final = 2.0


class Protocol(WebSocketsSansIOProtocol):
    """One connection. `pings` a second and `fragments` a message are the most it may send; 0 = no limit."""

    pings: int = 0
    fragments: int = 0

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._second = 0.0
        self._pings = 0

    async def run_asgi(self) -> None:
        """Give the application the means to end a connection that no closing handshake will."""
        self.scope["extensions"][EXTENSION] = {"abort": self.transport.abort}
        await super().run_asgi()

    def handle_ping(self) -> None:
        """Answer a ping, but not a flood of them."""
        now = self.loop.time()
        if now - self._second >= 1:
            self._second, self._pings = now, 0
        self._pings += 1
        if self.pings and self._pings > self.pings:
            self.transport.abort()
            return
        super().handle_ping()

    def handle_cont(self, event: Frame) -> None:
        """Take a fragment of a message that has not too many of them."""
        if self.fragments and len(self.frames) >= self.fragments:
            self.transport.abort()
            return
        super().handle_cont(event)

    def data_received(self, data: bytes) -> None:
        """Nothing more is read of a connection that was ended: its frames may still wait by the thousand."""
        if not self.transport.is_closing() or self.close_sent:
            super().data_received(data)

    def keepalive_timeout(self) -> None:
        """End a connection that answers no ping."""
        super().keepalive_timeout()
        self._linger()

    def shutdown(self) -> None:
        """End the connection, as the process ends."""
        super().shutdown()
        self._linger()

    def _linger(self) -> None:
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


def protocol(limits: Limits) -> type[Protocol]:
    """The protocol class for uvicorn's `ws=`."""
    bounds = {"pings": limits.control_frames_per_second, "fragments": limits.fragments}
    return type("LimitedProtocol", (Protocol,), bounds)
