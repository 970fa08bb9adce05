"""uvicorn's HTTP protocol, with a deadline and a size for a request's head, and an end for whoever takes no part.

Measured with uvicorn 0.54: a connection that never finishes its head stays for ever, and a head may be as long as the
memory lasts. For ever, too, stays one that was answered before its body was whole, one that sends an empty line after
its answer, and one that does not read its answer. How fast a body has to come that is wanted, `rest.limits` says.
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
# The rest of a body that was answered already is read and thrown away: most clients read no answer before they have
# sent all. What is far over the limit, or slow, is cut off.
REST_SECONDS: Final = 30.0
# A slow line's kernel reports room only when a third of up to 4 MB is free: 11 kB a second must do.
READER_SECONDS: Final = 120.0
LOOK_EVERY: Final = 0.1


class Waiting:
    """Connections whose peer owes something, whoever has owed it longest first; it cuts off those that take longer than
    ``seconds``. With a ``crowd`` of more than so many, ``CROWD_SECONDS`` must do.

    One timer for all of them, which runs only while there are any.
    """

    def __init__(self, seconds: float, crowd: int | None = None) -> None:
        self._seconds = seconds
        self._crowd = crowd
        self._since: dict[asyncio.Transport, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flood_until = 0.0

    def __contains__(self, transport: asyncio.Transport) -> bool:
        return transport in self._since

    def add(self, transport: asyncio.Transport) -> None:
        """Begin to wait; one that is waited for already is not given more time."""
        loop = asyncio.get_running_loop()
        self._since.setdefault(transport, loop.time())
        if self._timer is None:
            self._timer = loop.call_later(LOOK_EVERY, self._look)

    def discard(self, transport: asyncio.Transport) -> None:
        self._since.pop(transport, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._crowd is not None and len(self._since) > self._crowd:
            self._flood_until = now + self._seconds
        late = now - (CROWD_SECONDS if now < self._flood_until else self._seconds)
        for transport in [one for one, since in self._since.items() if since <= late]:
            del self._since[transport]
            transport.abort()
        self._timer = loop.call_later(LOOK_EVERY, self._look) if self._since else None


class PatientHttp(HttpToolsProtocol):
    """One connection until it is upgraded or ends. What is waited for is shared by all of a server's: whole ``heads``,
    the ``rests`` of bodies that were answered already, ``readers`` of answers.
    """

    heads: Waiting
    rests: Waiting
    readers: Waiting

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._head = 0
        self.heads.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        for waiting in (self.heads, self.rests, self.readers):
            waiting.discard(self.transport)
        super().connection_lost(exc)

    # ------------------------------------------------------------------------------------------ in

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has no end."""
        super().data_received(data)
        if self.parser is None or self.transport.is_closing():
            return  # it was handed over, or has ended
        if self.transport in self.heads:
            self._head += len(data)
            if self._head > HEAD_BYTES:
                self.heads.discard(self.transport)
                self.transport.abort()
        elif self.cycle.response_complete and self.transport not in self.rests:
            # Uvicorn waits no longer for a further request: an empty line before one is no beginning to the parser.
            self._begin_head()

    def on_message_begin(self) -> None:
        """A further request on a connection that was kept."""
        super().on_message_begin()
        if self.transport not in self.heads:
            self._begin_head()

    def _begin_head(self) -> None:
        self._head = 0
        self.heads.add(self.transport)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self.heads.discard(self.transport)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole, too."""
        self.rests.discard(self.transport)
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand over, and let go of the parser: it and this protocol hold each other until a full collection."""
        super().handle_websocket_upgrade()
        self.parser = cast(Any, None)

    # ------------------------------------------------------------------------------------------ out

    def on_response_complete(self) -> None:
        """An answer is given, whether or not the whole request was read."""
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body and not self.transport.is_closing():
            self.rests.add(self.transport)

    def pause_writing(self) -> None:
        """The peer does not take what is sent."""
        super().pause_writing()
        self.readers.add(self.transport)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self.readers.discard(self.transport)


def http_protocol() -> type[PatientHttp]:
    """The protocol class for uvicorn's `http=`."""
    waiting = {
        "heads": Waiting(HEAD_SECONDS, CROWD),
        "rests": Waiting(REST_SECONDS),
        "readers": Waiting(READER_SECONDS),
    }
    return type("LimitedHttp", (PatientHttp,), waiting)
