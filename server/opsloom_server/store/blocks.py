"""Blocks that people can act on: their state, the model's call that waits for it, and until when it waits."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from opsloom_protocol.codec import to_builtins
from opsloom_protocol.messages import Block, BlockPart, BlockState, Message
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.engine import driver_of
from opsloom_server.store.prepared import Prepared
from opsloom_server.store.tables.conversation import blocks

__all__ = ["OpenBlock", "change", "change_unstored", "keep", "open_blocks", "states_of"]


class OpenBlock(Struct, frozen=True):
    """A block of an answer: its state, the model's call that waits for it, and what that call is told."""

    id: str
    message: str
    kind: str
    call: str | None
    state: BlockState | None
    reply: str | None


_OPEN: Final = blocks.c.state["status"].astext == "open"
_BLOCKS: Final = Prepared(
    select(blocks.c.id, blocks.c.message_id, blocks.c.kind, blocks.c.call, blocks.c.state, blocks.c.reply)
    .where(blocks.c.message_id == bindparam("message"))
    .order_by(blocks.c.created_at, blocks.c.id)
)
_CHANGE: Final = (
    update(blocks)
    .where(blocks.c.id == bindparam("block"), _OPEN)
    .values(state=bindparam("new_state"), reply=bindparam("new_reply"))
)


async def open_blocks(connection: AsyncConnection, message: str) -> list[OpenBlock]:
    """The blocks of an answer that people can act on or have acted on."""
    rows = await _BLOCKS.rows(driver_of(connection), {"message": message})
    return [
        OpenBlock(id, answer, kind, call, msgspec.convert(state, BlockState | None), reply)
        for id, answer, kind, call, state, reply in rows  # noqa: A001
    ]


async def states_of(connection: AsyncConnection, message: str) -> dict[str, BlockState | None]:
    """What people did with the blocks of an answer, by id."""
    return {block.id: block.state for block in await open_blocks(connection, message)}


async def keep(
    connection: AsyncConnection, workspace: str, session: str, message: Message, calls: Mapping[str, str]
) -> None:
    """Note the blocks of an answer that is stored; `calls` maps a block to the model's call that waits for it."""
    rows = [
        _row(workspace, session, message.id, part.block) | {"call": calls.get(part.block.id)}
        for part in message.parts
        if isinstance(part, BlockPart)
    ]
    if rows:
        await connection.execute(upsert(blocks).on_conflict_do_nothing(), rows)


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
