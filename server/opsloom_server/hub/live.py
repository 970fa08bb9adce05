"""One session while somebody is attached to it or a turn runs in it: the ring, and the snapshot that replaces it."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import UNSET
from msgspec.structs import replace
from opsloom_protocol.codec import encode
from opsloom_protocol.frames import PROTOCOL, ServerFrame, SessionUpdate, Snapshot, Welcome
from opsloom_protocol.messages import AssistantInfo, Cursor, Message, SessionInfo, Turn
from pydantic_ai.messages import ModelMessage
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.hub.connection import Connection
from opsloom_server.hub.environment import Environment
from opsloom_server.log.ring import RING_BYTES, RING_FRAMES, Asker, Entry, Ring, durable
from opsloom_server.store.assistants import Assistant
from opsloom_server.store.conversations import SessionRow, find_session, log_after, path, queue
from opsloom_server.store.journal import Journal, Made
from opsloom_server.store.turns import TurnRow, running, shown_parts

if TYPE_CHECKING:
    from opsloom_server.hub.running import RunningTurn

# Messages of the model; a turn with a tool makes four.
REMEMBERED: Final = 60
# A client can keep to these by itself; the rest of the limits are not its concern.
_TOLD: Final = ("frame_bytes", "message_chars")


class LiveSession:
    """The session's log as it grows, and who reads it.

    `lock` is held over every durable write and over every read that must agree with the ring: the database's revision
    and the ring's are the same whenever it is free.
    """

    def __init__(
        self,
        environment: Environment,
        workspace: str,
        user: str,
        assistant: Assistant,
        session: str,
        row: SessionRow | None,
        orphan: TurnRow | None,
    ) -> None:
        self.environment = environment
        self.workspace = workspace
        self.user = user
        self.assistant = assistant
        self.id = session
        self.stored = row is not None
        self.leaf = row.leaf if row else None
        self.title = row.title if row else None
        self.ring = Ring(row.rev if row else 0)
        self.lock = asyncio.Lock()
        self.connections: set[Connection] = set()
        self.turn: RunningTurn | None = None
        # A turn that another process ran and that nobody has taken over yet.
        self.orphan = orphan
        # Whether messages may be waiting in the queue; the database knows, this saves asking it.
        self.queueing = self.stored
        # What the model was told and said on the way to the leaf, as of the answer that ended last.
        self._remembered: tuple[str, Sequence[ModelMessage]] | None = None
        # The turn that ended last: a stop may come a moment after it.
        self.ended_turn: str | None = None
        # Connections on their way in; while there are any, the session is not let go.
        self.attaching = 0

    @classmethod
    async def load(
        cls, environment: Environment, workspace: str, assistant: Assistant, row: SessionRow
    ) -> "LiveSession":
        """A stored session."""
        async with environment.database.transact(workspace) as connection:
            fresh = await find_session(connection, row.id)
            orphan = await running(connection, row.id)
        return cls(environment, workspace, row.user, assistant, row.id, fresh or row, orphan)

    @property
    def idle(self) -> bool:
        """Nobody is attached and nothing runs."""
        return not self.connections and self.turn is None and not self.attaching and not self.lock.locked()

    def recall(self, question: Message | None) -> Sequence[ModelMessage] | None:
        """The model's memory above a new question, where it is at hand; None where the database must be asked."""
        if question is None:
            return None
        if question.parent is None:
            return ()
        if self._remembered is not None and self._remembered[0] == question.parent:
            return self._remembered[1]
        return None

    def remember(self, answer: str, history: Sequence[ModelMessage]) -> None:
        """Keep what the model knows after this answer; long ones are read again, so that their window moves."""
        self._remembered = (answer, history) if len(history) <= REMEMBERED else None

    # ------------------------------------------------------------------------------------------ attaching

    async def attach(self, connection: Connection, cursor: Cursor | None, ref: str | None) -> None:
        """Give the connection its welcome, then what it missed, or a snapshot; from there on it reads along."""
        async with self.lock:
            position = self._position(cursor)
            missed: Sequence[str] | None = ()
            if position is None:
                missed = await self._replay(cursor)
            if missed is None:
                snapshot = await self._snapshot()
                missed = [encode(snapshot).decode()]
                resumed = False
            else:
                resumed = True
            # From here to the end nothing is awaited, so no frame slips in between.
            if connection.live is not None:
                connection.live.detach(connection)
            connection.live = self
            connection.position = self.ring.end if position is None else position
            connection.post(self._welcome(connection, resumed, ref))
            for text in missed:
                connection.post(text)
            self.connections.add(connection)
            self.ring.listen(connection)
        connection.wake()

    def detach(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self.ring.leave(connection)
        connection.live = None

    def _position(self, cursor: Cursor | None) -> int | None:
        if cursor is None or self.orphan is not None:
            return None
        if self.turn is not None:
            self.turn.flush()
        position = self.ring.find(cursor, self.turn.place if self.turn is not None else None)
        return None if position is None or self.ring.end - position > RING_FRAMES else position

    async def _replay(self, cursor: Cursor | None) -> list[str] | None:
        """Durable frames that the ring no longer holds, from the database; None where only a snapshot will do."""
        if cursor is None or not self.stored or self.turn is not None or self.orphan is not None:
            return None
        if not 0 < cursor.rev <= self.ring.rev or self.ring.rev - cursor.rev > RING_FRAMES:
            return None
        async with self.environment.database.transact(self.workspace) as connection:
            logged = await log_after(connection, self.id, cursor.rev, RING_FRAMES)
        frames = [entry.frame for entry in logged]
        if [frame.rev for frame in frames] != list(range(cursor.rev + 1, self.ring.rev + 1)):
            return None
        if any(isinstance(frame, SessionUpdate) and frame.leaf is not None for frame in frames):
            return None  # another path: what it holds is in no frame
        texts = [encode(frame).decode() for frame in frames]
        return texts if sum(map(len, texts)) <= RING_BYTES else None

    def _welcome(self, connection: Connection, resumed: bool, ref: str | None) -> Welcome:
        limits = self.environment.settings.limits
        return Welcome(
            protocol=PROTOCOL,
            connection=connection.id,
            user=connection.principal.author(),
            assistant=self._assistant(),
            session=self._info(),
            resumed=resumed,
            limits={name: getattr(limits, name) for name in _TOLD},
            ref=ref,
        )

    def _assistant(self) -> AssistantInfo:
        """The public part, with the browser's modules of the block kinds that users added."""
        info = self.assistant.info()
        scripts = self.environment.catalogue.scripts
        if not scripts:
            return info
        return replace(info, look={**info.look, "extensions": [f"/extensions/{name}" for name in scripts]})

    def _info(self) -> SessionInfo:
        return SessionInfo(id=self.id, rev=self.ring.rev, title=self.title)

    # ------------------------------------------------------------------------------------------ snapshots

    async def catch_up(self, connection: Connection) -> None:
        """A snapshot for a reader that fell off the ring."""
        async with self.lock:
            text = encode(await self._snapshot()).decode()
            connection.position = self.ring.end
            connection.post(text)

    async def _snapshot(self) -> Snapshot:
        """The state as it is. The caller holds the lock and takes the ring's end without awaiting in between."""
        if not self.stored:
            return Snapshot(session=self._info(), rev=self.ring.rev, leaf=None, messages=(), more=False)
        orphaned: Turn | None = None
        async with self.environment.database.transact(self.workspace) as connection:
            row = await find_session(connection, self.id)
            if row is not None and row.rev != self.ring.rev:
                # A commit whose answer was lost with its connection: the database knows, the ring does not.
                self.ring.jump(row.rev)
                self.leaf, self.title = row.leaf, row.title
            held, more = await path(connection, self.id, self.leaf)
            waiting = await queue(connection, self.id)
            if self.orphan is not None:
                orphaned = await self._orphaned(connection, self.orphan, held)
        turn = orphaned
        if self.turn is not None:
            self.turn.flush()
            turn = self.turn.shown()
        if turn is not None:
            held = [message for message in held if message.id != turn.message.id]
        return Snapshot(
            session=self._info(),
            rev=self.ring.rev,
            leaf=self.leaf,
            messages=(*held, *waiting),
            more=more,
            turn=UNSET if turn is None else turn,
        )

    async def _orphaned(self, connection: AsyncConnection, orphan: TurnRow, held: list[Message]) -> Turn | None:
        answer = next((message for message in held if message.id == orphan.message), None)
        if answer is None:
            return None
        parts, seq = await shown_parts(connection, orphan.id, orphan.message)
        return Turn(id=orphan.id, epoch=orphan.epoch, seq=seq, message=replace(answer, parts=parts))

    # ------------------------------------------------------------------------------------------ publishing

    async def journal(self, connection: AsyncConnection) -> Journal:
        """Begin to write to the stored session, after the last live frame. The caller holds the lock."""
        if self.turn is None:
            return await Journal.open(connection, self.workspace, self.id)
        self.turn.flush()
        return await Journal.open(connection, self.workspace, self.id, turn=self.turn.id, seq=self.turn.place.seq)

    def publish(self, made: Sequence[Made], leaf: str | None, title: str | None, asker: str | None = None) -> None:
        """Send what a transaction made; it is committed. The caller holds the lock."""
        self.stored = True
        self.leaf, self.title = leaf, title
        if made and made[0].frame.rev != self.ring.rev + 1:
            self.ring.jump(made[0].frame.rev - 1)  # an earlier commit was never heard of here
        turn = self.turn.id if self.turn is not None else None
        self.ring.append(
            *(
                durable(made_.frame, turn=turn, asker=Asker(asker, made_.ref) if asker and made_.ref else None)
                for made_ in made
            )
        )

    async def publish_snapshot(self) -> None:
        """Show everybody another path. The caller holds the lock."""
        self.ring.append(Entry(text=encode(await self._snapshot()).decode()))

    def broadcast(self, frame: ServerFrame) -> None:
        """To every connection, outside the log."""
        text = encode(frame).decode()
        for connection in self.connections:
            connection.post(text)
