"""Whether those who are connected still may be: a socket outlives what its first frame proved."""

from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import ARRAY, ColumnElement, Text, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.auth.principal import Principal, Role
from opsloom_server.store.tables.assistants import assistants
from opsloom_server.store.tables.identity import api_keys, logins, users

__all__ = ["Standing", "may_use", "standing"]


class Standing(Struct, frozen=True):
    """What still holds of what was asked about: ids of users with their role, of keys, of sign-ins, of assistants."""

    users: dict[str, Role]
    keys: frozenset[str]
    logins: frozenset[str]
    assistants: frozenset[str]

    def holds(self, principal: Principal) -> bool:
        """Whether they are still who they proved to be: not shut out, their key not taken back, their browser not
        signed out, their role no lower.
        """
        role = self.users.get(principal.user)
        if role is None or (principal.key is not None and principal.key not in self.keys):
            return False
        if principal.login is not None and principal.login not in self.logins:
            return False
        return not principal.exceeds(role)


def _listed(name: str) -> ColumnElement[bool]:
    """One parameter, however many ids: a query takes 32,767."""
    return bindparam(name, type_=ARRAY(Text)).any_()


_ACTIVE = select(users.c.id, users.c.role).where(users.c.id == _listed("users"), users.c.disabled_at.is_(None))
_VALID = select(api_keys.c.id).where(
    api_keys.c.id == _listed("keys"), or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > func.now())
)
_SIGNED_IN = select(logins.c.id).where(logins.c.id == _listed("logins"), logins.c.expires_at > func.now())
_THERE = select(assistants.c.id).where(assistants.c.id == _listed("used"), assistants.c.deleted_at.is_(None))


async def standing(connection: AsyncConnection, principals: Iterable[Principal], used: Iterable[str]) -> Standing:
    """Ask about these people, and about the assistants (ids) that they talk to. All are of one workspace."""
    people = list(principals)
    shown = {principal.key for principal in people if principal.key is not None}
    signed_in = {principal.login for principal in people if principal.login is not None}
    active = await connection.execute(_ACTIVE, {"users": list({principal.user for principal in people})})
    valid = await connection.execute(_VALID, {"keys": list(shown)}) if shown else ()
    still_in = await connection.execute(_SIGNED_IN, {"logins": list(signed_in)}) if signed_in else ()
    there = await connection.execute(_THERE, {"used": list(set(used))})
    return Standing(
        {row.id: row.role for row in active},
        frozenset(row.id for row in valid),
        frozenset(row.id for row in still_in),
        frozenset(row.id for row in there),
    )


async def may_use(connection: AsyncConnection, user: str, assistant: str, *, public: bool) -> bool:
    """Whether this user may talk to an assistant (by id), as far as can be told without the connection they came by:
    what a ticket let a visitor in for by name does not count.
    """
    person = (await connection.execute(_ACTIVE, {"users": [user]})).one_or_none()
    if person is None:
        return False
    if public or person.role == "visitor":
        return public
    given = await connection.execute(select(api_keys.c.assistants).where(api_keys.c.user_id == user))
    return all(only is None or assistant in only for (only,) in given)
