"""What is known of uploaded files. The bytes lie in the data folder."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import and_, bindparam, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.tables.files import files

__all__ = ["FileRow", "add", "find", "kept_by", "page", "remove"]


class FileRow(Struct, frozen=True):
    """An uploaded file; ``media_type`` is what its content looks like, not what its name says."""

    id: str
    user: str
    name: str
    media_type: str
    bytes: int
    created_at: datetime


_COLUMNS = (files.c.id, files.c.user_id, files.c.name, files.c.media_type, files.c.bytes, files.c.created_at)

_KEPT = select(func.coalesce(func.sum(files.c.bytes), 0)).where(files.c.user_id == bindparam("user"))
_ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("user"), 0)))


async def kept_by(connection: AsyncConnection, user: str) -> int:
    """How many bytes a person's files take up. Others of theirs wait until this transaction ends, so that two uploads
    at once do not both find room."""
    await connection.execute(_ONE_AT_A_TIME, {"user": user})
    return int((await connection.execute(_KEPT, {"user": user})).scalar_one())


async def page(connection: AsyncConnection, user: str, limit: int, after: tuple[datetime, str] | None) -> list[FileRow]:
    """Return a person's files, newest first, after a place in that order."""
    query = (
        select(*_COLUMNS).where(files.c.user_id == user).order_by(files.c.created_at.desc(), files.c.id.desc())
    ).limit(limit)
    if after is not None:
        at, last = after
        query = query.where(or_(files.c.created_at < at, and_(files.c.created_at == at, files.c.id < last)))
    return [FileRow(*row) for row in (await connection.execute(query)).all()]


async def add(
    connection: AsyncConnection,
    workspace: str,
    user: str,
    file: str,
    name: str,
    media_type: str,
    size: int,
    sha256: bytes,
) -> FileRow:
    """Remember a file whose bytes are in place."""
    made = await connection.execute(
        insert(files)
        .values(
            id=file, workspace_id=workspace, user_id=user, name=name, media_type=media_type, bytes=size, sha256=sha256
        )
        .returning(*_COLUMNS)
    )
    return FileRow(*made.one())


async def find(connection: AsyncConnection, file: str) -> FileRow | None:
    """Return a file of this workspace, whoever's it is."""
    row = (await connection.execute(select(*_COLUMNS).where(files.c.id == file))).one_or_none()
    return None if row is None else FileRow(*row)


async def remove(connection: AsyncConnection, file: str) -> bool:
    """Forget a file."""
    return (
        await connection.execute(delete(files).where(files.c.id == file).returning(files.c.id))
    ).scalar() is not None
