"""One WebSocket: a reader that never waits for work, a writer that walks the session's ring, and the close codes.

Nothing else touches `starlette.websockets`.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Iterable
from typing import Final

from opsloom_protocol.codec import decode_client, encode
from opsloom_protocol.errors import CloseCode, ProtocolError
from opsloom_protocol.frames import PROTOCOL, Hello, Open
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from opsloom_server.auth import keys, origins, tickets
from opsloom_server.auth.principal import Principal
from opsloom_server.errors import (
    BadFrame,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    OpsloomError,
    RateLimited,
    Unavailable,
)
from opsloom_server.hub import Connection, Hub
from opsloom_server.hub.connection import error_frame
from opsloom_server.log.ring import Trimmed
from opsloom_server.store import assistants
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from opsloom_server.transport import EXTENSION, LINGER_SECONDS

HELLO_SECONDS: Final = 5.0
HELLO_BYTES: Final = 8_192
STUCK_SECONDS: Final = 10.0
WATCH_EVERY: Final = 1.0
BAD_FRAMES: Final = 5
BAD_FRAMES_SECONDS: Final = 60.0
# Sockets that have not said who they are, from one address.
STRANGERS: Final = 20

_log = logging.getLogger(__name__)


class Sockets:
    """The endpoint of `/ws`, and the watch over its sockets."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._open: set[Socket] = set()
        self._arrivals: dict[str, deque[float]] = {}
        self._strangers: dict[str, int] = {}

    async def __call__(self, websocket: WebSocket) -> None:
        """Serve one socket from its upgrade to its end."""
        address = websocket.client.host if websocket.client else ""
        refusal = await self._refusal(websocket, address)
        if refusal is not None:
            await websocket.send_denial_response(refusal)
            return
        offered = websocket.scope.get("subprotocols", [])
        await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        socket = Socket(websocket, self.hub)
        self._open.add(socket)
        self._strangers[address] = self._strangers.get(address, 0) + 1
        try:
            known = await socket.greet()
        finally:
            self._strangers[address] -= 1
            if not self._strangers[address]:
                del self._strangers[address]
            self._open.discard(socket)
        if not known:
            return
        self._open.add(socket)
        try:
            await socket.run()
        finally:
            self._open.discard(socket)

    async def _refusal(self, websocket: WebSocket, address: str) -> PlainTextResponse | None:
        if self.hub.draining:
            return PlainTextResponse("This server is stopping; try again in a moment.", 503, {"retry-after": "1"})
        if not await self._is_welcome(websocket):
            return PlainTextResponse("Pages of this origin may not connect. An owner can list it under sites.", 403)
        limit = self.hub.environment.settings.limits.connects_per_second
        if (limit and not self._arrives(address, limit)) or self._strangers.get(address, 0) >= STRANGERS:
            return PlainTextResponse("Too many connections at once from your address.", 429, {"retry-after": "1"})
        return None

    async def _is_welcome(self, websocket: WebSocket) -> bool:
        origin, host = websocket.headers.get("origin"), websocket.headers.get("host")
        public_url = self.hub.environment.settings.public_url
        if origins.is_allowed(origin, host, public_url):
            return True
        listed: Iterable[str] = ()
        with contextlib.suppress(Unavailable):
            async with self.hub.environment.database.transact(DEFAULT_WORKSPACE) as connection:
                listed = await assistants.origins(connection)
        return origins.is_allowed(origin, host, public_url, listed)

    def _arrives(self, address: str, limit: int) -> bool:
        now = time.monotonic()
        arrivals = self._arrivals.setdefault(address, deque())
        while arrivals and arrivals[0] <= now - 1:
            arrivals.popleft()
        if len(arrivals) >= limit:
            return False
        arrivals.append(now)
        if len(self._arrivals) > 10_000:
            self._arrivals = {one: times for one, times in self._arrivals.items() if times[-1] > now - 1}
        return True

    async def watch(self) -> None:
        """Close sockets that do not read. One task for all of them: a timer a frame would cost more than the frame."""
        while True:
            await asyncio.sleep(WATCH_EVERY)
            late = time.monotonic() - STUCK_SECONDS
            for socket in [one for one in self._open if one.sending_since < late]:
                socket.give_up()


class Socket:
    """One accepted socket. `run` is its reader; its writer is a task that `run` owns."""

    __slots__ = ("_bad", "_hub", "_reader", "_socket", "_stuck", "connection", "sending_since")

    def __init__(self, websocket: WebSocket, hub: Hub) -> None:
        self._socket = websocket
        self._hub = hub
        self._bad: deque[float] = deque()
        self._reader: asyncio.Task[None] | None = None
        self._stuck = False
        self.connection: Connection | None = None
        # When the send that is under way began; infinity while none is.
        self.sending_since = float("inf")

    async def greet(self) -> bool:
        """Read `hello` and attach. False when the socket was closed instead."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                raw = await self._receive()
        except TimeoutError:
            await self._close(CloseCode.NO_HELLO)
            return False
        if raw is None:
            return False
        try:
            hello = self._hello(raw)
            principal = await self._who(hello)
        except OpsloomError as error:
            await self._reject(error)
            return False
        if not self._hub.allowance.connect(principal.user):
            await self._reject(RateLimited("Too many windows are open at once; close one of them."))
            return False
        connection = Connection(principal, hello.kinds)
        try:
            await self._hub.attach(connection, hello)
        except OpsloomError as error:
            self._hub.allowance.disconnect(principal.user)
            await self._reject(error)
            return False
        except BaseException:
            self._hub.allowance.disconnect(principal.user)
            raise
        self.connection = connection
        return True

    def _hello(self, raw: str) -> Hello:
        if len(raw) > HELLO_BYTES:
            raise BadFrame("The first frame is too long.")
        try:
            frame = decode_client(raw)
        except ProtocolError as error:
            raise BadFrame(error.text) from None
        if not isinstance(frame, Hello):
            raise BadFrame("The first frame must be `hello`.")
        return frame

    async def _who(self, hello: Hello) -> Principal:
        database = self._hub.environment.database
        if hello.ticket is not None:
            return await tickets.redeem(database, hello.ticket, self._socket.headers.get("origin"))
        if hello.key is not None:
            return await keys.check(database, hello.key)
        raise NotSignedIn("Say who you are: `hello` needs a `ticket` or a `key`.")

    # ------------------------------------------------------------------------------------------ both directions

    async def run(self) -> None:
        """Read until the end, then let go of everything."""
        connection = self.connection
        assert connection is not None
        self._reader = asyncio.current_task()
        writer = asyncio.create_task(self._write(connection), name=f"writer {connection.id}")
        try:
            await self._read(connection)
        except asyncio.CancelledError:
            if not self._stuck:
                raise
        finally:
            self._hub.detach(connection)
            self._hub.allowance.disconnect(connection.principal.user)
            writer.cancel()
            await asyncio.wait([writer])
        if self._stuck:
            # It may read what is in its buffers and the close code behind that; if not, it is cut off.
            with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
                async with asyncio.timeout(LINGER_SECONDS):
                    await self._close(CloseCode.STUCK)
                    while (await self._socket.receive())["type"] != "websocket.disconnect":
                        pass
            self._abort()

    def _abort(self) -> None:
        extension = self._socket.scope.get("extensions", {}).get(EXTENSION)
        if extension is not None:
            extension["abort"]()

    async def _read(self, connection: Connection) -> None:
        """Never waits for work: an unread socket would not see its own pongs either."""
        while (raw := await self._receive()) is not None:
            try:
                frame = decode_client(raw)
            except ProtocolError as error:
                connection.refuse(BadFrame(error.text), error.ref)
                if self._too_many_bad():
                    await self._close(CloseCode.BAD_FRAMES)
                    return
                continue
            if isinstance(frame, Hello):
                connection.refuse(BadFrame("`hello` was said already; use `open` for another session."))
                continue
            if isinstance(frame, Open) and frame.session is None and frame.assistant is None:
                connection.refuse(Invalid("Name a session or an assistant."), frame.ref)
                continue
            await connection.room()
            self._hub.submit(connection, frame)

    async def _write(self, connection: Connection) -> None:
        socket = self._socket
        try:
            while True:
                try:
                    texts = connection.take()
                except Trimmed:
                    if connection.live is not None:
                        await connection.live.catch_up(connection)
                    continue
                if not texts:
                    if connection.closing is not None:
                        await self._close(connection.closing)
                        return
                    await connection.wait()
                    continue
                for text in texts:
                    self.sending_since = time.monotonic()
                    await socket.send({"type": "websocket.send", "text": text})
                self.sending_since = float("inf")
        except WebSocketDisconnect:
            return  # the reader sees it too
        except OpsloomError as error:
            _log.warning("a writer gave up: %s", error.code)
            await self._reject(error)

    async def _receive(self) -> str | None:
        """The next message's text; None at the end."""
        message = await self._socket.receive()
        if message["type"] != "websocket.receive":
            return None
        text: str | None = message.get("text")
        return text if text is not None else (message.get("bytes") or b"").decode("utf-8", "replace")

    def _too_many_bad(self) -> bool:
        now = time.monotonic()
        self._bad.append(now)
        while self._bad[0] < now - BAD_FRAMES_SECONDS:
            self._bad.popleft()
        return len(self._bad) >= BAD_FRAMES

    # ------------------------------------------------------------------------------------------ the end

    def give_up(self) -> None:
        """It does not read: end it. What it missed is in the session."""
        if self._reader is not None and not self._stuck:
            self._stuck = True
            self.sending_since = float("inf")
            self._reader.cancel()

    async def _reject(self, error: OpsloomError) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.send({"type": "websocket.send", "text": encode(error_frame(error)).decode()})
            await self._close(_code_of(error))

    async def _close(self, code: CloseCode) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close(code)


def _code_of(error: OpsloomError) -> CloseCode:
    match error:
        case NotSignedIn():
            return CloseCode.SIGNED_OUT
        case Forbidden():
            return CloseCode.NOT_ALLOWED
        case NotFound():
            return CloseCode.NOT_FOUND
        case RateLimited():
            return CloseCode.TOO_MANY
        case BadFrame() | Invalid():
            return CloseCode.BAD_FRAMES
        case _:
            return CloseCode.RESTART
