"""A window that forgives nothing: a hole, a repeat, a reply to `hello` that is neither gap-free nor a snapshot.

It speaks the protocol by itself and keeps its state with the protocol's own reducer. That a connection breaks is no
breach: `LOST` is what is raised then, and `attach` comes back, here or at another node.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import msgspec
from opsloom_protocol.codec import decode_server, encode
from opsloom_protocol.errors import ProtocolError
from opsloom_protocol.frames import (
    Ack,
    ClientFrame,
    ClientInfo,
    ErrorFrame,
    GoingAway,
    Hello,
    Pong,
    Retry,
    Send,
    ServerFrame,
    Snapshot,
    Welcome,
)
from opsloom_protocol.messages import Message, SessionInfo, TextPart, Turn
from opsloom_protocol.state import State, apply
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

LOST: Final = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, EOFError, TimeoutError)
"""The connection broke, was refused, or says nothing any more."""

SILENCE_SECONDS: Final = 8.0
"""A visitor who expects a frame waits so long, then it takes the connection for dead."""

_fields: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIVELESS: Final = (ErrorFrame, Ack, Pong, GoingAway)


class Breach(AssertionError):
    """The server broke a promise."""


class Visitor:
    """One window on one session. `state` survives connections; `gone` says why the last one ended."""

    def __init__(
        self, key: str, assistant: str | None, session: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.key = key
        self.url = ""
        self.headers = headers
        self.assistant = assistant
        self.session = session
        self.state: State | None = None
        self.replies: dict[str, ServerFrame] = {}
        self.hellos = 0
        self.resumed = 0
        self.snapshots = 0
        self.frames = 0
        self.ahead = 0
        """Kept replies that came before the log had got to them, and so came twice."""
        self._told_ahead: set[int] = set()
        self.silence = SILENCE_SECONDS
        self.history: deque[str] = deque(maxlen=60)
        """What came last, in short, for whoever has to find out why."""
        self._socket: ClientConnection | None = None

    @property
    def attached(self) -> bool:
        return self._socket is not None

    async def attach(self, url: str = "", *, with_cursor: bool = True) -> Welcome:
        """Connect, where it was before if no URL is given, and say hello; the reply must be a welcome, then what was
        missed or one snapshot.
        """
        self.cut()
        self.url = url or self.url
        self.history.append(f"{asyncio.get_running_loop().time():.3f} dial {self.url[-9:-3]}")
        # Within the handshake's own limit a stopped node would hold us for ten seconds.
        self._socket = await connect(
            self.url,
            subprotocols=[Subprotocol("opsloom.v1")],
            compression=None,
            max_size=1 << 25,
            open_timeout=self.silence,
            close_timeout=1,
            ping_interval=None,
            additional_headers=self.headers,
        )
        try:
            return await self._greet(with_cursor)
        except BaseException:
            self.cut()
            raise

    async def _greet(self, with_cursor: bool) -> Welcome:
        cursor = self.state.cursor if self.state is not None and with_cursor else None
        hello = Hello(
            client=ClientInfo(name="visitor", version="0"),
            key=self.key,
            session=self.session,
            assistant=self.assistant,
            cursor=cursor,
        )
        await self.say(hello)
        welcome = await self.receive()
        if isinstance(welcome, ErrorFrame) and welcome.code in ("unavailable", "internal", "rate_limited", "busy"):
            raise ConnectionError(welcome.code)
        if not isinstance(welcome, Welcome):
            raise Breach(f"The reply to hello was {welcome!r}.")
        self.session = welcome.session.id
        self.hellos += 1
        if welcome.resumed:
            if cursor is None or self.state is None:
                raise Breach("Resumed without a cursor.")
            self.resumed += 1
            self.state = self._applied(self.state, welcome)
        else:
            self.snapshots += 1
            self.state = None
            while self.state is None:
                frame = await self.step()
                if not isinstance(frame, Snapshot | ErrorFrame | GoingAway):
                    raise Breach(f"{type(frame).__name__} instead of a snapshot.")
        return welcome

    async def say(self, frame: ClientFrame) -> None:
        assert self._socket is not None
        await self._socket.send(encode(frame), text=True)

    async def step(self) -> ServerFrame:
        """Take the next frame. Raises `Breach` where one is missing or came before."""
        frame = await self.receive()
        self.frames += 1
        ref = getattr(frame, "ref", None)
        if ref is not None:
            again = ref in self.replies
            self.replies[ref] = frame
            # The reply to a repeated request comes as it was, whatever has happened since.
            if again or (self.state is not None and getattr(frame, "rev", self.state.rev + 1) <= self.state.rev):
                return frame
        if isinstance(frame, Snapshot):
            self.state = apply(State(session=SessionInfo(id="", rev=0)), frame)
            return frame
        if self.state is None:
            if isinstance(frame, _LIVELESS):
                return frame
            raise Breach(f"{type(frame).__name__} before any state.")
        before, self.state = self.state, self._applied(self.state, frame)
        rev = getattr(frame, "rev", 0)
        if ref is not None and rev:
            self._told_ahead.add(rev)
        if self.state is before and rev in self._told_ahead:
            self.ahead += 1
        elif self.state is before and not isinstance(frame, _LIVELESS):
            raise Breach(f"Said again: {frame!r} after {before.cursor}.")
        return frame

    def _applied(self, state: State, frame: ServerFrame) -> State:
        try:
            return apply(state, frame)
        except ProtocolError as error:
            raise Breach(f"{error} ({type(frame).__name__} after {state.cursor})") from error

    def cut(self) -> None:
        """Break the connection at once."""
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None

    async def close(self) -> None:
        if self._socket is not None:
            socket, self._socket = self._socket, None
            await socket.close()

    async def ask(self, frame: Any, seconds: float = 15.0) -> ServerFrame:
        """Say a request and read to its reply."""
        await self.say(frame)
        async with asyncio.timeout(seconds):
            while frame.ref not in self.replies:
                await self.step()
        return self.replies[frame.ref]

    # ------------------------------------------------------------------------------------------ what it sees

    @property
    def messages(self) -> list[Message]:
        """What stands on the path, the running answer included."""
        if self.state is None:
            return []
        return [*self.state.messages, *([self.state.turn.message] if self.state.turn else [])]

    def answer(self, question: str) -> Message | None:
        """The answer to the message with this text, as far as it is known."""
        held = self.messages
        asked = next((m.id for m in held if m.role == "user" and words(m) == question and m.status == "done"), None)
        return next((m for m in held if m.role == "assistant" and m.parent == asked), None) if asked else None

    async def until_ended(self, question: str, seconds: float = 30.0) -> Message:
        """Read to the end of the answer to this question, however it ends."""
        async with asyncio.timeout(seconds):
            while (found := self.answer(question)) is None or found.status == "running":
                await self.step()
            return found

    async def until(self, kind: type[ServerFrame], seconds: float = 15.0) -> Any:
        async with asyncio.timeout(seconds):
            while True:
                frame = await self.step()
                if isinstance(frame, kind):
                    return frame

    async def receive(self) -> ServerFrame:
        """The next frame as it comes, not applied to anything."""
        assert self._socket is not None
        async with asyncio.timeout(self.silence):
            raw = await self._socket.recv(decode=False)
        frame = decode_server(raw)
        if frame is None:
            raise Breach(f"Not a frame of the protocol: {raw[:200]!r}")
        if unknown := _fields.decode(raw).keys() - {"type", *frame.__struct_fields__}:
            raise Breach(f"{type(frame).__name__} has fields that it does not have: {', '.join(unknown)}")
        self.history.append(f"{asyncio.get_running_loop().time():.3f} {_short(frame)}")
        return frame


def _short(frame: ServerFrame) -> str:
    if isinstance(frame, Snapshot):
        held = [f"{message.role[0]}:{message.status}" for message in frame.messages]
        running = f" turn {frame.turn.epoch}/{frame.turn.seq}" if isinstance(frame.turn, Turn) else ""
        return f"snapshot rev={frame.rev} {held}{running}"
    names = ("rev", "epoch", "seq", "resumed", "status", "code", "retry_ms")
    told = [f"{name}={value}" for name in names if (value := getattr(frame, name, None)) is not None]
    return " ".join([type(frame).__name__, *told])


def words(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, TextPart))


def send(text: str) -> Send:
    return Send(ref=uuid4().hex, text=text)


def retry(message: str) -> Retry:
    return Retry(ref=uuid4().hex, message=message)
