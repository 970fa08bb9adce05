"""What people ask of a session, one request after the other: accept, edit, retry, act, choose …

Each is one transaction that also keeps the reply, so that the same `ref` gets the same reply and does nothing twice.
"""

from datetime import UTC, datetime
from typing import Final, assert_never

import asyncpg
from msgspec import UNSET
from msgspec.structs import replace
from opsloom_blocks import BlockError, NotOpen, act
from opsloom_protocol.frames import (
    Ack,
    Act,
    Choose,
    DurableFrame,
    Edit,
    Feedback,
    Retry,
    Send,
    TurnStart,
    Withdraw,
)
from opsloom_protocol.messages import (
    Author,
    Block,
    BlockPart,
    BlockState,
    FeedbackMark,
    FilePart,
    Message,
    MessageChange,
    Part,
    TextPart,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import Busy, Conflict, Invalid, NotFound, TooLong
from opsloom_server.hub.allowance import Allowance
from opsloom_server.hub.briefing import model_of, to_tell
from opsloom_server.hub.connection import Connection
from opsloom_server.hub.live import LiveSession
from opsloom_server.hub.running import RunningTurn
from opsloom_server.store.conversations import messages_by_id, queue, rfc3339, siblings_of
from opsloom_server.store.journal import Journal, replied
from opsloom_server.store.ownership import running_of
from opsloom_server.store.tree import attached, deepest, message_of_block, on_path
from opsloom_server.store.turns import open_blocks
from opsloom_server.tools.answers import WITHDRAWN, answered

TITLE_CHARS: Final = 60
QUEUE: Final = 20
"""Messages that may wait behind a running turn."""

Command = Send | Edit | Retry | Act | Choose | Withdraw | Feedback
Reply = DurableFrame | Ack


class Commands:
    """The requests of one session. The caller runs them one at a time."""

    def __init__(self, session: LiveSession, allowance: Allowance) -> None:
        self._session = session
        self._allowance = allowance

    async def handle(self, connection: Connection, request: Command) -> RunningTurn | None:
        """Carry it out and reply. A turn that it starts is returned, not yet running. Raises `OpsloomError`."""
        self._check(request)
        try:
            done = await self._carry_out(connection, request)
        except (IntegrityError, asyncpg.UniqueViolationError):
            # The same request, or the session's first one, came in on another node at the same moment and was faster.
            done = await self._carry_out(connection, request)
        if isinstance(done, str):
            # What its window has not read yet comes first, or the reply would leave a hole before it.
            await connection.caught_up()
            connection.post(done)
            return None
        return done

    async def _carry_out(self, connection: Connection, request: Command) -> RunningTurn | str | None:
        """The turn that was begun, or the reply that this request got before."""
        session = self._session
        async with session.lock:
            async with session.environment.database.transact(session.workspace) as database:
                # Under the row's lock, so that the ring has come as far as any reply that is found.
                journal = await self._open(database, request)
                before = await replied(database, session.id, request) if session.stored else None
                if before is not None:
                    return before
                await self._admit(database, request)
                step = _Step(session, database, journal, connection.principal.author())
                journal.remember(request, await step.take(request))
                made = await journal.close()
            if isinstance(request, Retry):
                connection.post(Ack(ref=request.ref))
            session.publish(made, journal.leaf, journal.title, connection.id)
            if isinstance(request, Choose):
                await session.publish_snapshot()
            return step.begin()

    async def _open(self, database: AsyncConnection, request: Command) -> Journal:
        session = self._session
        if session.stored or await session.stored_elsewhere(database):
            return await session.journal(database)
        if not isinstance(request, Send):
            raise NotFound
        return Journal.create(database, session.workspace, session.id, session.assistant.id, session.user)

    async def _admit(self, database: AsyncConnection, request: Command) -> None:
        """What a repeated `ref` is not asked: whether the person has asked for too much."""
        session = self._session
        if isinstance(request, Send | Edit | Retry):
            await self._allowance.message(session.user, f"{session.id} {request.ref}")
            if session.turn is None:
                others = session.environment.wakeups.others
                self._allowance.turn(session.user, await running_of(database, session.user) if others else None)

    def _check(self, request: Command) -> None:
        if isinstance(request, Send | Edit):
            most = self._session.environment.settings.limits.message_chars
            if most and len(request.text) > most:
                raise TooLong(f"A message may have {most:,} characters; this one has {len(request.text):,}.")
            if not request.text.strip() and not (isinstance(request, Send) and request.files):
                raise Invalid("The message is empty.")

    async def next_queued(self) -> RunningTurn | None:
        """Take the first message out of the queue and begin its turn; None where nobody waits."""
        session = self._session
        async with session.lock:
            if session.turn is not None or not session.queueing:
                return None
            async with session.environment.database.transact(session.workspace) as database:
                waiting = await queue(database, session.id)
                if not waiting:
                    session.queueing = False
                    return None
                known = session.ring.rev
                journal = await session.journal(database)
                if session.ring.rev != known:
                    waiting = await queue(database, session.id)
                if session.turn is not None or not waiting:
                    return None
                step = _Step(session, database, journal, _author_of(waiting[0]))
                await step.leave_queue(waiting[0])
                made = await journal.close()
            session.publish(made, journal.leaf, journal.title)
            return step.begin()


def _author_of(message: Message) -> Author:
    assert message.author is not UNSET
    return message.author


class _Step:
    """One request inside its transaction."""

    def __init__(self, session: LiveSession, database: AsyncConnection, journal: Journal, author: Author) -> None:
        self._session = session
        self._database = database
        self._journal = journal
        self._author = author
        self._started: tuple[TurnStart, Message] | None = None
        self._question: Message | None = None

    async def take(self, request: Command) -> Reply:
        """Carry it out. Gives the reply that its `ref` has from now on."""
        match request:
            case Send():
                return await self._send(request)
            case Edit():
                return await self._edit(request)
            case Retry():
                return await self._retry(request)
            case Act():
                return await self._act(request)
            case Choose():
                return await self._choose(request)
            case Withdraw():
                return await self._withdraw(request)
            case Feedback():
                return await self._feedback(request)
            case _:
                assert_never(request)

    def begin(self) -> RunningTurn | None:
        """The turn that was started, if one was, put in its place. Call it when the transaction is committed."""
        if self._started is None:
            return None
        start, message = self._started
        self._session.turn = RunningTurn(self._session, start, message, self._session.user, self._question)
        return self._session.turn

    # ------------------------------------------------------------------------------------------ requests

    async def _send(self, request: Send) -> Reply:
        parts = await self._parts(request)
        leaf = self._journal.leaf
        waiting = len(await queue(self._database, self._session.id)) if self._session.queueing else 0
        if self._session.turn is not None or waiting:
            if waiting >= QUEUE:
                raise Busy(f"{QUEUE} messages wait already; let the assistant catch up.", retry_ms=5_000)
            self._session.queueing = True
            self._journal.add_message(parts, self._author, parent=leaf, queued=True, ref=request.ref)
            return self._journal.made[-1].frame
        parent = leaf if request.parent is UNSET else request.parent
        siblings: tuple[str, ...] = ()
        if parent != leaf:
            await self._demand_on_path(parent)
            siblings = await siblings_of(self._database, self._session.id, parent)
        await self._withdraw_blocks(leaf)
        message = self._journal.add_message(parts, self._author, parent=parent, siblings=siblings, ref=request.ref)
        reply = self._journal.made[-1].frame
        await self._answer(message)
        return reply

    async def _edit(self, request: Edit) -> Reply:
        self._demand_rest()
        held = await self._message(request.message, "user")
        await self._demand_on_path(held.id)
        await self._withdraw_blocks(self._journal.leaf)
        kept = [part for part in held.parts if isinstance(part, FilePart)]
        message = self._journal.add_message(
            [TextPart(text=_clean(request.text)), *kept],
            self._author,
            parent=held.parent,
            siblings=await siblings_of(self._database, self._session.id, held.parent),
            ref=request.ref,
        )
        reply = self._journal.made[-1].frame
        await self._answer(message)
        return reply

    async def _retry(self, request: Retry) -> Reply:
        self._demand_rest()
        held = await self._message(request.message, "assistant")
        await self._demand_on_path(held.id)
        await self._withdraw_blocks(self._journal.leaf)
        await self._start(held.parent, await siblings_of(self._database, self._session.id, held.parent))
        return Ack(ref=request.ref)

    async def _act(self, request: Act) -> Reply:
        self._demand_rest()
        message, block = await self._block(request.block)
        try:
            acted = act(block, request.action, request.values, self._session.environment.catalogue.kinds)
        except NotOpen:
            raise Conflict("This was answered already.") from None
        except BlockError as error:
            raise Invalid(error.text, issues=error.issues) from None
        state = replace(acted.state, by=self._author.id, at=rfc3339(datetime.now(UTC)))
        reply = to_tell(answered(acted))
        await self._journal.set_block(message.id, block.id, state, reply, request.ref)
        frame = self._journal.made[-1].frame
        if message.status == "waiting" and message.id == self._journal.leaf:
            asked = [other for other in await open_blocks(self._database, message.id) if other.call is not None]
            if all(other.state is None or other.state.status != "open" for other in asked):
                await self._go_on(message.id)
        return frame

    async def _choose(self, request: Choose) -> Reply:
        self._demand_rest()
        held = (await messages_by_id(self._database, self._session.id, [request.message])).get(request.message)
        if held is None or held.status in ("queued", "withdrawn"):
            raise NotFound
        self._journal.set_leaf(await deepest(self._database, self._session.id, held.id), request.ref)
        return self._journal.made[-1].frame

    async def _withdraw(self, request: Withdraw) -> Reply:
        held = await self._message(request.message, "user")
        if held.status != "queued":
            raise Conflict("This message is no longer waiting.")
        await self._journal.change_message(MessageChange(id=held.id, status="withdrawn"), request.ref)
        return self._journal.made[-1].frame

    async def _feedback(self, request: Feedback) -> Reply:
        if self._session.turn is not None and self._session.turn.message.id == request.message:
            raise Busy("This answer is still being written; mark it when it is whole.")
        held = await self._message(request.message, "assistant")
        mark = FeedbackMark(value=request.value, comment=_clean(request.comment) if request.comment else None)
        await self._journal.change_message(MessageChange(id=held.id, feedback=mark), request.ref)
        return self._journal.made[-1].frame

    async def leave_queue(self, waiting: Message) -> None:
        """The first of the queue takes its place under the leaf, and its turn begins."""
        leaf = self._journal.leaf
        await self._withdraw_blocks(leaf)
        change = MessageChange(id=waiting.id, status="done", parent=leaf, siblings=(), place=0)
        await self._journal.change_message(change)
        await self._answer(replace(waiting, status="done", parent=leaf))

    # ------------------------------------------------------------------------------------------ rules

    def _demand_rest(self) -> None:
        if self._session.turn is not None:
            raise Busy

    async def _message(self, message: str, role: str) -> Message:
        held = (await messages_by_id(self._database, self._session.id, [message])).get(message)
        if held is None or held.role != role:
            raise NotFound
        return held

    async def _demand_on_path(self, message: str | None) -> None:
        if message is not None and not await on_path(self._database, self._session.id, self._journal.leaf, message):
            raise Conflict("That message is on another branch; choose that branch first.")

    async def _block(self, block_id: str) -> tuple[Message, Block]:
        owner = await message_of_block(self._database, self._session.id, block_id)
        held = (await messages_by_id(self._database, self._session.id, [owner] if owner else [])).get(owner or "")
        for part in held.parts if held is not None else ():
            if isinstance(part, BlockPart) and part.block.id == block_id and held is not None:
                return held, part.block
        raise NotFound

    async def _parts(self, request: Send) -> list[Part]:
        text = _clean(request.text)
        parts: list[Part] = [TextPart(text=text)] if text else []
        if request.files:
            files = await attached(self._database, self._session.user, request.files)
            if len(files) != len(set(request.files)):
                raise NotFound("One of the files is not there any more; please attach it again.")
            parts.extend(FilePart(file=file) for file in files)
        return parts

    # ------------------------------------------------------------------------------------------ turns

    async def _answer(self, message: Message) -> None:
        """Begin the answer to a person's message; the first one also names the session."""
        self._question = message
        await self._start(message.id, ())
        if self._journal.title is None:
            self._journal.set_title(_title(message))

    async def _start(self, parent: str | None, siblings: tuple[str, ...]) -> None:
        start = await self._begin(parent=parent, siblings=siblings)
        shell = Message(
            id=start.message,
            role="assistant",
            parent=parent,
            siblings=siblings,
            place=len(siblings),
            status="running",
            created_at=start.created_at or "",
            parts=(),
            author=self._assistant(),
            model=start.model,
        )
        self._started = start, shell

    async def _go_on(self, answer: str) -> None:
        held = (await messages_by_id(self._database, self._session.id, [answer]))[answer]
        start = await self._begin(parent=held.parent, siblings=(), going_on=answer)
        self._started = start, replace(held, status="running", model=start.model)

    async def _begin(self, *, parent: str | None, siblings: tuple[str, ...], going_on: str | None = None) -> TurnStart:
        return await self._journal.start_turn(
            parent=parent,
            siblings=siblings,
            going_on=going_on,
            model=model_of(self._session),
            user=self._session.user,
            owner=self._session.environment.node,
            author=self._assistant(),
        )

    def _assistant(self) -> Author:
        assistant = self._session.assistant
        return Author(id=assistant.id, name=assistant.spec.name, kind="assistant")

    async def _withdraw_blocks(self, leaf: str | None) -> None:
        """A new message instead of an answer: what waits is withdrawn, and the model will be told."""
        if leaf is None:
            return
        withdrawn = False
        for block in await open_blocks(self._database, leaf):
            if block.call is not None and block.state is not None and block.state.status == "open":
                state = BlockState(status="withdrawn", at=rfc3339(datetime.now(UTC)))
                await self._journal.set_block(leaf, block.id, state, to_tell(WITHDRAWN))
                withdrawn = True
        if withdrawn:
            await self._journal.change_message(MessageChange(id=leaf, status="done"))


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip("\n")


def _title(message: Message) -> str:
    """The first words of the first message."""
    text = " ".join(" ".join(part.text for part in message.parts if isinstance(part, TextPart)).split())
    if len(text) <= TITLE_CHARS:
        return text or "Attached files"
    return text[: TITLE_CHARS - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"
