"""Sites: the pages that may show an assistant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.ids import new_id
from opsloom_server.store.tables.assistants import sites

__all__ = ["SiteRow", "add", "get", "listed", "remove"]


class SiteRow(Struct, frozen=True):
    """A site; ``assistant`` is the id, ``origins`` are exact."""

    id: str
    name: str
    assistant: str
    origins: tuple[str, ...]
    created_at: datetime


_COLUMNS = (sites.c.id, sites.c.name, sites.c.assistant_id, sites.c.origins, sites.c.created_at)


def _read(row: Any) -> SiteRow:
    return SiteRow(row.id, row.name, row.assistant_id, tuple(row.origins), row.created_at)


async def add(
    connection: AsyncConnection, workspace: str, assistant: str, name: str, origins: Sequence[str]
) -> SiteRow:
    """Add a site of an assistant."""
    made = await connection.execute(
        insert(sites)
        .values(id=new_id("sit"), workspace_id=workspace, assistant_id=assistant, name=name, origins=list(origins))
        .returning(*_COLUMNS)
    )
    return _read(made.one())


async def get(connection: AsyncConnection, site: str) -> SiteRow | None:
    """Return a site of this workspace."""
    row = (await connection.execute(select(*_COLUMNS).where(sites.c.id == site))).one_or_none()
    return None if row is None else _read(row)


async def listed(connection: AsyncConnection) -> list[SiteRow]:
    """Return the workspace's sites, oldest first. There are as many as an owner typed in."""
    query = select(*_COLUMNS).order_by(sites.c.created_at, sites.c.id)
    return [_read(row) for row in (await connection.execute(query)).all()]


async def remove(connection: AsyncConnection, site: str) -> bool:
    """Delete a site; False if it was not there."""
    return (
        await connection.execute(delete(sites).where(sites.c.id == site).returning(sites.c.id))
    ).scalar() is not None
