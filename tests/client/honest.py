"""A small server that keeps the protocol's promises: the tree is a line, the model says what the test scripted.

Its recovery rules are its own: one list of everything that was said, in order, and a cursor is a place in it.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from msgspec import UNSET
from opsloom_protocol.codec import decode_client, encode
from opsloom_protocol.frames import (
    Ack,
    ClientFrame,
    ErrorFrame,
    Feedback,
    Hello,
    MessageAdded,
    MessageUpdate,
    Open,
    Ping,
    Pong,
    Send,
    ServerFrame,
    Snapshot,
    Stop,
    TextDelta,
    TurnEnd,
    TurnStart,
    Welcome,
)
from opsloom_protocol.messages import (
    AssistantInfo,
    Author,
    Cursor,
    FeedbackMark,
    Message,
    MessageChange,
    SessionInfo,
    TextPart,
    Turn,
)
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidState
from websockets.typing import Subprotocol

Place = tuple[int, str | None, int | None]
"""`rev`, the running turn, its `seq`."""


class Session:
    """One conversation: what was said, and what runs."""

    def __init__(self, server: "HonestServer", name: str) -> None:
        self.server = server
        self.id = name
        self.rev = 0
        self.path: list[Message] = []
        self.queued: list[Message] = []
        self.running: Message | None = None
        self.turn = ""
        self.seq = 0
        self.said: list[tuple[Place, ServerFrame]] = []
        self.trimmed = 0
        self.replies: dict[str, tuple[ClientFrame, ServerFrame]] = {}
        self.sockets: set[ServerConnection] = set()
        self.task: asyncio.Task[None] | None = None
        self.stopping = False

    @property
    def place(self) -> Place:
        return (self.rev, self.turn, self.seq) if self.running else (self.rev, None, None)

    def say(self, frame: ServerFrame) -> None:
        self.said.append((self.place, frame))
        for socket in list(self.sockets):
            tell(socket, frame)

    def after(self, cursor: Cursor) -> list[ServerFrame] | None:
        """What the cursor lacks; None where that is not known any more."""
        wanted = (cursor.rev, cursor.turn, cursor.seq)
        if wanted == (0, None, None) and not self.trimmed:
            return [frame for _, frame in self.said]
        places = [place for place, _ in self.said]
        if wanted not in places or places.index(wanted) < self.trimmed:
            return None
        return [frame for _, frame in self.said[places.index(wanted) + 1 :]]

    def snapshot(self) -> Snapshot:
        held = [*self.path, *self.queued]
        leaf = self.running.id if self.running else (self.path[-1].id if self.path else None)
        turn = Turn(id=self.turn, epoch=1, seq=self.seq, message=self.running) if self.running else UNSET
        info = SessionInfo(id=self.id, rev=self.rev)
        return Snapshot(session=info, rev=self.rev, leaf=leaf, messages=tuple(held), more=False, turn=turn)

    def ask(self, frame: Send) -> ServerFrame:
        self.rev += 1
        leaf = self.path[-1].id if self.path else None
        busy = self.running is not None
        asked = message(f"q{self.rev}", "user", None if busy else leaf, frame.text, "queued" if busy else "done")
        (self.queued if busy else self.path).append(asked)
        added = MessageAdded(rev=self.rev, message=asked)
        self.say(added)
        if not busy:
            self.start(asked)
        return added

    def start(self, asked: Message) -> None:
        self.rev += 1
        self.turn, self.seq, self.stopping = f"t{self.rev}", 0, False
        self.running = message(f"a{self.rev}", "assistant", asked.id, None, "running")
        self.server.runs += 1
        start = TurnStart(
            rev=self.rev, turn=self.turn, epoch=1, message=self.running.id, parent=asked.id, model="script"
        )
        self.say(start)
        words = self.server.script(asked.parts[0].text if isinstance(asked.parts[0], TextPart) else "")
        self.task = asyncio.create_task(self.run(words))

    async def run(self, words: list[str]) -> None:
        assert self.running is not None
        text = ""
        for word in words:
            await self.server.pace()
            if self.stopping:
                break
            text += word
            self.seq += 1
            self.running = change(self.running, parts=(TextPart(text=text),))
            self.say(TextDelta(seq=self.seq, part=0, text=word))
        self.rev += 1
        ended = change(self.running, status="stopped" if self.stopping else "done")
        self.path.append(ended)
        self.running = None
        self.say(TurnEnd(rev=self.rev, turn=self.turn, status=ended.status, message=ended))  # type: ignore[arg-type]  # an end's status
        if self.queued:
            self.rev += 1
            asked = change(self.queued.pop(0), status="done", parent=ended.id)
            self.path.append(asked)
            moved = MessageChange(id=asked.id, status="done", parent=ended.id, siblings=(), place=0)
            self.say(MessageUpdate(rev=self.rev, message=moved))
            self.start(asked)


class HonestServer:
    """`async with HonestServer(script) as server:`; `server.port`. A `script` gives the words that answer a text."""

    def __init__(self, script: Callable[[str], list[str]], *, trim: int = 10_000) -> None:
        self.script = script
        self.trim = trim
        self.runs = 0
        self.sends = 0
        self.hellos: list[Hello] = []
        self.sessions: dict[str, Session] = {}
        self.refuse: Callable[[ClientFrame], ErrorFrame | int | None] = lambda frame: None
        self.gate = asyncio.Event()
        self.gate.set()
        self._server: Server | None = None

    async def __aenter__(self) -> "HonestServer":
        self._server = await serve(
            self._attend, "127.0.0.1", 0, subprotocols=[Subprotocol("opsloom.v1")], compression=None, close_timeout=0.2
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        tasks = [session.task for session in self.sessions.values() if session.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def pace(self) -> None:
        await self.gate.wait()
        await asyncio.sleep(0)

    async def _attend(self, socket: ServerConnection) -> None:
        session: Session | None = None
        try:
            async for raw in socket:
                frame = decode_client(raw)
                refusal = self.refuse(frame)
                if isinstance(refusal, int):
                    await socket.close(refusal)
                    return
                if refusal is not None:
                    tell(socket, refusal)
                elif isinstance(frame, Hello | Open):
                    if session is not None:
                        session.sockets.discard(socket)
                    session = self._attach(socket, frame)
                elif session is not None:
                    tell(socket, self._do(session, frame), getattr(frame, "ref", None))
        except ConnectionClosed:
            return
        finally:
            if session is not None:
                session.sockets.discard(socket)

    def _attach(self, socket: ServerConnection, frame: Hello | Open) -> Session:
        if isinstance(frame, Hello):
            self.hellos.append(frame)
        name = frame.session or f"ses_{len(self.sessions)}"
        session = self.sessions.setdefault(name, Session(self, name))
        session.trimmed = max(session.trimmed, len(session.said) - self.trim)
        missed = session.after(frame.cursor) if frame.cursor is not None else None
        ref = frame.ref if isinstance(frame, Open) else None
        whole = [session.snapshot()] if missed is None else missed
        session.sockets.add(socket)
        welcome = Welcome(
            protocol="opsloom.v1",
            connection="c",
            user=Author(id="u", name="U", kind="person"),
            assistant=AssistantInfo(slug="demo", name="D", greeting="", starters=(), look={}, kinds=()),
            session=SessionInfo(id=name, rev=session.rev),
            resumed=missed is not None,
            limits={},
            ref=ref,
        )
        for item in (welcome, *whole):
            tell(socket, item)
        return session

    def _do(self, session: Session, frame: ClientFrame) -> ServerFrame:
        ref = getattr(frame, "ref", "")
        if isinstance(frame, Send):
            self.sends += 1
        if ref in session.replies:
            before, reply = session.replies[ref]
            return reply if before == frame else ErrorFrame(code="conflict", text="Another request had this ref.")
        reply = self._once(session, frame)
        session.replies[ref] = (frame, reply)
        return reply

    def _once(self, session: Session, frame: ClientFrame) -> ServerFrame:
        match frame:
            case Send():
                return session.ask(frame)
            case Stop():
                session.stopping = True
                return Ack(ref=frame.ref)
            case Feedback():
                session.rev += 1
                mark = FeedbackMark(value=frame.value, comment=frame.comment)
                session.path = [change(m, feedback=mark) if m.id == frame.message else m for m in session.path]
                update = MessageUpdate(rev=session.rev, message=MessageChange(id=frame.message, feedback=mark))
                session.say(update)
                return update
            case Ping():
                return Pong(ref=frame.ref)
            case _:
                return ErrorFrame(code="invalid", text="This server has no such thing.")


def tell(socket: ServerConnection, frame: ServerFrame, ref: str | None = None) -> None:
    """Into the socket's buffer, without waiting: so nothing slips between two frames."""
    raw = encode(frame)
    if ref is not None:
        raw = json.dumps({**json.loads(raw), "ref": ref}).encode()
    with suppress(InvalidState):
        socket.protocol.send_text(raw)
        socket.send_data()


def message(name: str, role: Any, parent: str | None, text: str | None, status: Any) -> Message:
    parts = () if text is None else (TextPart(text=text),)
    return Message(
        id=name, role=role, parent=parent, siblings=(), status=status, created_at="2026-01-01T00:00:00Z", parts=parts
    )


def change(held: Message, **fields: Any) -> Message:
    return type(held)(**{name: getattr(held, name) for name in held.__struct_fields__} | fields)
