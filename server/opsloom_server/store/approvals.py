"""Approvals of one call of a tool, and the standing permissions that take their place.

An approval lets exactly one call run: what is noted with the question binds the tool, its arguments, the answer and the
session, and beginning the call spends it, in the transaction that also notes the call.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy import bindparam, delete, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.blocks import Approval
from opsloom_server.store.ids import new_id
from opsloom_server.store.tables.asking import approvals, permissions
from opsloom_server.store.tables.assistants import assistants
from opsloom_server.store.tables.conversation import blocks

__all__ = ["PermissionRow", "allow", "ask", "forget", "is_allowed", "permissions_of", "revoke", "spend"]

GRACE: Final = text("interval '60 seconds'")
"""An approval that was given in time may be used this much later: another question of the same answer was open until
then, or the node that was to use it died and another took over. After a longer silence it is void."""


class PermissionRow(Struct, frozen=True):
    """A tool that runs for somebody, with an assistant, without asking."""

    id: str
    assistant: str
    assistant_name: str
    tool: str
    created_at: datetime


_SPEND: Final = (
    update(approvals)
    .where(
        approvals.c.block_id == bindparam("block"),
        approvals.c.tool == bindparam("of_tool"),
        approvals.c.binding == bindparam("bound"),
        approvals.c.spent_at.is_(None),
        blocks.c.id == approvals.c.block_id,
        blocks.c.message_id == bindparam("answer"),
        blocks.c.state["status"].astext == "answered",
        blocks.c.state["action"].astext == "allow",
        blocks.c.state["by"].astext == approvals.c.user_id,
        or_(blocks.c.expires_at.is_(None), blocks.c.expires_at + GRACE > func.now()),
    )
    .values(spent_at=func.now())
)
_ALLOWED: Final = select(
    select(permissions.c.id)
    .where(
        permissions.c.user_id == bindparam("user"),
        permissions.c.assistant_id == bindparam("assistant"),
        permissions.c.tool == bindparam("of_tool"),
    )
    .exists()
)


async def ask(connection: AsyncConnection, workspace: str, user: str, asked: Sequence[tuple[str, Approval]]) -> None:
    """Note what may come of the answers to these blocks, which are stored already."""
    rows = [
        {
            "block_id": block,
            "workspace_id": workspace,
            "user_id": user,
            "tool": approval.tool,
            "binding": approval.binding,
            "always": approval.always,
        }
        for block, approval in asked
    ]
    if rows:
        await connection.execute(insert(approvals), rows)


async def spend(connection: AsyncConnection, block: str, answer: str, tool: str, binding: bytes) -> bool:
    """Use an approval up; False where it does not hold: for something else, used before, not given, or too long ago."""
    values = {"block": block, "answer": answer, "of_tool": tool, "bound": binding}
    return bool((await connection.execute(_SPEND, values)).rowcount)


async def allow(connection: AsyncConnection, workspace: str, user: str, assistant: str, tool: str) -> None:
    """Let a tool run from now on without asking."""
    row = {"id": new_id("prm"), "workspace_id": workspace, "user_id": user, "assistant_id": assistant, "tool": tool}
    await connection.execute(upsert(permissions).values(row).on_conflict_do_nothing())


async def is_allowed(connection: AsyncConnection, user: str, assistant: str, tool: str) -> bool:
    """Whether it runs without asking."""
    values = {"user": user, "assistant": assistant, "of_tool": tool}
    return bool((await connection.execute(_ALLOWED, values)).scalar_one())


async def permissions_of(connection: AsyncConnection, user: str) -> list[PermissionRow]:
    """Somebody's standing permissions, oldest first."""
    query = (
        select(
            permissions.c.id,
            assistants.c.slug,
            assistants.c.spec["name"].astext,
            permissions.c.tool,
            permissions.c.created_at,
        )
        .join(assistants, assistants.c.id == permissions.c.assistant_id)
        .where(permissions.c.user_id == user, assistants.c.deleted_at.is_(None))
        .order_by(permissions.c.created_at, permissions.c.id)
    )
    return [PermissionRow(*row) for row in await connection.execute(query)]


async def revoke(connection: AsyncConnection, user: str, permission: str) -> str | None:
    """Take a permission of that person's back; gives its tool, None where there is none."""
    gone = delete(permissions).where(permissions.c.id == permission, permissions.c.user_id == user)
    return (await connection.execute(gone.returning(permissions.c.tool))).scalar_one_or_none()


async def forget(connection: AsyncConnection, tool: str) -> None:
    """Take everybody's permissions of this tool back: it is another one now, or gone."""
    await connection.execute(delete(permissions).where(permissions.c.tool == tool))
