"""MCP servers of a workspace. How they are reached is stored sealed; nothing here opens it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import Conflict
from opsloom_server.store.tables.mcp import mcp_servers

__all__ = ["ServerRow", "add", "change", "count", "describe", "find", "listed", "remove", "stamps"]


class ServerRow(Struct, frozen=True, kw_only=True):
    """An MCP server. `shown` is what may be seen of how it is reached; `described` what it offered last, as JSON;
    `rev` counts the changes of how it is reached."""

    id: str
    name: str
    sealed: bytes
    shown: Mapping[str, Any]
    tools: tuple[str, ...] | None
    effects: Mapping[str, str]
    described: Any
    described_at: datetime | None
    rev: int
    created_at: datetime


_COLUMNS = (
    mcp_servers.c.id,
    mcp_servers.c.name,
    mcp_servers.c.sealed,
    mcp_servers.c.shown,
    mcp_servers.c.tools,
    mcp_servers.c.effects,
    mcp_servers.c.described,
    mcp_servers.c.described_at,
    mcp_servers.c.rev,
    mcp_servers.c.created_at,
)


def _read(row: Any) -> ServerRow:
    return ServerRow(
        id=row.id,
        name=row.name,
        sealed=row.sealed,
        shown=row.shown,
        tools=None if row.tools is None else tuple(row.tools),
        effects=row.effects,
        described=row.described,
        described_at=row.described_at,
        rev=row.rev,
        created_at=row.created_at,
    )


async def add(connection: AsyncConnection, workspace: str, key: str, by: str | None, **fields: Any) -> ServerRow:
    """Add a server. Raises Conflict where the name is taken; the transaction is then lost."""
    try:
        made = await connection.execute(
            insert(mcp_servers)
            .values(id=key, workspace_id=workspace, created_by=by, described_at=func.now(), **fields)
            .returning(*_COLUMNS)
        )
    except IntegrityError as error:
        raise _taken(fields["name"]) from error
    return _read(made.one())


async def change(connection: AsyncConnection, server: str, *, reached: bool = False, **fields: Any) -> ServerRow | None:
    """Change a server; None if it is not there. `reached`: it is reached in another way now. Raises Conflict where the
    name is taken."""
    values: dict[str, Any] = dict(fields)
    if reached:
        values["rev"] = mcp_servers.c.rev + 1
    if "described" in fields:
        values["described_at"] = func.now()
    try:
        changed = await connection.execute(
            update(mcp_servers).where(mcp_servers.c.id == server).values(**values).returning(*_COLUMNS)
        )
    except IntegrityError as error:
        raise _taken(fields.get("name", "")) from error
    row = changed.one_or_none()
    return None if row is None else _read(row)


async def describe(connection: AsyncConnection, server: str, rev: int, described: Any) -> None:
    """Note what the server offers now, unless it is another server meanwhile."""
    await connection.execute(
        update(mcp_servers)
        .where(mcp_servers.c.id == server, mcp_servers.c.rev == rev)
        .values(described=described, described_at=func.now())
    )


async def find(connection: AsyncConnection, name: str) -> ServerRow | None:
    """Return a server of this workspace by its id or name."""
    query = select(*_COLUMNS).where(or_(mcp_servers.c.id == name, mcp_servers.c.name == name))
    rows = (await connection.execute(query)).all()
    found = next((row for row in rows if row.id == name), rows[0] if rows else None)
    return None if found is None else _read(found)


async def listed(connection: AsyncConnection, ids: Sequence[str] | None = None) -> list[ServerRow]:
    """Return the workspace's servers by name, or those of these ids."""
    query = select(*_COLUMNS).order_by(mcp_servers.c.name)
    if ids is not None:
        query = query.where(mcp_servers.c.id.in_(ids))
    return [_read(row) for row in (await connection.execute(query)).all()]


async def stamps(connection: AsyncConnection, names: Sequence[str] | None = None) -> dict[str, tuple[Any, ...]]:
    """By id, what changes whenever the tools of a server do: to read no more than that where nothing did."""
    table = mcp_servers.c
    query = select(table.id, table.name, table.rev, table.described_at, table.tools, table.effects)
    if names is not None:
        query = query.where(table.name.in_(names))
    rows = (await connection.execute(query.order_by(table.name))).all()
    return {
        row.id: (row.name, row.rev, row.described_at, tuple(row.tools or ("*",)), tuple(sorted(row.effects.items())))
        for row in rows
    }


async def count(connection: AsyncConnection) -> int:
    """Return how many servers the workspace has."""
    return int((await connection.execute(select(func.count()).select_from(mcp_servers))).scalar_one())


async def remove(connection: AsyncConnection, server: str) -> bool:
    """Delete a server; False if it was not there."""
    gone = await connection.execute(delete(mcp_servers).where(mcp_servers.c.id == server).returning(mcp_servers.c.id))
    return gone.scalar() is not None


def _taken(name: str) -> Conflict:
    return Conflict(f"There already is an MCP server “{name}”. Choose another name.")
