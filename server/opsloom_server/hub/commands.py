"""What people ask of a session, one request after the other: accept, edit, retry, act, choose …

Each is one transaction that also keeps the reply, so that the same `ref` gets the same reply and does nothing twice.
"""

from typing import Final, assert_never

import asyncpg
from msgspec import UNSET
from msgspec.structs import replace
from opsloom_protocol.frames import (
    Ack,
    Act,
    Choose,
    DurableFrame,
    Edit,
    Feedback,
    Retry,
    Send,
    Withdraw,
)
from opsloom_protocol.messages import (
    Author,
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
from opsloom_server.hub.acting import Acting
from opsloom_server.hub.allowance import Allowance
from opsloom_server.hub.beginning import Beginning
from opsloom_server.hub.connection import Connection
from opsloom_server.hub.live import DRAFT_GONE, LiveSession
from opsloom_server.hub.running import RunningTurn
from opsloom_server.store.conversations import messages_by_id, queue, siblings_of
from opsloom_server.store.journal import Journal, replied
from opsloom_server.store.ownership import running_of
from opsloom_server.store.tree import attached, deepest, on_path

TITLE_CHARS: Final = 60
QUEUE: Final = 20
"""Messages that may wait behind a running turn."""

FILES: Final = 10
"""That one message may carry."""

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
        return Journal.create(
            database, session.workspace, session.id, session.assistant.id, session.user, draft=session.draft
        )

    async def _admit(self, database: AsyncConnection, request: Command) -> None:
        """What a repeated `ref` is not asked: whether the person has asked for too much, or of what is gone."""
        session = self._session
        if session.draft and isinstance(request, Send | Edit | Retry | Act) and await session.serving(database) is None:
            raise Conflict(DRAFT_GONE)
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
                step = _Step(session, database, journal, _author_of(waiting[0]), anyway=True)
                await step.leave_queue(waiting[0])
                made = await journal.close()
            session.publish(made, journal.leaf, journal.title)
            return step.begin()


def _author_of(message: Message) -> Author:
    assert message.author is not UNSET
    return message.author


class _Step:
    """One request inside its transaction."""

    def __init__(
        self,
        session: LiveSession,
        database: AsyncConnection,
        journal: Journal,
        author: Author,
        *,
        anyway: bool = False,
    ) -> None:
        self._session = session
        self._database = database
        self._journal = journal
        self._author = author
        self._beginning = Beginning(session, journal, anyway=anyway)
        self._acting = Acting(session, database, journal, self._beginning)

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
                return await self._acting.act(request, self._author)
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
        return self._beginning.turn()

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
        await self._acting.withdraw(leaf)
        message = self._journal.add_message(parts, self._author, parent=parent, siblings=siblings, ref=request.ref)
        reply = self._journal.made[-1].frame
        await self._answer(message)
        return reply

    async def _edit(self, request: Edit) -> Reply:
        self._demand_rest()
        held = await self._message(request.message, "user")
        await self._demand_on_path(held.id)
        await self._acting.withdraw(self._journal.leaf)
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
        await self._acting.withdraw(self._journal.leaf)
        await self._beginning.anew(held.parent, await siblings_of(self._database, self._session.id, held.parent))
        return Ack(ref=request.ref)

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
        await self._acting.withdraw(leaf)
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

    async def _parts(self, request: Send) -> list[Part]:
        text = _clean(request.text)
        parts: list[Part] = [TextPart(text=text)] if text else []
        if request.files:
            if len(request.files) > FILES:
                raise Invalid(f"A message may carry {FILES} files; this one has {len(request.files)}.")
            files = await attached(self._database, self._session.user, request.files)
            if len(files) != len(set(request.files)):
                raise NotFound("One of the files is not there any more; please attach it again.")
            parts.extend(FilePart(file=file) for file in files)
        return parts

    async def _answer(self, message: Message) -> None:
        """Begin the answer to a person's message; the first one also names the session."""
        await self._beginning.answer(message)
        if self._journal.title is None:
            self._journal.set_title(_title(message))


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip("\n")


def _title(message: Message) -> str:
    """The first words of the first message."""
    text = " ".join(" ".join(part.text for part in message.parts if isinstance(part, TextPart)).split())
    if len(text) <= TITLE_CHARS:
        return text or "Attached files"
    return text[: TITLE_CHARS - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"
