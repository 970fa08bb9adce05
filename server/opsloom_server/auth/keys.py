"""API keys: for programs. 256 random bits, shown once.

Found by their first eight characters, compared in constant time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from opsloom_server.auth.expiry import deadline, left
from opsloom_server.auth.principal import Principal, Role
from opsloom_server.auth.tokens import Token, make, matches, parse
from opsloom_server.errors import NotFound, NotSignedIn
from opsloom_server.store import users
from opsloom_server.store.engine import Database, driver_of
from opsloom_server.store.ids import new_id
from opsloom_server.store.prepared import Prepared
from opsloom_server.store.tables.identity import api_keys
from opsloom_server.store.tables.identity import users as users_table

__all__ = ["KeyRow", "check", "create", "listed", "revoke"]

_REFUSED = "This API key is not valid here, or no longer."

# A key that is used all day is written down as used once a minute.
_USED_EVERY = timedelta(minutes=1)

_CANDIDATES = Prepared(
    select(
        api_keys.c.id,
        api_keys.c.hash,
        api_keys.c.user_id,
        api_keys.c.role,
        api_keys.c.assistants,
        users_table.c.name,
        left(api_keys.c.expires_at).label("left"),
        (func.coalesce(api_keys.c.used_at < func.now() - _USED_EVERY, True)).label("stale"),
    )
    .join(users_table, users_table.c.id == api_keys.c.user_id)
    .where(
        api_keys.c.workspace_id == bindparam("workspace"),
        api_keys.c.prefix == bindparam("key_prefix"),
        or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > func.now()),
        users_table.c.disabled_at.is_(None),
    )
)


class KeyRow(Struct, frozen=True):
    """A key as it may be shown: never the secret."""

    id: str
    name: str
    role: str
    prefix: str
    assistants: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


async def create(
    database: Database,
    workspace: str,
    name: str,
    role: Role = "member",
    *,
    created_by: str | None = None,
    assistants: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> tuple[KeyRow, Token]:
    """Make a key, and the user as whom its program acts. ``Token.text`` is the key: show it now, it is not stored."""
    token = make("key", workspace)
    async with database.transact(workspace) as connection:
        user = await users.add(connection, workspace, "key", role, name)
        made = await connection.execute(
            insert(api_keys)
            .values(
                id=new_id("key"),
                workspace_id=workspace,
                user_id=user,
                created_by=created_by,
                name=name,
                role=role,
                prefix=token.prefix,
                hash=token.hash,
                assistants=None if assistants is None else list(assistants),
                expires_at=expires_at,
            )
            .returning(api_keys.c.id, api_keys.c.created_at)
        )
        row = made.one()
    allowed = None if assistants is None else tuple(assistants)
    return KeyRow(row.id, name, role, token.prefix, allowed, row.created_at, expires_at, None), token


async def check(database: Database, key: str) -> Principal:
    """Return whom the key stands for. Raises NotSignedIn for any that does not hold."""
    token = parse(key, "key")
    if token is None:
        raise NotSignedIn(_REFUSED)
    async with database.transact(token.workspace) as connection:
        found = await _CANDIDATES.rows(
            driver_of(connection), {"workspace": token.workspace, "key_prefix": token.prefix}
        )
        # Every candidate is compared, so that the time does not tell which one it was.
        row = None
        for candidate in found:
            if matches(candidate["hash"], token):
                row = candidate
        if row is not None and row["stale"]:
            await connection.execute(update(api_keys).where(api_keys.c.id == row["id"]).values(used_at=func.now()))
    if row is None:
        raise NotSignedIn(_REFUSED)
    return Principal(
        workspace=token.workspace,
        user=row["user_id"],
        kind="key",
        role=row["role"],
        name=row["name"],
        assistants=None if row["assistants"] is None else tuple(row["assistants"]),
        key=row["id"],
        until=deadline(row["left"]),
    )


async def listed(database: Database, workspace: str) -> list[KeyRow]:
    """Return the workspace's keys, newest first."""
    async with database.transact(workspace) as connection:
        rows = await connection.execute(
            select(
                api_keys.c.id,
                api_keys.c.name,
                api_keys.c.role,
                api_keys.c.prefix,
                api_keys.c.assistants,
                api_keys.c.created_at,
                api_keys.c.expires_at,
                api_keys.c.used_at,
            ).order_by(api_keys.c.created_at.desc(), api_keys.c.id.desc())
        )
        return [KeyRow(*row[:4], None if row[4] is None else tuple(row[4]), *row[5:]) for row in rows.all()]


async def revoke(database: Database, workspace: str, key: str) -> None:
    """Take a key back, at once, with the tickets that were got with it. Its user stays, disabled, as the author of what
    it said. Raises NotFound.
    """
    async with database.transact(workspace) as connection:
        gone = await connection.execute(delete(api_keys).where(api_keys.c.id == key).returning(api_keys.c.user_id))
        user = gone.scalar()
        if user is None:
            raise NotFound()
        await connection.execute(update(users_table).where(users_table.c.id == user).values(disabled_at=func.now()))
