"""One connection: a reader that never waits for work, a writer that walks the session's ring, and the close codes.

A connection that is idle holds one task, uvicorn's own, which reads; frames are written by a callback, straight to the
connection, as far as its peer takes them.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from opsloom_protocol.codec import decode_client, encode
from opsloom_protocol.errors import CloseCode, ProtocolError
from opsloom_protocol.frames import Hello, Open
from starlette.types import Message, Receive, Send

from opsloom_server.auth import keys, tickets
from opsloom_server.auth.principal import Principal
from opsloom_server.errors import BadFrame, Forbidden, Invalid, NotFound, NotSignedIn, OpsloomError, RateLimited
from opsloom_server.hub import Connection, Hub
from opsloom_server.hub.connection import error_frame
from opsloom_server.log.ring import Trimmed
from opsloom_server.transport import LINGER_SECONDS, Wire

HELLO_SECONDS: Final = 5.0
HELLO_BYTES: Final = 8_192
BAD_FRAMES: Final = 5
BAD_FRAMES_SECONDS: Final = 60.0
# An outbox of a day without a network is sent at once; beyond this a second, frames are read as they fit.
FRAMES_PER_SECOND: Final = 200

_log = logging.getLogger(__name__)


class Socket:
    """One accepted socket. `run` is its reader; `_flush`, called on the loop, its writer."""

    __slots__ = (
        "_bad",
        "_due",
        "_frames",
        "_hub",
        "_leaving",
        "_reader",
        "_receive",
        "_second",
        "_send",
        "_stuck",
        "_wire",
        "_work",
        "connection",
    )

    def __init__(self, hub: Hub, receive: Receive, send: Send, wire: Wire) -> None:
        self._hub = hub
        self._receive = receive
        self._send = send
        self._wire = wire
        # When the last bad frames came; made with the first.
        self._bad: deque[float] | None = None
        # Frames read since the second began, for `FRAMES_PER_SECOND`.
        self._frames = 0
        self._second = 0.0
        # Whether `_flush` is on its way.
        self._due = False
        # What the writer must wait for: a snapshot from the database, or the closing. Meanwhile nothing is written.
        self._work: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._stuck = False
        # Whether it was dismissed: nothing is read or shown any more.
        self._leaving = False
        self.connection: Connection | None = None

    @property
    def stuck_since(self) -> float:
        return self._wire.stuck_since

    @property
    def has_run_out(self) -> bool:
        """Whether the credential that it was opened with has expired, and it was not dismissed for it yet."""
        until = self.connection.principal.until if self.connection is not None else None
        return until is not None and until <= time.monotonic() and not self._leaving

    # ------------------------------------------------------------------------------------------ the beginning

    async def greet(self, origin: str | None) -> bool:
        """Read `hello` and attach. False when the socket was closed instead."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                message = await self._receive()
        except TimeoutError:
            await self._close(CloseCode.NO_HELLO)
            return False
        if message["type"] != "websocket.receive":
            return False
        try:
            hello = _hello(text_of(message))
            principal = await self._who(hello, origin)
        except OpsloomError as error:
            await self._reject(error)
            return False
        if not self._hub.allowance.connect(principal.user):
            await self._reject(RateLimited("Too many windows are open at once; close one of them."))
            return False
        connection = Connection(principal, hello.kinds, self._wake)
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

    async def _who(self, hello: Hello, origin: str | None) -> Principal:
        database = self._hub.environment.database
        if hello.ticket is not None:
            return await tickets.redeem(database, hello.ticket, origin)
        if hello.key is not None:
            return await keys.check(database, hello.key)
        raise NotSignedIn("Say who you are: `hello` needs a `ticket` or a `key`.")

    # ------------------------------------------------------------------------------------------ reading

    async def run(self) -> None:
        """Read until the end, then let go of everything. Never waits for work: an unread socket would not see its own
        pongs either.
        """
        connection = self.connection
        assert connection is not None
        self._reader = asyncio.current_task()
        self._wire.drained = self._wake
        self._wake()
        try:
            while (message := await self._receive())["type"] == "websocket.receive":
                if not self._take(connection, text_of(message)):
                    await self._close(CloseCode.BAD_FRAMES)
                    break
                if connection.full:
                    await connection.room()
                if wait := self._ahead():
                    await asyncio.sleep(wait)
        except asyncio.CancelledError:
            if not self._stuck:
                raise
        finally:
            self._wire.drained = None
            self._hub.detach(connection)
            self._hub.allowance.disconnect(connection.principal.user)
            if self._work is not None:
                self._work.cancel()
                await asyncio.wait([self._work])
        if self._stuck:
            await self._cut_off()

    def _take(self, connection: Connection, text: str) -> bool:
        """Hand a frame on; False when there have been too many that are none."""
        if self._leaving:
            return True
        try:
            frame = decode_client(text)
        except ProtocolError as error:
            connection.refuse(BadFrame(error.text), error.ref)
            return not self._too_many_bad()
        if isinstance(frame, Hello):
            connection.refuse(BadFrame("`hello` was said already; use `open` for another session."))
        elif isinstance(frame, Open) and frame.session is None and frame.assistant is None:
            connection.refuse(Invalid("Name a session or an assistant."), frame.ref)
        else:
            self._hub.submit(connection, frame)
        return True

    def _ahead(self) -> float:
        """Seconds by which the peer's frames are ahead of what one may send; 0 for anybody but a flood."""
        now = time.monotonic()
        if now - self._second >= 1:
            self._second, self._frames = now, 0
        self._frames += 1
        return self._second + 1 - now if self._frames >= FRAMES_PER_SECOND else 0

    def _too_many_bad(self) -> bool:
        now = time.monotonic()
        if self._bad is None:
            self._bad = deque()
        self._bad.append(now)
        while self._bad[0] < now - BAD_FRAMES_SECONDS:
            self._bad.popleft()
        return len(self._bad) >= BAD_FRAMES

    # ------------------------------------------------------------------------------------------ writing

    def _wake(self) -> None:
        """There may be something to send: what this turn of the loop brings goes together."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        """Send what there is, as far as the peer takes it."""
        self._due = False
        connection, wire = self.connection, self._wire
        if connection is None or self._work is not None:
            return
        try:
            while wire.writable.is_set():
                texts = connection.take()
                if not texts:
                    code, connection.closing = connection.closing, None
                    if code is not None:
                        self._begin(partial(self._close, code))
                    return
                wire.write(texts)
        except Trimmed:
            live = connection.live
            if live is not None:
                self._begin(partial(live.catch_up, connection))

    def _begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._work = asyncio.create_task(self._wait_for(work), name="writer")

    async def _wait_for(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except OpsloomError as error:
            _log.warning("a writer gave up: %s", error.code)
            await self._reject(error)
        except Exception:
            _log.exception("a writer broke")
            await self._reject(OpsloomError())
        finally:
            self._work = None
        self._wake()

    # ------------------------------------------------------------------------------------------ the end

    def dismiss(self, error: OpsloomError, code: CloseCode) -> None:
        """Somebody may no longer be here. They get what was posted to them and this error; of the session, no more:
        however slowly they read, or whatever they send meanwhile.
        """
        assert self.connection is not None
        self._leaving = True
        self._hub.detach(self.connection)
        self.connection.refuse(error)
        self.connection.end(code)

    def give_up(self) -> None:
        """It does not read: end it. What it missed is in the session."""
        if self._reader is not None and not self._stuck:
            self._stuck = True
            self._reader.cancel()

    async def _cut_off(self) -> None:
        """It may read what is in its buffers and the close code behind that; if not, it is cut off.

        The code can only be sent once the peer reads again: its window is full, and what was written lies before it.
        From then on it has as long once more to take it, as after every close.
        """
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                await self._close(CloseCode.STUCK)
        except TimeoutError:
            self._wire.abort()

    async def _reject(self, error: OpsloomError) -> None:
        self._wire.write([encode(error_frame(error)).decode()])
        await self._close(_code_of(error))

    async def _close(self, code: CloseCode) -> None:
        # It may be closed already (RuntimeError), or its peer gone (OSError).
        with contextlib.suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.close", "code": code})


def text_of(message: Message) -> str:
    """A received message's text; bytes are read as text."""
    text: str | None = message.get("text")
    return text if text is not None else (message.get("bytes") or b"").decode("utf-8", "replace")


def _hello(raw: str) -> Hello:
    if len(raw) > HELLO_BYTES or len(raw.encode()) > HELLO_BYTES:
        raise BadFrame("The first frame is too long.")
    try:
        frame = decode_client(raw)
    except ProtocolError as error:
        raise BadFrame(error.text) from None
    if not isinstance(frame, Hello):
        raise BadFrame("The first frame must be `hello`.")
    return frame


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
