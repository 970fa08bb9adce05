"""Reading conversations: sessions, the path of messages that people see, and the log of what changed."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct
from opsloom_protocol.codec import decode_server
from opsloom_protocol.frames import DurableFrame, TurnEnd
from opsloom_protocol.messages import Author, BlockPart, BlockState, FeedbackMark, Message, MessageError, Part, Usage
from sqlalchemy import ARRAY, Text, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.tables.conversation import blocks, messages, session_log, sessions

__all__ = [
    "LoggedFrame",
    "SessionRow",
    "find_session",
    "log_after",
    "messages_by_id",
    "path",
    "queue",
    "rfc3339",
    "was_deleted",
]

WINDOW: Final = 50
"""Messages in a snapshot."""


class SessionRow(Struct, frozen=True):
    """A stored session."""

    id: str
    assistant: str
    user: str
    title: str | None
    rev: int
    leaf: str | None
    draft: bool
    version: int | None = None
    """The assistant's, where the row was locked to write to it."""


class LoggedFrame(Struct, frozen=True):
    """A durable frame as it was sent, and the live frame it followed."""

    frame: DurableFrame
    turn: str | None
    seq: int | None


_FIND = select(
    sessions.c.id,
    sessions.c.assistant_id,
    sessions.c.user_id,
    sessions.c.title,
    sessions.c.rev,
    sessions.c.leaf,
    sessions.c.draft,
).where(sessions.c.id == bindparam("id"), sessions.c.deleted_at.is_(None))

_DELETED = select(sessions.c.id).where(sessions.c.id == bindparam("id"), sessions.c.deleted_at.is_not(None))

# Walks up from the leaf and stops, so a long conversation costs no more than a short one.
_PATH = text(
    """
    WITH RECURSIVE path AS (
        SELECT m.*, 1 AS depth FROM messages m WHERE m.id = :leaf AND m.session_id = :session
        UNION ALL
        SELECT m.*, path.depth + 1 FROM messages m JOIN path ON m.id = path.parent WHERE path.depth <= :limit
    )
    SELECT id, parent, role, status, author, parts, model, usage, feedback, error, created_at
      FROM path ORDER BY depth DESC
    """
).columns(
    messages.c.id,
    messages.c.parent,
    messages.c.role,
    messages.c.status,
    messages.c.author,
    messages.c.parts,
    messages.c.model,
    messages.c.usage,
    messages.c.feedback,
    messages.c.error,
    messages.c.created_at,
)

_SHOWN = (
    messages.c.id,
    messages.c.parent,
    messages.c.role,
    messages.c.status,
    messages.c.author,
    messages.c.parts,
    messages.c.model,
    messages.c.usage,
    messages.c.feedback,
    messages.c.error,
    messages.c.created_at,
)
_BY_ID = select(*_SHOWN).where(
    messages.c.session_id == bindparam("session"), messages.c.id == bindparam("ids", type_=ARRAY(Text)).any_()
)
_QUEUE = (
    select(*_SHOWN)
    .where(messages.c.session_id == bindparam("session"), messages.c.status == "queued")
    .order_by(messages.c.ordinal)
)
_SIBLINGS = (
    select(messages.c.id, messages.c.parent)
    .where(
        messages.c.session_id == bindparam("session"),
        messages.c.parent == bindparam("parents", type_=ARRAY(Text)).any_(),
        messages.c.status.not_in(["queued", "withdrawn"]),
    )
    .order_by(messages.c.ordinal)
)
_ROOTS = (
    select(messages.c.id, messages.c.parent)
    .where(
        messages.c.session_id == bindparam("session"),
        messages.c.parent.is_(None),
        messages.c.status.not_in(["queued", "withdrawn"]),
    )
    .order_by(messages.c.ordinal)
)
_STATES = select(blocks.c.id, blocks.c.state).where(
    blocks.c.message_id == bindparam("messages", type_=ARRAY(Text)).any_()
)
_LOG = (
    select(session_log.c.rev, session_log.c.turn_id, session_log.c.seq, session_log.c.frame, session_log.c.message_id)
    .where(session_log.c.session_id == bindparam("session"), session_log.c.rev > bindparam("rev"))
    .order_by(session_log.c.rev)
    .limit(bindparam("most"))
)


def rfc3339(moment: datetime) -> str:
    """A moment as frames write it: UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def find_session(connection: AsyncConnection, session: str) -> SessionRow | None:
    """The stored session, whoever's it is."""
    row = (await connection.execute(_FIND, {"id": session})).one_or_none()
    return None if row is None else SessionRow(*row)


async def was_deleted(connection: AsyncConnection, session: str) -> bool:
    """Whether there was a session by that id which is gone from sight."""
    return (await connection.execute(_DELETED, {"id": session})).one_or_none() is not None


async def path(
    connection: AsyncConnection, session: str, leaf: str | None, limit: int = WINDOW
) -> tuple[list[Message], bool]:
    """The last `limit` messages from the root to `leaf`, oldest first, and whether there are older ones."""
    if leaf is None:
        return [], False
    rows = (await connection.execute(_PATH, {"session": session, "leaf": leaf, "limit": limit})).all()
    return await _read(connection, session, rows[-limit:]), len(rows) > limit


async def queue(connection: AsyncConnection, session: str) -> list[Message]:
    """The messages that wait behind a running turn, in order."""
    rows = (await connection.execute(_QUEUE, {"session": session})).all()
    return await _read(connection, session, rows)


async def messages_by_id(connection: AsyncConnection, session: str, ids: Iterable[str]) -> dict[str, Message]:
    """These messages of the session; ids that are not of it are absent."""
    rows = (await connection.execute(_BY_ID, {"session": session, "ids": list(ids)})).all()
    return {message.id: message for message in await _read(connection, session, rows)}


async def siblings_of(connection: AsyncConnection, session: str, parent: str | None) -> tuple[str, ...]:
    """Every message in the place under `parent`, oldest first."""
    if parent is None:
        rows = (await connection.execute(_ROOTS, {"session": session})).all()
    else:
        rows = (await connection.execute(_SIBLINGS, {"session": session, "parents": [parent]})).all()
    return tuple(row.id for row in rows)


async def log_after(connection: AsyncConnection, session: str, rev: int, most: int) -> list[LoggedFrame]:
    """The durable frames after a revision, oldest first, at most `most`.

    Their messages are as they are now: applying all that follows gives the present state all the same.
    """
    rows = (await connection.execute(_LOG, {"session": session, "rev": rev, "most": most})).all()
    bodies = await messages_by_id(connection, session, {row.message_id for row in rows if row.message_id})
    return [LoggedFrame(restore(row.frame, bodies.get(row.message_id)), row.turn_id, row.seq) for row in rows]


def restore(frame: str, message: Message | None) -> DurableFrame:
    """A stored frame with its body back in place."""
    if message is not None:
        # The body's place was left null.
        body = msgspec.json.encode(message).decode()
        frame = frame.replace('"message":null', f'"message":{body}', 1)
    decoded = decode_server(frame)
    if isinstance(decoded, TurnEnd):
        return msgspec.structs.replace(decoded, message=msgspec.structs.replace(decoded.message, status=decoded.status))
    assert isinstance(decoded, DurableFrame)
    return decoded


async def _read(connection: AsyncConnection, session: str, rows: Sequence[Any]) -> list[Message]:
    """Rows as messages: with their siblings, and with their blocks' states."""
    if not rows:
        return []
    parents = {row.parent for row in rows}
    places: dict[str | None, list[str]] = {parent: [] for parent in parents}
    if parents - {None}:
        found = await connection.execute(_SIBLINGS, {"session": session, "parents": list(parents - {None})})
        for other in found:
            places[other.parent].append(other.id)
    if None in parents:
        places[None] = [other.id for other in await connection.execute(_ROOTS, {"session": session})]
    decoded = {row.id: decode_parts(row.parts) for row in rows}
    with_blocks = [key for key, parts in decoded.items() if any(isinstance(part, BlockPart) for part in parts)]
    states: dict[str, BlockState | None] = {}
    if with_blocks:
        for block in await connection.execute(_STATES, {"messages": with_blocks}):
            states[block.id] = msgspec.convert(block.state, BlockState | None)
    # One that waits has no place yet; it gets one when it is its turn.
    return [
        _message(row, with_states(decoded[row.id], states), [] if row.status == "queued" else places[row.parent])
        for row in rows
    ]


def decode_parts(value: Any) -> tuple[Part, ...]:
    """A `parts` column as parts."""
    return msgspec.convert(value, tuple[Part, ...])


def with_states(parts: tuple[Part, ...], states: dict[str, BlockState | None]) -> tuple[Part, ...]:
    """The parts with each block's state put in; blocks that are not in `states` keep the one they have."""
    if not states:
        return parts
    return tuple(
        BlockPart(block=msgspec.structs.replace(part.block, state=states[part.block.id]))
        if isinstance(part, BlockPart) and part.block.id in states
        else part
        for part in parts
    )


def _message(row: Any, parts: tuple[Part, ...], place: list[str]) -> Message:
    return Message(
        id=row.id,
        role=row.role,
        parent=row.parent,
        siblings=tuple(other for other in place if other != row.id),
        place=place.index(row.id) if row.id in place else len(place),
        status=row.status,
        created_at=rfc3339(row.created_at),
        parts=parts,
        author=UNSET if row.author is None else msgspec.convert(row.author, Author),
        model=UNSET if row.model is None else row.model,
        usage=UNSET if row.usage is None else msgspec.convert(row.usage, Usage),
        feedback=UNSET if row.feedback is None else msgspec.convert(row.feedback, FeedbackMark),
        error=UNSET if row.error is None else msgspec.convert(row.error, MessageError),
    )
