"""Tickets: what a connection shows in its first frame. 30 s, one use, bound to a user and to the page that asked.

And to what it was got with: an API key that is taken back or a browser that is signed out takes its tickets and their
connections along.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from opsloom_server.auth.expiry import deadline, left
from opsloom_server.auth.principal import Principal, narrower
from opsloom_server.auth.tokens import Token, make, parse
from opsloom_server.errors import NotSignedIn
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import new_id
from opsloom_server.store.tables.identity import api_keys, logins, tickets, users

__all__ = ["LIFETIME", "issue", "redeem"]

LIFETIME = 30
"""Seconds between a ticket and the ``hello`` that shows it."""

_REFUSED = "This ticket is used up or no longer valid; ask for a new one."


async def issue(
    database: Database,
    principal: Principal,
    *,
    origin: str | None,
    assistants: Sequence[str] | None = None,
    draft: bool = False,
) -> Token:
    """Give somebody a ticket, for no more assistants than they have; with `draft`, for the draft of these. Sweeps what
    has run out.

    Raises NotSignedIn where what they showed was taken back meanwhile.
    """
    token = make("ticket", principal.workspace)
    allowed = narrower(principal.assistants, assistants)
    written = insert(tickets).values(
        id=new_id("tkt"),
        workspace_id=principal.workspace,
        user_id=principal.user,
        hash=token.hash,
        origin=origin,
        assistants=None if allowed is None else list(allowed),
        draft=draft,
        role=principal.role,
        key_id=principal.key,
        login_id=principal.login,
        expires_at=func.now() + timedelta(seconds=LIFETIME),
    )
    try:
        async with database.transact(principal.workspace) as connection:
            await connection.execute(delete(tickets).where(tickets.c.expires_at < func.now()))
            await connection.execute(written)
    except IntegrityError:  # the user, the key or the sign-in is no more
        raise NotSignedIn() from None
    return token


async def redeem(database: Database, ticket: str, origin: str | None) -> Principal:
    """Use a ticket up and return whose it was. Raises NotSignedIn for any that does not hold, without saying why.

    A ticket that a page asked for holds on a connection from that page only. One that a program asked for (no origin)
    may have been handed to a browser: whether its origin may connect, the socket has decided.
    """
    token = parse(ticket, "ticket")
    if token is None:
        raise NotSignedIn(_REFUSED)
    async with database.transact(token.workspace) as connection:
        # Deleted before it is judged: a ticket shown at the wrong place is burnt.
        gone = (
            delete(tickets)
            .where(tickets.c.workspace_id == token.workspace, tickets.c.hash == token.hash)
            .returning(
                tickets.c.user_id,
                tickets.c.origin,
                tickets.c.assistants,
                tickets.c.draft,
                tickets.c.role,
                tickets.c.key_id,
                tickets.c.login_id,
                (tickets.c.expires_at > func.now()).label("fresh"),
            )
            .cte("gone")
        )
        row = (
            await connection.execute(
                select(
                    gone,
                    users.c.kind,
                    users.c.name,
                    left(func.coalesce(api_keys.c.expires_at, logins.c.expires_at)).label("left"),
                )
                .join(users, users.c.id == gone.c.user_id)
                .outerjoin(api_keys, api_keys.c.id == gone.c.key_id)
                .outerjoin(logins, logins.c.id == gone.c.login_id)
                .where(users.c.disabled_at.is_(None))
            )
        ).one_or_none()
    if row is None or not row.fresh or (row.left is not None and row.left <= 0):
        raise NotSignedIn(_REFUSED)
    if row.origin is not None and row.origin != origin:
        raise NotSignedIn(_REFUSED)
    return Principal(
        workspace=token.workspace,
        user=row.user_id,
        kind=row.kind,
        role=row.role,
        name=row.name,
        assistants=None if row.assistants is None else tuple(row.assistants),
        origin=origin,
        draft=row.draft,
        key=row.key_id,
        login=row.login_id,
        until=deadline(row.left),
    )
