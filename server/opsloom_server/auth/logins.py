"""People who sign in: the first owner by a one-time link, everyone afterwards by the cookie that it gave them."""

from datetime import timedelta

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.auth.principal import Principal
from opsloom_server.auth.tokens import Token, make, parse
from opsloom_server.errors import NotSignedIn
from opsloom_server.store import users
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import new_id
from opsloom_server.store.tables.identity import logins, tickets, workspaces
from opsloom_server.store.tables.identity import users as users_table

__all__ = ["COOKIE_DAYS", "check", "drop_expired", "owner_link", "sign_in", "sign_out"]

COOKIE_DAYS = 30

# Printed in a terminal or a container's log: long enough to come back to it; a restart prints a new one.
_LINK_LIFE = timedelta(hours=24)

_REFUSED = "This link is used up or no longer valid. Restart the server for a new one, if no owner has signed in yet."

_HAS_OWNER = select(exists().where(users_table.c.role == "owner", users_table.c.kind == "person"))


async def drop_expired(connection: AsyncConnection) -> None:
    """Delete links, cookies and tickets that have run out."""
    await connection.execute(delete(logins).where(logins.c.expires_at < func.now()))
    await connection.execute(delete(tickets).where(tickets.c.expires_at < func.now()))


async def owner_link(database: Database, workspace: str) -> Token | None:
    """Make the one-time token that signs the first person in as owner; None once an owner has signed in."""
    token = make("link", workspace)
    async with database.transact(workspace) as connection:
        await connection.execute(delete(logins).where(logins.c.expires_at < func.now()))
        if (await connection.execute(_HAS_OWNER)).scalar_one():
            return None
        await connection.execute(
            insert(logins).values(
                id=new_id("lgn"),
                workspace_id=workspace,
                kind="link",
                hash=token.hash,
                expires_at=func.now() + _LINK_LIFE,
            )
        )
    return token


async def sign_in(database: Database, link: str) -> tuple[Principal, Token]:
    """Use a link up; return who signed in and their cookie. Raises NotSignedIn.

    Of several owner links (one a start) only the first that is used makes an owner: it takes the others with it.
    """
    token = parse(link, "link")
    if token is None:
        raise NotSignedIn(_REFUSED)
    cookie, login = make("cookie", token.workspace), new_id("lgn")
    async with database.transact(token.workspace) as connection:
        # Two people with two links at once: the second waits here, and then finds its link gone.
        await connection.execute(select(workspaces.c.id).where(workspaces.c.id == token.workspace).with_for_update())
        used = await connection.execute(
            delete(logins)
            .where(logins.c.kind == "link", logins.c.hash == token.hash, logins.c.expires_at > func.now())
            .returning(logins.c.user_id)
        )
        link_row = used.one_or_none()
        if link_row is None:
            raise NotSignedIn(_REFUSED)
        user = link_row.user_id
        if user is None:
            user = await users.add(connection, token.workspace, "person", "owner", "Owner")
            await connection.execute(delete(logins).where(logins.c.kind == "link", logins.c.user_id.is_(None)))
        row = (
            await connection.execute(
                update(users_table)
                .where(users_table.c.id == user, users_table.c.disabled_at.is_(None))
                .values(seen_at=func.now())
                .returning(users_table.c.name, users_table.c.role)
            )
        ).one_or_none()
        if row is None:
            raise NotSignedIn(_REFUSED)
        await connection.execute(
            insert(logins).values(
                id=login,
                workspace_id=token.workspace,
                kind="cookie",
                user_id=user,
                hash=cookie.hash,
                expires_at=func.now() + timedelta(days=COOKIE_DAYS),
            )
        )
    signed_in = Principal(
        workspace=token.workspace, user=user, kind="person", role=row.role, name=row.name, login=login
    )
    return signed_in, cookie


async def check(database: Database, cookie: str) -> Principal | None:
    """Return who is signed in by this cookie; None where it does not hold."""
    token = parse(cookie, "cookie")
    if token is None:
        return None
    async with database.transact(token.workspace) as connection:
        row = (
            await connection.execute(
                select(
                    users_table.c.id,
                    users_table.c.role,
                    users_table.c.name,
                    users_table.c.kind,
                    logins.c.id.label("login"),
                )
                .join(logins, logins.c.user_id == users_table.c.id)
                .where(
                    logins.c.workspace_id == token.workspace,
                    logins.c.kind == "cookie",
                    logins.c.hash == token.hash,
                    logins.c.expires_at > func.now(),
                    users_table.c.disabled_at.is_(None),
                )
            )
        ).one_or_none()
    if row is None:
        return None
    return Principal(
        workspace=token.workspace, user=row.id, kind=row.kind, role=row.role, name=row.name, login=row.login
    )


async def sign_out(database: Database, cookie: str) -> None:
    """End a sign-in, and the tickets that were got with it; a cookie that does not hold is no error."""
    token = parse(cookie, "cookie")
    if token is None:
        return
    async with database.transact(token.workspace) as connection:
        await connection.execute(delete(logins).where(logins.c.kind == "cookie", logins.c.hash == token.hash))
