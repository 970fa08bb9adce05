"""A window that forgives nothing: it keeps a cursor as a client does, and a frame beyond the next one is an error."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from opsloom_protocol.codec import decode_server, encode
from opsloom_protocol.frames import (
    Ack,
    ClientFrame,
    ClientInfo,
    ErrorFrame,
    GoingAway,
    Hello,
    Pong,
    Send,
    ServerFrame,
    Snapshot,
    TurnEnd,
    Welcome,
)
from opsloom_protocol.messages import Message, SessionInfo, TextPart
from opsloom_protocol.state import State, apply
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol


class Tab:
    """`attach` connects and checks the reply to `hello`; `read` takes frames; `cut` breaks the connection at once."""

    def __init__(self, url: str, key: str, *, assistant: str | None = None, session: str | None = None) -> None:
        self.url = url
        self.key = key
        self.assistant = assistant
        self.session = session
        self.state: State | None = None
        self.replies: dict[str, ServerFrame] = {}
        self.resumed = 0
        self.snapshots = 0
        self._socket: ClientConnection | None = None

    async def attach(self, *, with_cursor: bool = True) -> Welcome:
        """Hello, and what must follow: a welcome, then the missing frames, or a snapshot and nothing before it."""
        self._socket = await connect(
            self.url, subprotocols=[Subprotocol("opsloom.v1")], compression=None, max_size=1 << 24
        )
        cursor = self.state.cursor if self.state is not None and with_cursor else None
        await self.say(
            Hello(
                client=ClientInfo(name="tab", version="0"),
                key=self.key,
                session=self.session,
                assistant=self.assistant,
                cursor=cursor,
            )
        )
        welcome = await self._receive()
        assert isinstance(welcome, Welcome), welcome
        self.session = welcome.session.id
        if welcome.resumed:
            assert cursor is not None
            assert self.state is not None
            self.resumed += 1
            self.state = apply(self.state, welcome)
        else:
            self.state = None
            await self.step()
        return welcome

    async def say(self, frame: ClientFrame) -> None:
        assert self._socket is not None
        await self._socket.send(encode(frame), text=True)

    def cut(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def step(self) -> ServerFrame:
        """Take the next frame. Raises `Gap` where one is missing; one that came before is an error, too."""
        frame = await self._receive()
        ref = getattr(frame, "ref", None)
        if ref is not None:
            again = ref in self.replies
            self.replies[ref] = frame
            # The reply to a repeated request comes as it was, whatever has happened since.
            if again or (self.state is not None and getattr(frame, "rev", self.state.rev + 1) <= self.state.rev):
                return frame
        if isinstance(frame, Snapshot):
            self.snapshots += 1
            self.state = apply(State(session=SessionInfo(id="", rev=0)), frame)
            return frame
        assert self.state is not None, f"{type(frame).__name__} before any state"
        before, self.state = self.state, apply(self.state, frame)
        told = isinstance(frame, ErrorFrame | Ack | Pong | GoingAway)
        assert told or self.state is not before, f"came twice: {frame}"
        return frame

    async def until_answered(self, question: str, seconds: float = 10.0) -> Message:
        """Read to the end of the answer to this question."""
        async with asyncio.timeout(seconds):
            while (found := self.answer(question)) is None or found.status == "running":
                await self.step()
            return found

    async def until(self, kind: type[ServerFrame], seconds: float = 10.0) -> Any:
        async with asyncio.timeout(seconds):
            while True:
                frame = await self.step()
                if isinstance(frame, kind):
                    return frame

    async def request(self, frame: Any, seconds: float = 10.0) -> Any:
        """Say it and read to its reply."""
        await self.say(frame)
        async with asyncio.timeout(seconds):
            while frame.ref not in self.replies:
                await self.step()
        return self.replies[frame.ref]

    def answer(self, question: str) -> Message | None:
        """The answer to the message with this text, as far as it is known."""
        if self.state is None:
            return None
        held = [*self.state.messages, *([self.state.turn.message] if self.state.turn else [])]
        asked = next((m.id for m in held if m.role == "user" and words(m) == question and m.status == "done"), None)
        return next((m for m in held if m.role == "assistant" and m.parent == asked), None) if asked else None

    async def _receive(self) -> ServerFrame:
        assert self._socket is not None
        raw = await asyncio.wait_for(self._socket.recv(decode=False), 10)
        frame = decode_server(raw)
        assert frame is not None, raw
        assert json.loads(raw).keys() <= {"type", *frame.__struct_fields__}
        return frame


def words(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, TextPart))


def send(text: str) -> Send:
    return Send(ref=uuid4().hex, text=text)


__all__ = ["ConnectionClosed", "Tab", "TurnEnd", "send", "words"]
