"""Tools that call a service, as their workspace described them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import Conflict
from opsloom_server.store.ids import new_id
from opsloom_server.store.tables.tools import http_tools

__all__ = ["ToolRow", "add", "change", "find", "listed", "named", "remove"]


class ToolRow(Struct, frozen=True):
    """A tool; `definition` is plain JSON."""

    id: str
    name: str
    definition: dict[str, Any]
    created_at: datetime
    updated_at: datetime


_COLUMNS = (
    http_tools.c.id,
    http_tools.c.name,
    http_tools.c.definition,
    http_tools.c.created_at,
    http_tools.c.updated_at,
)


async def add(
    connection: AsyncConnection, workspace: str, by: str | None, name: str, definition: dict[str, Any]
) -> ToolRow:
    """Add a tool. Raises Conflict where the name is taken; the transaction is then lost."""
    row = {"id": new_id("tol"), "workspace_id": workspace, "created_by": by, "name": name, "definition": definition}
    try:
        made = await connection.execute(insert(http_tools).values(row).returning(*_COLUMNS))
    except IntegrityError as error:
        raise Conflict(f"There already is a tool “{name}”. Choose another name.") from error
    return ToolRow(*made.one())


async def change(connection: AsyncConnection, tool: str, definition: dict[str, Any]) -> ToolRow | None:
    """Give a tool another definition; None if it is not there."""
    changed = await connection.execute(
        update(http_tools)
        .where(http_tools.c.id == tool)
        .values(definition=definition, updated_at=func.now())
        .returning(*_COLUMNS)
    )
    row = changed.one_or_none()
    return None if row is None else ToolRow(*row)


async def find(connection: AsyncConnection, name: str) -> ToolRow | None:
    """Return a tool of this workspace by its id or name."""
    query = select(*_COLUMNS).where(or_(http_tools.c.id == name, http_tools.c.name == name))
    rows = [ToolRow(*row) for row in await connection.execute(query)]
    return next((row for row in rows if row.id == name), rows[0] if rows else None)


async def named(connection: AsyncConnection, names: Sequence[str]) -> list[ToolRow]:
    """The tools of these names that there are."""
    query = select(*_COLUMNS).where(http_tools.c.name.in_(names))
    return [ToolRow(*row) for row in await connection.execute(query)]


async def listed(connection: AsyncConnection) -> list[ToolRow]:
    """The workspace's tools by name. There are as many as admins typed in."""
    return [ToolRow(*row) for row in await connection.execute(select(*_COLUMNS).order_by(http_tools.c.name))]


async def remove(connection: AsyncConnection, tool: str) -> bool:
    """Delete a tool; False if it was not there."""
    gone = await connection.execute(delete(http_tools).where(http_tools.c.id == tool).returning(http_tools.c.id))
    return gone.scalar() is not None
