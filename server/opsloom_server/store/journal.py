"""Writing to a conversation: one transaction, in which every durable change adds a revision and is logged.

`Journal` holds the session's row locked, so revisions have no holes and no two writers take the same one. What it made
is sent to people only after the transaction's commit.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, Self

from msgspec import UNSET, Struct
from msgspec.structs import replace
from opsloom_protocol.codec import encode, to_builtins
from opsloom_protocol.frames import (
    Ack,
    BlockChange,
    BlockUpdate,
    DurableFrame,
    MessageAdded,
    MessageUpdate,
    Request,
    SessionUpdate,
    TurnEnd,
    TurnStart,
)
from opsloom_protocol.messages import Author, Block, BlockState, FeedbackMark, Message, MessageChange, Part
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import Conflict, NotFound
from opsloom_server.store.approvals import ask
from opsloom_server.store.blocks import Question, change, change_unstored, deadlines, keep, waiting_until
from opsloom_server.store.conversations import SessionRow, messages_by_id, restore, rfc3339
from opsloom_server.store.engine import Driver, driver_of
from opsloom_server.store.ids import new_id
from opsloom_server.store.journal_statements import (
    ADD_LOG,
    ADD_MESSAGE,
    ADD_REQUEST,
    ADD_SESSION,
    ADD_TURN,
    CLEAR_LOG,
    CLOSE,
    END_MESSAGE,
    END_TURN,
    LOCK,
    REPLY,
)
from opsloom_server.store.prepared import Prepared, Write, write
from opsloom_server.store.tables.conversation import messages

__all__ = ["Fenced", "Journal", "fingerprint", "replied"]

EndStatus = Literal["done", "stopped", "failed", "interrupted", "waiting"]


class Fenced(Exception):
    """The turn is no longer this node's: another has taken it over, or it has ended. Nothing was written."""


class Made(Struct, frozen=True):
    """A durable frame that the transaction made, and the request that it answers."""

    frame: DurableFrame
    ref: str | None = None


def fingerprint(request: Request) -> bytes:
    """What makes two requests the same: everything but their `ref`. SHA-256."""
    return hashlib.sha256(encode(replace(request, ref=""))).digest()  # type: ignore[arg-type]


async def replied(connection: AsyncConnection, session: str, request: Request) -> str | None:
    """The reply that this `ref` got before, as JSON; None where it is new. Raises `Conflict` for other content."""
    row = await REPLY.one(driver_of(connection), {"session": session, "ref": request.ref})
    if row is None:
        return None
    if row["hash"] != fingerprint(request):
        raise Conflict("This reference was used before, for something else.")
    if row["message_id"] is None:
        return str(row["reply"])
    body = (await messages_by_id(connection, session, [row["message_id"]])).get(row["message_id"])
    return encode(restore(row["reply"], body)).decode()


class Journal:
    """One transaction's writes to one session. Leave it by `close`, then commit, then send `made`."""

    def __init__(
        self, connection: AsyncConnection, workspace: str, row: SessionRow, turn: str | None, seq: int
    ) -> None:
        self.made: list[Made] = []
        self.row = row
        self.rev = row.rev
        self.leaf = row.leaf
        self.title = row.title
        self.connection = connection
        self._workspace = workspace
        self._turn = turn
        self._seq = seq
        # What `close` stores, in one round trip. Nothing of it is read again before that.
        self._writes: list[Write] = []
        # Whether `close` stores the session's row too.
        self._new = False

    @classmethod
    def create(
        cls,
        connection: AsyncConnection,
        workspace: str,
        session: str,
        assistant: str,
        user: str,
        *,
        draft: bool = False,
    ) -> Self:
        """Begin a session that has no row yet."""
        journal = cls(connection, workspace, SessionRow(session, assistant, user, None, 0, None, draft), None, 0)
        journal._new = True
        return journal

    @classmethod
    async def open(
        cls, connection: AsyncConnection, workspace: str, session: str, *, turn: str | None = None, seq: int = 0
    ) -> Self:
        """Lock a stored session. `turn` and `seq` say which live frame the coming ones follow. Raises `NotFound`."""
        row = await LOCK.one(driver_of(connection), {"session": session})
        if row is None:
            raise NotFound
        return cls(connection, workspace, SessionRow(*row), turn, seq)

    async def close(self) -> list[Made]:
        """Write the log and the session's row; what was made may be sent once the transaction is committed."""
        if self.made:
            for made in self.made:
                self.write(ADD_LOG, self._logged(made))
            self._write_session()
        await write(self._driver, self._writes)
        return self.made

    def write(self, statement: Prepared, values: Mapping[str, Any]) -> None:
        """Store this too, with `close`."""
        self._writes.append((statement, values))

    def _write_session(self) -> None:
        values = {"session": self.row.id, "at_rev": self.rev, "at_leaf": self.leaf, "at_title": self.title}
        if self._new:
            row = {
                "workspace_id": self._workspace,
                "assistant_id": self.row.assistant,
                "user_id": self.row.user,
                "draft": self.row.draft,
            }
            self.write(ADD_SESSION, values | row)
        else:
            self.write(CLOSE, values)

    def _logged(self, made: Made) -> dict[str, Any]:
        return {
            "workspace_id": self._workspace,
            "session_id": self.row.id,
            "rev": made.frame.rev,
            "turn_id": self._turn,
            "seq": self._seq if self._turn else None,
            "frame": encode(_without_body(made.frame)).decode(),
            "message_id": _body_of(made.frame),
        }

    @property
    def _driver(self) -> Driver:
        return driver_of(self.connection)

    def _next(self) -> int:
        self.rev += 1
        return self.rev

    # ------------------------------------------------------------------------------------------ messages

    def add_message(
        self,
        parts: Sequence[Part],
        author: Author,
        *,
        parent: str | None,
        siblings: tuple[str, ...] = (),
        queued: bool = False,
        ref: str | None = None,
    ) -> Message:
        """A person's message: at its place in the tree, or at the end of the queue."""
        now = datetime.now(UTC)
        message = Message(
            id=new_id("msg"),
            role="user",
            parent=parent,
            siblings=siblings,
            place=len(siblings),
            status="queued" if queued else "done",
            created_at=rfc3339(now),
            parts=tuple(parts),
            author=author,
        )
        self._insert(message, now)
        if not queued:
            self.leaf = message.id
        self.made.append(Made(MessageAdded(rev=self._next(), message=message), ref))
        return message

    def _insert(self, message: Message, now: datetime) -> None:
        self.write(
            ADD_MESSAGE,
            {
                "id": message.id,
                "workspace_id": self._workspace,
                "session_id": self.row.id,
                "parent": message.parent,
                "role": message.role,
                "status": message.status,
                "author": None if message.author is UNSET else to_builtins(message.author),
                "parts": to_builtins(message.parts),
                "model": None if message.model is UNSET else message.model,
                "created_at": now,
            },
        )

    async def change_message(self, change: MessageChange, ref: str | None = None) -> None:
        """Change a message's status, place or feedback, and say so."""
        values: dict[str, Any] = {}
        if change.status is not UNSET:
            values["status"] = change.status
        if change.parent is not UNSET:
            values["parent"] = change.parent
        if isinstance(change.feedback, FeedbackMark):
            values["feedback"] = to_builtins(change.feedback)
        await self.connection.execute(update(messages).where(messages.c.id == change.id).values(**values))
        if change.status == "done" and change.parent is not UNSET:
            self.leaf = change.id
        self.made.append(Made(MessageUpdate(rev=self._next(), message=change), ref))

    # ------------------------------------------------------------------------------------------ session

    def set_title(self, title: str, ref: str | None = None) -> None:
        self.title = title
        self.made.append(Made(SessionUpdate(rev=self._next(), title=title), ref))

    def set_leaf(self, leaf: str, ref: str | None = None) -> None:
        """Show another path. Whoever sends this sends a snapshot after it."""
        self.leaf = leaf
        self.made.append(Made(SessionUpdate(rev=self._next(), leaf=leaf), ref))

    # ------------------------------------------------------------------------------------------ turns

    async def start_turn(
        self,
        *,
        parent: str | None,
        model: str,
        user: str,
        owner: str,
        author: Author,
        siblings: tuple[str, ...] = (),
        going_on: str | None = None,
        block: str | None = None,
    ) -> TurnStart:
        """Begin an answer under `parent`, or go on with the answer `going_on`: one that waited, or one that is done,
        to carry out the action of a `block` of it."""
        now = datetime.now(UTC)
        answer = going_on or new_id("msg")
        if going_on is None:
            message = Message(
                id=answer,
                role="assistant",
                parent=parent,
                siblings=siblings,
                place=len(siblings),
                status="running",
                created_at=rfc3339(now),
                parts=(),
                author=author,
                model=model,
            )
            self._insert(message, now)
        else:
            await self.connection.execute(update(messages).where(messages.c.id == answer).values(status="running"))
        turn = new_id("trn")
        self.write(
            ADD_TURN,
            {
                "id": turn,
                "workspace_id": self._workspace,
                "session_id": self.row.id,
                "message_id": answer,
                "user_id": user,
                "status": "running",
                "model": model,
                "owner": owner,
                "block": block,
            },
        )
        self.leaf = answer
        self._turn, self._seq = turn, 0
        frame = TurnStart(
            rev=self._next(),
            turn=turn,
            epoch=1,
            message=answer,
            parent=parent,
            model=model,
            siblings=siblings,
            created_at=rfc3339(now),
            author=author,
        )
        self.made.append(Made(frame))
        return frame

    def start_anew(self, turn: str, epoch: int, message: Message) -> TurnStart:
        """Begin a turn again that had shown nothing, under the epoch of its new owner."""
        self._turn, self._seq = turn, 0
        frame = TurnStart(
            rev=self._next(),
            turn=turn,
            epoch=epoch,
            message=message.id,
            parent=message.parent,
            model=message.model or "",
            siblings=message.siblings,
            created_at=message.created_at,
            author=message.author or None,
        )
        self.made.append(Made(frame))
        return frame

    async def end_turn(
        self,
        turn: str,
        epoch: int,
        seq: int,
        status: EndStatus,
        message: Message,
        history: bytes | None,
        questions: Mapping[str, Question] | None = None,
    ) -> None:
        """Store the whole answer; `questions` are what waits for the answers to its blocks. Without a `history` the
        answer keeps the one that it has.

        Raises `Fenced` where the turn is not this owner's any more.
        """
        values = {"turn": turn, "of_epoch": epoch, "new_status": status, "at_seq": seq}
        if await END_TURN.execute(self._driver, values) == 0:
            raise Fenced
        until = await deadlines(self.connection, questions or {})
        message = replace(message, parts=waiting_until(message.parts, until))
        self.write(
            END_MESSAGE,
            {
                "message": message.id,
                "new_status": message.status,
                "new_parts": to_builtins(message.parts),
                "new_usage": None if message.usage is UNSET else to_builtins(message.usage),
                "new_error": None if message.error is UNSET else to_builtins(message.error),
                "new_history": history,
            },
        )
        self.write(CLEAR_LOG, {"turn": turn})
        await keep(self.connection, self._workspace, self.row.id, message, questions or {}, until)
        asked = [(block, question.approval) for block, question in (questions or {}).items() if question.approval]
        await ask(self.connection, self._workspace, self.row.user, asked)
        self._turn, self._seq = turn, seq
        self.made.append(Made(TurnEnd(rev=self._next(), turn=turn, status=status, message=message)))

    # ------------------------------------------------------------------------------------------ blocks

    async def set_block(
        self, message: str, block: str, state: BlockState, reply: str | None = None, ref: str | None = None
    ) -> None:
        """Close an open block, or note what was done with one that stays open. Raises `Conflict` where somebody was
        faster."""
        self._changed_block(await change(self.connection, block, state, reply), message, block, state, ref)

    async def set_running_block(self, message: str, block: Block, state: BlockState, ref: str | None = None) -> None:
        """The same for a block of the answer that is being written."""
        changed = await change_unstored(self.connection, self._workspace, self.row.id, message, block, state)
        self._changed_block(changed, message, block.id, state, ref)

    def _changed_block(self, changed: bool, message: str, block: str, state: BlockState, ref: str | None) -> None:
        if not changed:
            raise Conflict("This was answered already.")
        self.made.append(
            Made(BlockUpdate(rev=self._next(), message=message, block=BlockChange(id=block, state=state)), ref)
        )

    # ------------------------------------------------------------------------------------------ requests

    def remember(self, request: Request, reply: DurableFrame | Ack) -> None:
        """Keep the reply to a request, so that the same `ref` gets the same."""
        framed = replace(reply, ref=request.ref)
        self.write(
            ADD_REQUEST,
            {
                "workspace_id": self._workspace,
                "session_id": self.row.id,
                "ref": request.ref,
                "hash": fingerprint(request),
                "reply": encode(_without_body(framed)).decode(),
                "message_id": _body_of(reply),
            },
        )


def _body_of(frame: Any) -> str | None:
    """The message that a frame carries and its row holds. One that waits leaves its row behind when its turn comes, so
    its frame keeps it."""
    if isinstance(frame, TurnEnd) or (isinstance(frame, MessageAdded) and frame.message.status != "queued"):
        return frame.message.id
    return None


def _without_body(frame: Any) -> Any:
    return frame if _body_of(frame) is None else replace(frame, message=None)
