"""Users of a workspace, and the workspaces themselves."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import and_, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.ids import new_id
from opsloom_server.store.tables.conversation import sessions
from opsloom_server.store.tables.files import files
from opsloom_server.store.tables.identity import users, workspaces

__all__ = [
    "UserRow",
    "add",
    "change",
    "drop_idle_visitors",
    "ensure_external",
    "ensure_workspace",
    "get",
    "has_owner",
    "page",
    "rename",
    "workspace_name",
]

# A visitor who wrote nothing within a month leaves no trace. Long enough that no tab is still open that would write.
IDLE_VISITOR = text("interval '30 days'")


class UserRow(Struct, frozen=True):
    """A stored user, without any secret."""

    id: str
    kind: str
    role: str
    name: str
    email: str | None
    external_id: str | None
    created_at: datetime
    seen_at: datetime | None
    disabled_at: datetime | None


_COLUMNS = (
    users.c.id,
    users.c.kind,
    users.c.role,
    users.c.name,
    users.c.email,
    users.c.external_id,
    users.c.created_at,
    users.c.seen_at,
    users.c.disabled_at,
)


async def ensure_workspace(connection: AsyncConnection, workspace: str, name: str) -> bool:
    """Make the workspace unless it is there; True if it was made. The transaction must be in that workspace."""
    made = await connection.execute(
        insert(workspaces).values(id=workspace, name=name).on_conflict_do_nothing().returning(workspaces.c.id)
    )
    return made.scalar() is not None


async def workspace_name(connection: AsyncConnection, workspace: str) -> str:
    """Return the workspace's name, "" where there is none."""
    return (await connection.execute(select(workspaces.c.name).where(workspaces.c.id == workspace))).scalar() or ""


async def add(
    connection: AsyncConnection, workspace: str, kind: str, role: str, name: str, *, secret_hash: bytes | None = None
) -> str:
    """Add a user; return the id."""
    user = new_id("usr")
    await connection.execute(
        insert(users).values(id=user, workspace_id=workspace, kind=kind, role=role, name=name, secret_hash=secret_hash)
    )
    return user


async def ensure_external(
    connection: AsyncConnection, workspace: str, external_id: str, name: str | None
) -> tuple[str, str, bool]:
    """Find or make the person whom another program knows as ``external_id``; return id, name and whether disabled.

    Such a person has the role visitor: they talk to what the key lets them, and manage nothing.
    """
    statement = insert(users).values(
        id=new_id("usr"),
        workspace_id=workspace,
        kind="person",
        role="visitor",
        name=name or "Guest",
        external_id=external_id,
    )
    kept: Any = users.c.name if name is None else statement.excluded.name
    row = (
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=[users.c.workspace_id, users.c.external_id], set_={"name": kept}
            ).returning(users.c.id, users.c.name, users.c.disabled_at)
        )
    ).one()
    return row.id, row.name, row.disabled_at is not None


async def get(connection: AsyncConnection, user: str) -> UserRow | None:
    """Return a user of this workspace."""
    row = (await connection.execute(select(*_COLUMNS).where(users.c.id == user))).one_or_none()
    return None if row is None else UserRow(*row)


async def rename(connection: AsyncConnection, user: str, name: str) -> None:
    """Change a user's shown name."""
    await connection.execute(update(users).where(users.c.id == user).values(name=name))


async def change(
    connection: AsyncConnection, user: str, *, name: str | None, role: str | None, disabled: bool | None
) -> UserRow:
    """Change what is given of a user who is there."""
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = name
    if role is not None:
        values["role"] = role
    if disabled is not None:
        values["disabled_at"] = func.now() if disabled else None
    if values:
        await connection.execute(update(users).where(users.c.id == user).values(**values))
    return UserRow(*(await connection.execute(select(*_COLUMNS).where(users.c.id == user))).one())


async def has_owner(connection: AsyncConnection) -> bool:
    """Whether somebody can still run this workspace; true as well before the first owner has signed in."""
    people = select(
        func.count().filter(users.c.role == "owner", users.c.disabled_at.is_(None)) > 0, func.count() == 0
    ).where(users.c.kind == "person", users.c.role != "visitor")
    some, none = (await connection.execute(people)).one()
    return bool(some or none)


async def page(
    connection: AsyncConnection, limit: int, after: tuple[datetime, str] | None, *, visitors: bool = False
) -> list[UserRow]:
    """Return users, newest first, after a place in that order."""
    query = select(*_COLUMNS).order_by(users.c.created_at.desc(), users.c.id.desc()).limit(limit)
    if not visitors:
        query = query.where(users.c.kind != "visitor")
    if after is not None:
        at, last = after
        query = query.where(or_(users.c.created_at < at, and_(users.c.created_at == at, users.c.id < last)))
    return [UserRow(*row) for row in (await connection.execute(query)).all()]


async def drop_idle_visitors(connection: AsyncConnection) -> int:
    """Delete visitors who came a month ago and left nothing, no conversation and no file; return how many."""
    wrote = exists().where(sessions.c.user_id == users.c.id) | exists().where(files.c.user_id == users.c.id)
    gone = await connection.execute(
        delete(users).where(users.c.kind == "visitor", users.c.created_at < func.now() - IDLE_VISITOR, ~wrote)
    )
    return gone.rowcount
