"""Visitors: people without an account. Their secret is all that ties them to what they said before."""

from sqlalchemy import select

from opsloom_server.auth.principal import Principal
from opsloom_server.auth.tokens import Token, make, parse
from opsloom_server.store import users
from opsloom_server.store.engine import Database
from opsloom_server.store.tables.identity import users as users_table

__all__ = ["check", "create"]

NAME = "Guest"


async def create(database: Database, workspace: str) -> tuple[Principal, Token]:
    """Make a visitor; the token is shown to them once."""
    token = make("visitor", workspace)
    async with database.transact(workspace) as connection:
        user = await users.add(connection, workspace, "visitor", "visitor", NAME, secret_hash=token.hash)
    return Principal(workspace=workspace, user=user, kind="visitor", role="visitor", name=NAME), token


async def check(database: Database, secret: str) -> Principal | None:
    """Return the visitor whose secret this is; None for any other text.

    The look-up is by the hash itself: an index comparison tells nothing about a secret that only its hash is made of.
    """
    token = parse(secret, "visitor")
    if token is None:
        return None
    async with database.transact(token.workspace) as connection:
        row = (
            await connection.execute(
                select(users_table.c.id, users_table.c.name).where(
                    users_table.c.workspace_id == token.workspace,
                    users_table.c.secret_hash == token.hash,
                    users_table.c.disabled_at.is_(None),
                )
            )
        ).one_or_none()
    if row is None:
        return None
    return Principal(workspace=token.workspace, user=row.id, kind="visitor", role="visitor", name=row.name)
