"""One session while somebody is attached to it or a turn runs in it: the ring, and the snapshot that replaces it."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import UNSET
from msgspec.structs import replace
from opsloom_protocol.codec import encode
from opsloom_protocol.frames import (
    PROTOCOL,
    BlockUpdate,
    DurableFrame,
    ServerFrame,
    SessionUpdate,
    Snapshot,
    TurnEnd,
    TurnStart,
    Welcome,
)
from opsloom_protocol.messages import AssistantInfo, Cursor, Message, SessionInfo, Turn
from pydantic_ai.messages import ModelMessage
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.hub.connection import Connection
from opsloom_server.hub.environment import Environment
from opsloom_server.hub.following import FollowedTurn
from opsloom_server.log.ring import RING_BYTES, RING_FRAMES, Asker, Entry, Ring, durable
from opsloom_server.store.assistants import Assistant, assistant_by_id
from opsloom_server.store.blocks import states_of
from opsloom_server.store.conversations import SessionRow, find_session, log_after, messages_by_id, path, queue
from opsloom_server.store.drafts import draft_of
from opsloom_server.store.journal import Journal, Made
from opsloom_server.store.ownership import running
from opsloom_server.store.turns import frames_after

if TYPE_CHECKING:
    from opsloom_server.hub.running import RunningTurn

# Messages of the model; a turn with a tool makes four.
REMEMBERED: Final = 60
# A client from another node may have seen what is not stored yet: until a batch is, and is read (two times 250 ms).
BEHIND_SECONDS: Final = 0.75
DRAFT_GONE: Final = "This draft was published or thrown away. Begin a new conversation."
# A client can keep to these by itself; the rest of the limits are not its concern.
_TOLD: Final = ("frame_bytes", "message_chars")


class LiveSession:
    """The session's log as it grows, and who reads it.

    `lock` is held over every durable write and over every read that must agree with the ring. Everything that this node
    believes of the session (what runs, who waits, where the path ends) is as of the ring's revision; whoever writes on
    another node adds to the database's. So whoever locks the row and finds the two equal knows all there is, and
    whoever does not reads along first (`journal`).
    """

    def __init__(
        self,
        environment: Environment,
        workspace: str,
        user: str,
        assistant: Assistant,
        session: str,
        row: SessionRow | None,
    ) -> None:
        self.environment = environment
        self.workspace = workspace
        self.user = user
        self.assistant = assistant
        # A conversation begun with the draft stays with it, also where there is none any more.
        self.draft = row.draft if row else assistant.draft
        self.id = session
        self.stored = row is not None
        self.leaf = row.leaf if row else None
        self.title = row.title if row else None
        self.ring = Ring(row.rev if row else 0)
        self.lock = asyncio.Lock()
        self.connections: set[Connection] = set()
        self._turn: RunningTurn | FollowedTurn | None = None
        # Whether messages may be waiting in the queue; the database knows, this saves asking it.
        self.queueing = self.stored
        # What the model was told and said on the way to the leaf, as of the answer that ended last.
        self._remembered: tuple[str, Sequence[ModelMessage], bool] | None = None
        # The turn that ended last: a stop may come a moment after it.
        self.ended_turn: str | None = None
        # Connections on their way in; while there are any, the session is not let go.
        self.attaching = 0

    @classmethod
    async def load(
        cls, environment: Environment, workspace: str, assistant: Assistant, row: SessionRow
    ) -> "LiveSession":
        """A stored session."""
        live = cls(environment, workspace, row.user, assistant, row.id, row)
        async with environment.database.transact(workspace) as connection:
            await live._take_up(connection, await live._row(connection) or row)
        return live

    @property
    def turn(self) -> "RunningTurn | FollowedTurn | None":
        """The turn that runs: on this node, or on another (or left by one that died)."""
        return self._turn

    @turn.setter
    def turn(self, turn: "RunningTurn | FollowedTurn | None") -> None:
        if isinstance(self._turn, FollowedTurn):
            self._turn.give_up()
            self.environment.hot.leave(self._turn)
        self._turn = turn
        if isinstance(turn, FollowedTurn):
            self.environment.hot.follow(turn)

    @property
    def own(self) -> "RunningTurn | None":
        """The turn that runs here, on this node."""
        return None if isinstance(self._turn, FollowedTurn) else self._turn

    @property
    def idle(self) -> bool:
        """Nobody is attached and nothing runs here."""
        return not self.connections and self.own is None and not self.attaching and not self.lock.locked()

    async def serving(self, connection: AsyncConnection) -> Assistant | None:
        """Who answers here as it is now: the assistant, or its draft. None where that is gone."""
        assistant = await assistant_by_id(connection, self.assistant.id)
        if assistant is None or not self.draft:
            return assistant
        draft = await draft_of(connection, assistant.id)
        return None if draft is None else draft.of(assistant)

    async def renew(self, journal: Journal) -> None:
        """Before an answer begins: what was changed holds from here on. What is gone answers as it was."""
        if self.draft or journal.row.version != self.assistant.version:
            self.assistant = await self.serving(journal.connection) or self.assistant

    def recall(self, question: Message | None) -> tuple[Sequence[ModelMessage], bool] | None:
        """The model's memory above a new question, and whether it was tainted before; None where it is not at hand and
        the database must be asked."""
        if question is None:
            return None
        if question.parent is None:
            return (), False
        if self._remembered is not None and self._remembered[0] == question.parent:
            return self._remembered[1:]
        return None

    def remember(self, answer: str, history: Sequence[ModelMessage], tainted: bool) -> None:
        """Keep what the model knows after this answer; long ones are read again, so that their window moves."""
        self._remembered = (answer, history, tainted) if len(history) <= REMEMBERED else None

    # ------------------------------------------------------------------------------------------ attaching

    async def attach(self, connection: Connection, cursor: Cursor | None, ref: str | None) -> None:
        """Give the connection its welcome, then what it missed, or a snapshot; from there on it reads along."""
        turn = self.turn
        if (
            isinstance(turn, FollowedTurn)
            and cursor is not None
            and (cursor.turn, cursor.epoch) == (turn.id, turn.epoch)
        ):
            await turn.reach(cursor.seq or 0, BEHIND_SECONDS)
        async with self.lock:
            if self.environment.wakeups.others:
                await self._look()
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
        if cursor is None:
            return None
        if self.turn is not None:
            self.turn.settle()
        position = self.ring.find(cursor, self.turn.place if self.turn is not None else None)
        return None if position is None or self.ring.end - position > RING_FRAMES else position

    async def _replay(self, cursor: Cursor | None) -> list[str] | None:
        """Durable frames that the ring no longer holds, from the database; None where only a snapshot will do."""
        if cursor is None or not self.stored or self.turn is not None:
            return None
        if not 0 < cursor.rev <= self.ring.rev or self.ring.rev - cursor.rev > RING_FRAMES:
            return None
        async with self.environment.database.transact(self.workspace) as connection:
            # Nobody may write meanwhile: the frames are read first, then the messages that they carry.
            await Journal.open(connection, self.workspace, self.id)
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
        async with self.environment.database.transact(self.workspace) as connection:
            row = await self._row(connection)
            if row is not None and row.rev != self.ring.rev:
                await self._read_along(connection, row)
            held, more = await path(connection, self.id, self.leaf)
            waiting = await queue(connection, self.id)
        turn: Turn | None = None
        if self.turn is not None:
            self.turn.settle()
            turn = self.turn.shown()
            held = [message for message in held if message.id != self.turn.message.id]
        return Snapshot(
            session=self._info(),
            rev=self.ring.rev,
            leaf=self.leaf,
            messages=(*held, *waiting),
            more=more,
            turn=UNSET if turn is None else turn,
        )

    # ------------------------------------------------------------------------------------------ reading along

    async def sync(self) -> None:
        """Read what other nodes wrote."""
        async with self.lock:
            await self._look()

    async def stored_elsewhere(self, connection: AsyncConnection) -> bool:
        """Whether another node has written the row of a session that has none here."""
        return self.environment.wakeups.others and await find_session(connection, self.id) is not None

    async def _look(self) -> None:
        async with self.environment.database.transact(self.workspace) as connection:
            row = await find_session(connection, self.id)
            if row is not None and row.rev != self.ring.rev:
                await self.journal(connection)

    async def _row(self, connection: AsyncConnection) -> SessionRow | None:
        """What the database says; where there are other nodes, none of them writes until the transaction ends."""
        if self.environment.wakeups.others:
            return (await Journal.open(connection, self.workspace, self.id)).row
        return await find_session(connection, self.id)

    async def _read_along(self, connection: AsyncConnection, row: SessionRow) -> None:
        """Append what was written elsewhere, or by a commit of this node whose answer was lost on the way.

        The caller holds the session's row, and `row` is what it says.
        """
        logged = await log_after(connection, self.id, self.ring.rev, RING_FRAMES)
        revs = [entry.frame.rev for entry in logged]
        if revs != list(range(self.ring.rev + 1, row.rev + 1)) or any(self._departs(entry.frame) for entry in logged):
            await self._take_up(connection, row)
            return
        for entry in logged:
            frame = entry.frame
            if isinstance(frame, TurnStart):
                self.turn = FollowedTurn(
                    self.ring, frame.turn, frame.epoch, frame.rev, await self._answer(connection, frame.message)
                )
            self.ring.append(durable(frame, turn=self.turn.id if self.turn is not None else None))
            self._heed(frame)
            if isinstance(frame, TurnEnd):
                self.turn, self.ended_turn = None, frame.turn
        self.leaf, self.title, self.stored, self.queueing = row.leaf, row.title, True, True
        await self._feed(connection)

    def _departs(self, frame: DurableFrame) -> bool:
        """Whether a frame cannot be read along: another path, whose messages are in no frame; the end of a turn that
        this node believed to be its own; the second start of one that goes on from parts that no frame tells."""
        if isinstance(frame, SessionUpdate):
            return frame.leaf is not None
        if isinstance(frame, TurnStart) and frame.epoch > 1 and self.turn is not None and self.turn.message.parts:
            return True
        return self.own is not None and _is_of(frame, self.own.id)

    async def _take_up(self, connection: AsyncConnection, row: SessionRow) -> None:
        """Begin anew from what the database says; whoever reads along gets a snapshot."""
        self.leaf, self.title, self.stored, self.queueing = row.leaf, row.title, True, True
        if self.ring.rev != row.rev or self.ring.end:
            self.ring.jump(row.rev)
        turn = await running(connection, self.id)
        own = self.own
        if own is not None and turn is not None and (turn.id, turn.epoch) == (own.id, own.epoch):
            return
        if own is not None:
            own.lose()
        self.turn = None
        if turn is not None:
            message = await self._answer(connection, turn.message)
            self.turn = FollowedTurn(self.ring, turn.id, turn.epoch, row.rev, message)
            for block, state in (await states_of(connection, turn.message)).items():
                if state is not None:
                    self.turn.acted(block, state)
            await self._feed(connection)

    async def _answer(self, connection: AsyncConnection, message: str) -> Message:
        return (await messages_by_id(connection, self.id, [message]))[message]

    async def _feed(self, connection: AsyncConnection) -> None:
        """Give a followed turn what is stored of it, and what its owner has shown since."""
        turn = self.turn
        if isinstance(turn, FollowedTurn):
            turn.feed((await frames_after(connection, {turn.id: turn.seq})).get(turn.id, ()))
            turn.feed(await self.environment.hot.tail(turn.id, turn.epoch, turn.seq) or ())

    # ------------------------------------------------------------------------------------------ publishing

    async def journal(self, connection: AsyncConnection) -> Journal:
        """Begin to write to the stored session, after the last live frame: lock its row, and read along first where
        another node wrote to it. The caller holds the lock. Raises `NotFound`."""
        journal = await self._journal(connection)
        if journal.row.rev == self.ring.rev:
            return journal
        await self._read_along(connection, journal.row)
        return await self._journal(connection)

    async def _journal(self, connection: AsyncConnection) -> Journal:
        if self.turn is None:
            return await Journal.open(connection, self.workspace, self.id)
        self.turn.settle()
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
        for made_ in made:
            self._heed(made_.frame)
        self.environment.wakeups.tell(self.id)

    def _heed(self, frame: DurableFrame) -> None:
        """What a person did with a block of the answer that is being written is told to its turn; what is remembered of
        an answer holds until a turn of it ends again."""
        if isinstance(frame, TurnEnd) and self._remembered is not None and self._remembered[0] == frame.message.id:
            self._remembered = None
        if isinstance(frame, BlockUpdate) and self.turn is not None and self.turn.message.id == frame.message:
            self.turn.acted(frame.block.id, frame.block.state)

    async def publish_snapshot(self) -> None:
        """Show everybody another path. The caller holds the lock."""
        self.ring.append(Entry(text=encode(await self._snapshot()).decode()))

    def broadcast(self, frame: ServerFrame) -> None:
        """To every connection, outside the log."""
        text = encode(frame).decode()
        for connection in self.connections:
            connection.post(text)


def _is_of(frame: DurableFrame, turn: str) -> bool:
    return isinstance(frame, TurnStart | TurnEnd) and frame.turn == turn
