"""Secrets that tools name. They are stored sealed; nothing here opens them."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.ids import new_id
from opsloom_server.store.tables.tools import secrets

__all__ = ["SecretRow", "listed", "put", "remove", "sealed"]


class SecretRow(Struct, frozen=True):
    """A secret without what it is."""

    name: str
    created_at: datetime
    updated_at: datetime


_SHOWN = (secrets.c.name, secrets.c.created_at, secrets.c.updated_at)


async def put(connection: AsyncConnection, workspace: str, by: str | None, name: str, sealed: bytes) -> SecretRow:
    """Store a secret, in place of the one of that name."""
    added = upsert(secrets).values(id=new_id("sec"), workspace_id=workspace, name=name, sealed=sealed, created_by=by)
    kept = added.on_conflict_do_update(
        index_elements=[secrets.c.workspace_id, secrets.c.name],
        set_={"sealed": added.excluded.sealed, "updated_at": func.now()},
    )
    return SecretRow(*(await connection.execute(kept.returning(*_SHOWN))).one())


async def listed(connection: AsyncConnection) -> list[SecretRow]:
    """The workspace's secrets by name. There are as many as an admin typed in."""
    return [SecretRow(*row) for row in await connection.execute(select(*_SHOWN).order_by(secrets.c.name))]


async def sealed(connection: AsyncConnection, names: Sequence[str]) -> dict[str, bytes]:
    """These secrets as they are stored; names that are not there are absent."""
    query = select(secrets.c.name, secrets.c.sealed).where(secrets.c.name.in_(names))
    return {row.name: row.sealed for row in await connection.execute(query)}


async def remove(connection: AsyncConnection, name: str) -> bool:
    """Delete a secret; False if it was not there."""
    gone = await connection.execute(delete(secrets).where(secrets.c.name == name).returning(secrets.c.id))
    return gone.scalar() is not None
