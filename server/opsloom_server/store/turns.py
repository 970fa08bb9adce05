"""Turns while they run: who owns them, what they have shown, what their tools did, and what the model remembers."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from opsloom_protocol.codec import decode_server
from opsloom_protocol.frames import LiveFrame
from opsloom_protocol.messages import BlockState, Part
from opsloom_protocol.state import apply_part
from sqlalchemy import ARRAY, Text, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.conversations import decode_parts, with_states
from opsloom_server.store.journal_statements import LEASE
from opsloom_server.store.prepared import Prepared, driver_of
from opsloom_server.store.tables.conversation import blocks, messages, tool_calls, turn_log, turns

__all__ = [
    "Memory",
    "TurnRow",
    "adopt",
    "call_ended",
    "call_started",
    "expired",
    "memory",
    "open_blocks",
    "renew",
    "running",
    "shown_parts",
]


class TurnRow(Struct, frozen=True):
    """A turn that the database says is running; `stale` when its owner's lease has run out."""

    id: str
    session: str
    message: str
    epoch: int
    owner: str
    stale: bool


class Memory(Struct, frozen=True):
    """A message of the path, as the model is told of it."""

    id: str
    role: str
    status: str
    parts: tuple[Part, ...]
    history: bytes | None


class OpenBlock(Struct, frozen=True):
    """A block of an answer: its state, the model's call that waits for it, and what that call is told."""

    id: str
    message: str
    kind: str
    call: str | None
    state: BlockState | None
    reply: str | None


_stale: Final = (turns.c.lease_until < func.now()).label("stale")
_RUNNING = select(turns.c.id, turns.c.session_id, turns.c.message_id, turns.c.epoch, turns.c.owner, _stale).where(
    turns.c.status == "running"
)
_OF_SESSION = _RUNNING.where(turns.c.session_id == bindparam("session"))
_EXPIRED = _RUNNING.where(turns.c.lease_until < func.now()).limit(100)
_ALL = _RUNNING.limit(1000)
_RENEW = (
    update(turns)
    .where(
        turns.c.id == bindparam("turns", type_=ARRAY(Text)).any_(),
        turns.c.owner == bindparam("node"),
        turns.c.status == "running",
    )
    .values(lease_until=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, LEASE))
    .returning(turns.c.id)
)
_ADOPT = (
    update(turns)
    .where(turns.c.id == bindparam("turn"), turns.c.epoch == bindparam("of_epoch"), turns.c.status == "running")
    .values(
        epoch=turns.c.epoch + 1,
        owner=bindparam("node"),
        lease_until=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, LEASE),
    )
)
_SHOWN = select(turn_log.c.frames).where(turn_log.c.turn_id == bindparam("turn")).order_by(turn_log.c.first_seq)
_PARTS = select(messages.c.parts).where(messages.c.id == bindparam("message"))
_BLOCKS = Prepared(
    select(blocks.c.id, blocks.c.message_id, blocks.c.kind, blocks.c.call, blocks.c.state, blocks.c.reply)
    .where(blocks.c.message_id == bindparam("message"))
    .order_by(blocks.c.created_at, blocks.c.id)
)
_STATE = msgspec.json.Decoder(BlockState | None)
_MEMORY = text(
    """
    WITH RECURSIVE path AS (
        SELECT m.id, m.parent, m.role, m.status, m.parts, m.history, 1 AS depth
          FROM messages m WHERE m.id = :leaf AND m.session_id = :session
        UNION ALL
        SELECT m.id, m.parent, m.role, m.status, m.parts, m.history, path.depth + 1
          FROM messages m JOIN path ON m.id = path.parent WHERE path.depth < :most
    )
    SELECT id, role, status, parts, history FROM path ORDER BY depth DESC
    """
).columns(messages.c.id, messages.c.role, messages.c.status, messages.c.parts, messages.c.history)
_END_CALL = (
    update(tool_calls)
    .where(tool_calls.c.turn_id == bindparam("turn"), tool_calls.c.call == bindparam("of_call"))
    .values(status=bindparam("new_status"), result=bindparam("new_result"), ended_at=func.now())
)


async def running(connection: AsyncConnection, session: str) -> TurnRow | None:
    """The session's running turn, whoever owns it."""
    row = (await connection.execute(_OF_SESSION, {"session": session})).one_or_none()
    return None if row is None else TurnRow(*row)


async def expired(connection: AsyncConnection, *, everyone: bool = False) -> list[TurnRow]:
    """Turns of the workspace whose owner's lease has run out; `everyone`: all that run, where no other node can be."""
    return [TurnRow(*row) for row in await connection.execute(_ALL if everyone else _EXPIRED)]


async def renew(connection: AsyncConnection, node: str, ids: Sequence[str]) -> set[str]:
    """Renew the leases of this node's turns. Gives those that are still its own."""
    rows = await connection.execute(_RENEW, {"turns": list(ids), "node": node})
    return {row.id for row in rows}


async def adopt(connection: AsyncConnection, turn: TurnRow, node: str) -> int | None:
    """Take a turn over: its epoch grows, so its old owner's writes are refused. The new epoch, or None if too late."""
    values = {"turn": turn.id, "of_epoch": turn.epoch, "node": node}
    taken = await connection.execute(_ADOPT, values)
    return turn.epoch + 1 if taken.rowcount else None


async def shown_parts(connection: AsyncConnection, turn: str, message: str) -> tuple[tuple[Part, ...], int]:
    """What a turn has shown as far as it is stored: the answer's parts, and the last `seq` in them."""
    stored = (await connection.execute(_PARTS, {"message": message})).scalar_one()
    states = {block.id: block.state for block in await open_blocks(connection, message)}
    parts, seq = with_states(decode_parts(stored), states), 0
    for frames in (await connection.execute(_SHOWN, {"turn": turn})).scalars():
        for line in frames.split("\n"):
            frame = decode_server(line)
            assert isinstance(frame, LiveFrame)
            if frame.seq != seq + 1:
                return parts, seq  # what follows a hole cannot be placed
            parts, seq = apply_part(parts, frame), frame.seq
    return parts, seq


async def open_blocks(connection: AsyncConnection, message: str) -> list[OpenBlock]:
    """The blocks of an answer that people can act on or have acted on."""
    rows = await _BLOCKS.rows(driver_of(connection), {"message": message})
    return [
        OpenBlock(id, answer, kind, call, _STATE.decode(state or "null"), reply)
        for id, answer, kind, call, state, reply in rows  # noqa: A001
    ]


async def memory(connection: AsyncConnection, session: str, leaf: str, most: int) -> list[Memory]:
    """The last `most` messages down to `leaf`, oldest first, with what the model said and was told."""
    rows = await connection.execute(_MEMORY, {"session": session, "leaf": leaf, "most": most})
    return [Memory(row.id, row.role, row.status, decode_parts(row.parts), row.history) for row in rows]


async def call_started(
    connection: AsyncConnection, workspace: str, turn: str, call: str, tool: str, arguments: Any
) -> None:
    """Note that a tool is about to run. Some servers name every call `call_0`: the last of a name is the one kept."""
    values = {
        "workspace_id": workspace,
        "turn_id": turn,
        "call": call,
        "tool": tool,
        "input": msgspec.json.encode(arguments).decode(),
        "status": "running",
    }
    begun = upsert(tool_calls).values(values)
    again = {"tool": begun.excluded.tool, "input": begun.excluded.input, "status": "running", "result": None}
    await connection.execute(
        begun.on_conflict_do_update(index_elements=[tool_calls.c.turn_id, tool_calls.c.call], set_=again)
    )


async def call_ended(connection: AsyncConnection, turn: str, call: str, status: str, result: Any) -> None:
    """Note what a tool's call came to."""
    await connection.execute(
        _END_CALL,
        {
            "turn": turn,
            "of_call": call,
            "new_status": status,
            "new_result": None if result is None else msgspec.json.encode(result).decode(),
        },
    )
