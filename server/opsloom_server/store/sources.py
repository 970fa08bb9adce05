"""Data sources: the databases that assistants may ask. The address is stored sealed; nothing here opens it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import Conflict
from opsloom_server.store.tables.records import data_sources

__all__ = ["SourceRow", "add", "change", "find", "listed", "named", "remove"]


class SourceRow(Struct, frozen=True, kw_only=True):
    """A data source. `address` is what may be shown of it; `described` its tables as they were last read, as JSON."""

    id: str
    name: str
    sealed: bytes
    schemas: tuple[str, ...] | None
    address: dict[str, Any]
    warnings: tuple[str, ...]
    described: Any
    described_at: datetime | None
    created_at: datetime


_COLUMNS = (
    data_sources.c.id,
    data_sources.c.name,
    data_sources.c.url_sealed,
    data_sources.c.schemas,
    data_sources.c.address,
    data_sources.c.warnings,
    data_sources.c.described,
    data_sources.c.described_at,
    data_sources.c.created_at,
)


def _read(row: Any) -> SourceRow:
    return SourceRow(
        id=row.id,
        name=row.name,
        sealed=row.url_sealed,
        schemas=None if row.schemas is None else tuple(row.schemas),
        address=row.address,
        warnings=tuple(row.warnings),
        described=row.described,
        described_at=row.described_at,
        created_at=row.created_at,
    )


async def add(connection: AsyncConnection, workspace: str, key: str, by: str | None, **fields: Any) -> SourceRow:
    """Add a data source. Raises Conflict where the name is taken; the transaction is then lost."""
    try:
        made = await connection.execute(
            insert(data_sources)
            .values(id=key, workspace_id=workspace, created_by=by, described_at=func.now(), **fields)
            .returning(*_COLUMNS)
        )
    except IntegrityError as error:
        raise _taken(fields["name"]) from error
    return _read(made.one())


async def change(
    connection: AsyncConnection, source: str, *, described_now: bool = False, **fields: Any
) -> SourceRow | None:
    """Change a data source; None if it is not there. Raises Conflict where the name is taken."""
    values = fields | ({"described_at": func.now()} if described_now else {})
    try:
        changed = await connection.execute(
            update(data_sources).where(data_sources.c.id == source).values(**values).returning(*_COLUMNS)
        )
    except IntegrityError as error:
        raise _taken(fields.get("name", "")) from error
    row = changed.one_or_none()
    return None if row is None else _read(row)


async def find(connection: AsyncConnection, name: str) -> SourceRow | None:
    """Return a data source of this workspace by its id or name."""
    query = select(*_COLUMNS).where(or_(data_sources.c.id == name, data_sources.c.name == name))
    rows = (await connection.execute(query)).all()
    # One may be called as another's id is; the id wins.
    found = next((row for row in rows if row.id == name), rows[0] if rows else None)
    return None if found is None else _read(found)


async def named(connection: AsyncConnection, names: Sequence[str]) -> dict[str, str]:
    """Return the ids of data sources, by the ids or names that were asked for."""
    if not names:
        return {}
    query = select(data_sources.c.id, data_sources.c.name).where(
        or_(data_sources.c.id.in_(names), data_sources.c.name.in_(names))
    )
    rows = (await connection.execute(query)).all()
    return {row.name: row.id for row in rows} | {row.id: row.id for row in rows}


async def listed(connection: AsyncConnection, only: Sequence[str] | None = None) -> list[SourceRow]:
    """Return the workspace's data sources by name, or `only` these ids. There are as many as an owner typed in."""
    query = select(*_COLUMNS).order_by(data_sources.c.name)
    if only is not None:
        query = query.where(data_sources.c.id.in_(only))
    return [_read(row) for row in (await connection.execute(query)).all()]


async def remove(connection: AsyncConnection, source: str) -> bool:
    """Delete a data source; False if it was not there."""
    gone = await connection.execute(
        delete(data_sources).where(data_sources.c.id == source).returning(data_sources.c.id)
    )
    return gone.scalar() is not None


def _taken(name: str) -> Conflict:
    return Conflict(f"There already is a data source “{name}”. Choose another name.")
