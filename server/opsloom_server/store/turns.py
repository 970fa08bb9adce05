"""Turns while they run: what they have shown, what their tools did, and what the model remembers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from opsloom_protocol.codec import decode_server
from opsloom_protocol.frames import LiveFrame
from opsloom_protocol.messages import Part
from opsloom_protocol.state import apply_part
from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.blocks import states_of
from opsloom_server.store.conversations import decode_parts, with_states
from opsloom_server.store.journal import Fenced
from opsloom_server.store.tables.conversation import messages, turn_log

__all__ = [
    "Memory",
    "Run",
    "brought_in",
    "call_ended",
    "call_started",
    "follow",
    "frames_after",
    "memory",
    "shown_before",
]


class Run(Struct, frozen=True):
    """Frames of a turn as they were sent, one after the other, and the `seq` of the first."""

    first: int
    frames: Sequence[str]


class Memory(Struct, frozen=True):
    """A message of the path, as the model is told of it."""

    id: str
    role: str
    status: str
    parts: tuple[Part, ...]
    history: bytes | None


_FRAMES = text(
    """
        SELECT l.turn_id, l.first_seq, l.frames
          FROM unnest(cast(:turns AS text[]), cast(:seqs AS int[])) AS w (turn_id, seq)
          JOIN turn_log l ON l.turn_id = w.turn_id AND l.last_seq > w.seq
         ORDER BY l.turn_id, l.first_seq
        """
).columns(turn_log.c.turn_id, turn_log.c.first_seq, turn_log.c.frames)
_PARTS = select(messages.c.parts).where(messages.c.id == bindparam("message"))
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
_BROUGHT_IN = text(
    """
    WITH RECURSIVE path AS (
        SELECT m.id, m.parent FROM messages m WHERE m.id = :leaf AND m.session_id = :session
        UNION ALL
        SELECT m.id, m.parent FROM messages m JOIN path ON m.id = path.parent
    )
    SELECT DISTINCT p.part ->> 'type' AS kind, p.part ->> 'tool' AS tool
      FROM path JOIN messages m ON m.id = path.id, jsonb_array_elements(m.parts) AS p (part)
     WHERE p.part ->> 'type' IN ('tool', 'file')
    """
)
# FOR SHARE meets a take-over, which updates the same row: whichever comes second waits for the other.
_START_CALL: Final = text(
    """
    WITH own AS (
        SELECT id, workspace_id FROM turns WHERE id = :turn AND epoch = :epoch AND status = 'running' FOR SHARE
    )
    INSERT INTO tool_calls (workspace_id, turn_id, call, tool, input, status)
    SELECT own.workspace_id, own.id, :call, :tool, :input, 'running' FROM own
    ON CONFLICT (turn_id, call) DO UPDATE
       SET tool = excluded.tool, input = excluded.input, status = 'running', result = NULL
    """
)
_END_CALL: Final = text(
    """
    WITH own AS (SELECT id FROM turns WHERE id = :turn AND epoch = :epoch AND status = 'running' FOR SHARE)
    UPDATE tool_calls SET status = :status, result = :result, ended_at = now()
      FROM own WHERE tool_calls.turn_id = own.id AND tool_calls.call = :call
    """
)


async def frames_after(connection: AsyncConnection, wanted: Mapping[str, int]) -> dict[str, list[Run]]:
    """The stored frames of running turns after a `seq` each, in order. Turns without news are absent."""
    found: dict[str, list[Run]] = {}
    for row in await connection.execute(_FRAMES, {"turns": list(wanted), "seqs": list(wanted.values())}):
        found.setdefault(row.turn_id, []).append(Run(row.first_seq, row.frames.split("\n")))
    return found


async def shown_before(connection: AsyncConnection, message: str) -> tuple[Part, ...]:
    """The parts that a running answer had when its turn began: none, or those that it had before it waited."""
    stored = (await connection.execute(_PARTS, {"message": message})).scalar_one()
    return with_states(decode_parts(stored), await states_of(connection, message))


def follow(parts: tuple[Part, ...], seq: int, runs: Iterable[Run]) -> tuple[tuple[Part, ...], int]:
    """The parts, and the last `seq` in them, after these frames as far as they go on without a hole."""
    for run in runs:
        for number, text_ in enumerate(run.frames, run.first):
            if number <= seq:
                continue
            if number != seq + 1:
                return parts, seq  # what follows a hole cannot be placed
            frame = decode_server(text_)
            assert isinstance(frame, LiveFrame)
            parts, seq = apply_part(parts, frame), number
    return parts, seq


async def memory(connection: AsyncConnection, session: str, leaf: str, most: int) -> list[Memory]:
    """The last `most` messages down to `leaf`, oldest first, with what the model said and was told."""
    rows = await connection.execute(_MEMORY, {"session": session, "leaf": leaf, "most": most})
    return [Memory(row.id, row.role, row.status, decode_parts(row.parts), row.history) for row in rows]


async def brought_in(connection: AsyncConnection, session: str, leaf: str) -> tuple[set[str], bool]:
    """The tools that were called on the whole path down to `leaf`, and whether a file was attached there."""
    rows = (await connection.execute(_BROUGHT_IN, {"session": session, "leaf": leaf})).all()
    return {row.tool for row in rows if row.kind == "tool"}, any(row.kind == "file" for row in rows)


async def call_started(
    connection: AsyncConnection, turn: str, epoch: int, call: str, tool: str, arguments: Any
) -> None:
    """Note that a tool is about to run. Some servers name every call `call_0`: the last of a name is the one kept.

    Raises `Fenced` where the turn is not this owner's any more; the tool must not run then.
    """
    written = await connection.execute(
        _START_CALL,
        {
            "turn": turn,
            "epoch": epoch,
            "call": call,
            "tool": tool,
            "input": msgspec.json.encode(arguments).decode(),
        },
    )
    if written.rowcount == 0:
        raise Fenced


async def call_ended(connection: AsyncConnection, turn: str, epoch: int, call: str, status: str, result: Any) -> None:
    """Note what a tool's call came to. Raises `Fenced` like `call_started`."""
    written = await connection.execute(
        _END_CALL,
        {
            "turn": turn,
            "epoch": epoch,
            "call": call,
            "status": status,
            "result": None if result is None else msgspec.json.encode(result).decode(),
        },
    )
    if written.rowcount == 0:
        raise Fenced
