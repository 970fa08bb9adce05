"""Blocks that people can act on: their state, the model's call that waits for it, and until when it waits."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct
from opsloom_protocol.codec import to_builtins
from opsloom_protocol.messages import Block, BlockPart, BlockState, Message, Part
from sqlalchemy import ARRAY, Text, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.conversations import rfc3339, with_states
from opsloom_server.store.engine import driver_of
from opsloom_server.store.prepared import Prepared
from opsloom_server.store.tables.asking import approvals
from opsloom_server.store.tables.conversation import blocks

__all__ = [
    "Approval",
    "OpenBlock",
    "Question",
    "change",
    "change_unstored",
    "deadlines",
    "due_blocks",
    "due_sessions",
    "keep",
    "next_deadline",
    "open_blocks",
    "replies_to",
    "states_of",
    "waiting_until",
]


class Approval(Struct, frozen=True, kw_only=True):
    """What an answer of `allow` lets run: a call of this tool with what `binding` (SHA-256) stands for. `always` is
    whether it was offered to allow the tool from now on."""

    tool: str
    binding: bytes
    always: bool


class Question(Struct, frozen=True, kw_only=True):
    """What waits for the answer to a block: a call of the model's, for so many seconds (None: as long as it takes), to
    be run where it is an `approval`."""

    call: str
    expires_in: float | None = None
    approval: Approval | None = None


class OpenBlock(Struct, frozen=True):
    """A block of an answer: its state, the model's call that waits for it, what that call is told; whether its time is
    over, and for an approval what it lets run, and who was asked."""

    id: str
    message: str
    kind: str
    call: str | None
    state: BlockState | None
    reply: str | None
    due: bool
    approval: Approval | None
    user: str | None


AT_ONCE: Final = 500
"""Sessions of which questions are closed in one round."""

_OPEN: Final = blocks.c.state["status"].astext == "open"
# As the index of those that are due says it.
_LIMITED: Final = (blocks.c.expires_at.is_not(None)) & (blocks.c.state["status"].astext == text("'open'"))
_BLOCKS: Final = Prepared(
    select(
        blocks.c.id,
        blocks.c.message_id,
        blocks.c.kind,
        blocks.c.call,
        blocks.c.state,
        blocks.c.reply,
        func.coalesce(blocks.c.expires_at <= func.now(), text("false")),
        approvals.c.tool,
        approvals.c.binding,
        approvals.c.always,
        approvals.c.user_id,
    )
    .select_from(blocks.outerjoin(approvals, approvals.c.block_id == blocks.c.id))
    .where(blocks.c.message_id == bindparam("message"))
    .order_by(blocks.c.created_at, blocks.c.id)
)
_CHANGE: Final = (
    update(blocks)
    .where(blocks.c.id == bindparam("block"), _OPEN)
    .values(state=bindparam("new_state"), reply=bindparam("new_reply"))
)
_DUE: Final = (
    select(blocks.c.message_id, blocks.c.id)
    .where(_LIMITED, blocks.c.expires_at <= func.now(), blocks.c.session_id == bindparam("session"))
    .order_by(blocks.c.expires_at, blocks.c.id)
)
_DUE_SESSIONS: Final = (
    select(blocks.c.session_id).where(_LIMITED, blocks.c.expires_at <= func.now()).distinct().limit(AT_ONCE)
)
_NEXT: Final = select(func.extract("epoch", func.min(blocks.c.expires_at) - func.now())).where(_LIMITED)
# That something was allowed is not what came of it.
_REPLIES: Final = (
    select(blocks.c.message_id, blocks.c.call, blocks.c.reply)
    .select_from(blocks.outerjoin(approvals, approvals.c.block_id == blocks.c.id))
    .where(
        blocks.c.message_id == bindparam("messages", type_=ARRAY(Text)).any_(),
        blocks.c.call.is_not(None),
        blocks.c.reply.is_not(None),
        approvals.c.block_id.is_(None) | (func.coalesce(blocks.c.state["action"].astext, "") != "allow"),
    )
)


async def open_blocks(connection: AsyncConnection, message: str) -> list[OpenBlock]:
    """The blocks of an answer that people can act on or have acted on."""
    rows = await _BLOCKS.rows(driver_of(connection), {"message": message})
    return [
        OpenBlock(
            id,
            answer,
            kind,
            call,
            msgspec.convert(state, BlockState | None),
            reply,
            due,
            None if tool is None else Approval(tool=tool, binding=bytes(binding), always=always),
            user,
        )
        for id, answer, kind, call, state, reply, due, tool, binding, always, user in rows  # noqa: A001
    ]


async def due_sessions(connection: AsyncConnection) -> list[str]:
    """Sessions of the workspace in which a question is open whose time is over."""
    return list((await connection.execute(_DUE_SESSIONS)).scalars())


async def due_blocks(connection: AsyncConnection, session: str) -> list[tuple[str, str]]:
    """The session's open questions whose time is over: the answer and the block of each."""
    return [(row.message_id, row.id) for row in await connection.execute(_DUE, {"session": session})]


async def next_deadline(connection: AsyncConnection) -> float | None:
    """Seconds until the next question of the workspace is due; None where none ever is."""
    seconds = (await connection.execute(_NEXT)).scalar_one()
    return None if seconds is None else float(seconds)


async def replies_to(connection: AsyncConnection, messages: Sequence[str]) -> dict[tuple[str, str], str]:
    """What the calls of these answers that asked people are told, by message and call; absent are those still open, and
    those that were allowed to run."""
    if not messages:
        return {}
    rows = await connection.execute(_REPLIES, {"messages": list(messages)})
    return {(message, call): reply for message, call, reply in rows}


async def states_of(connection: AsyncConnection, message: str) -> dict[str, BlockState | None]:
    """What people did with the blocks of an answer, by id."""
    return {block.id: block.state for block in await open_blocks(connection, message)}


async def deadlines(connection: AsyncConnection, questions: Mapping[str, Question]) -> dict[str, datetime]:
    """Until when these blocks wait, by PostgreSQL's clock; those that wait as long as it takes are absent."""
    seconds = {block: asked.expires_in for block, asked in questions.items() if asked.expires_in is not None}
    if not seconds:
        return {}
    now: datetime = (await connection.execute(select(func.now()))).scalar_one()
    return {block: now + timedelta(seconds=wait) for block, wait in seconds.items()}


async def keep(
    connection: AsyncConnection,
    workspace: str,
    session: str,
    message: Message,
    questions: Mapping[str, Question],
    until: Mapping[str, datetime],
) -> None:
    """Note the blocks of an answer that is stored, the questions among them and `until` when they wait."""
    rows = [
        _row(workspace, session, message.id, part.block)
        | {
            "call": questions[part.block.id].call if part.block.id in questions else None,
            "expires_at": until.get(part.block.id),
        }
        for part in message.parts
        if isinstance(part, BlockPart)
    ]
    if rows:
        await connection.execute(upsert(blocks).on_conflict_do_nothing(), rows)


def waiting_until(parts: tuple[Part, ...], until: Mapping[str, datetime]) -> tuple[Part, ...]:
    """The parts, with what people are shown of the time that is left."""
    states: dict[str, BlockState | None] = {
        block: BlockState(status="open", until=rfc3339(moment)) for block, moment in until.items()
    }
    return with_states(parts, states)


async def change(connection: AsyncConnection, block: str, state: BlockState, reply: str | None) -> bool:
    """Give an open block another state; False where somebody was faster."""
    values = {"block": block, "new_state": to_builtins(state), "new_reply": reply}
    return bool((await connection.execute(_CHANGE, values)).rowcount)


async def change_unstored(
    connection: AsyncConnection, workspace: str, session: str, message: str, block: Block, state: BlockState
) -> bool:
    """The same for a block of an answer that is being written, which has no row before somebody acts on it."""
    added = upsert(blocks).values(_row(workspace, session, message, block) | {"state": to_builtins(state)})
    once = added.on_conflict_do_update(index_elements=[blocks.c.id], set_={"state": added.excluded.state}, where=_OPEN)
    return bool((await connection.execute(once)).rowcount)


def _row(workspace: str, session: str, message: str, block: Block) -> dict[str, Any]:
    return {
        "id": block.id,
        "workspace_id": workspace,
        "session_id": session,
        "message_id": message,
        "kind": block.kind,
        "state": None if block.state is None else to_builtins(block.state),
    }
