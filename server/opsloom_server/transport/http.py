"""uvicorn's HTTP protocol, with a deadline and a size for a request's head.

Measured with uvicorn 0.54: a connection that never finishes its head stays for ever, and a head may be as long as the
memory lasts.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES: Final = 65_536
# A phone in a tunnel needs some seconds; whoever has not asked for anything by then never will.
HEAD_SECONDS: Final = 10.0
# With more than so many heads unfinished, a flood is on, and for a while less than half a second must do.
CROWD: Final = 256
CROWD_SECONDS: Final = 0.4
LOOK_EVERY: Final = 0.1


class Waiting:
    """Connections whose request's head is not whole yet, the oldest first; it cuts off those that take too long.

    One timer for all of them, which runs only while there are any.
    """

    def __init__(self) -> None:
        self._since: dict[asyncio.Transport, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flood_until = 0.0

    def __contains__(self, transport: asyncio.Transport) -> bool:
        return transport in self._since

    def add(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        self._since[transport] = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(LOOK_EVERY, self._look)

    def discard(self, transport: asyncio.Transport) -> None:
        self._since.pop(transport, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if len(self._since) > CROWD:
            self._flood_until = now + HEAD_SECONDS
        late = now - (CROWD_SECONDS if now < self._flood_until else HEAD_SECONDS)
        for transport in [one for one, since in self._since.items() if since <= late]:
            del self._since[transport]
            transport.abort()
        self._timer = loop.call_later(LOOK_EVERY, self._look) if self._since else None


class PatientHttp(HttpToolsProtocol):
    """One connection until it is upgraded or ends. `waiting` is shared by all of a server's."""

    waiting: Waiting

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._head = 0
        self.waiting.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self.waiting.discard(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has no end."""
        super().data_received(data)
        if self.transport in self.waiting:
            self._head += len(data)
            if self._head > HEAD_BYTES:
                self.waiting.discard(self.transport)
                self.transport.abort()

    def on_message_begin(self) -> None:
        """A further request on a connection that was kept."""
        super().on_message_begin()
        if self.transport not in self.waiting:
            self._head = 0
            self.waiting.add(self.transport)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self.waiting.discard(self.transport)
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand over, and let go of the parser: it and this protocol hold each other until a full collection."""
        super().handle_websocket_upgrade()
        self.parser = cast(Any, None)


def http_protocol() -> type[PatientHttp]:
    """The protocol class for uvicorn's `http=`."""
    return type("LimitedHttp", (PatientHttp,), {"waiting": Waiting()})
