"""Somebody who has proved who they are, and what that lets them do. Rules only, no I/O."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from opsloom_protocol.messages import Author

from opsloom_server.errors import Forbidden, NotFound

__all__ = ["Kind", "Principal", "Role", "narrower"]

Kind = Literal["person", "visitor", "operator", "key"]
Role = Literal["owner", "admin", "member", "visitor"]

_RANK: dict[Role, int] = {"visitor": 0, "member": 1, "admin": 2, "owner": 3}


class Principal(Struct, frozen=True, kw_only=True):
    """One user of one workspace, as this request or connection knows them.

    ``assistants`` are the ids they may use, None for all; ``origin`` is that of the page they came from, None for a
    program; ``draft`` says that new conversations of this connection are with the assistant's draft. ``key`` and
    ``login`` are the ids of the API key or the sign-in that this rests on, directly or through a ticket, if it does on
    one: without it they are nobody. ``until`` is when that runs out, on `time.monotonic`; it is known of connections
    alone.
    """

    workspace: str
    user: str
    kind: Kind
    role: Role
    name: str
    assistants: tuple[str, ...] | None = None
    origin: str | None = None
    draft: bool = False
    key: str | None = None
    login: str | None = None
    until: float | None = None

    @property
    def manages(self) -> bool:
        """Whether they run the workspace: owners and admins see every conversation and change everything."""
        return _RANK[self.role] >= _RANK["admin"]

    def at_least(self, role: Role) -> bool:
        """Whether their role is ``role`` or a higher one."""
        return _RANK[self.role] >= _RANK[role]

    def exceeds(self, role: Role) -> bool:
        """Whether their role is higher than ``role``."""
        return _RANK[self.role] > _RANK[role]

    def demand(self, role: Role) -> None:
        """Raise Forbidden unless their role is ``role`` or a higher one."""
        if not self.at_least(role):
            raise Forbidden(f"This needs the role {role}; yours is {self.role}.")

    def owns(self, user: str) -> bool:
        """Whether a thing of ``user`` is theirs to see: their own, or anything if they run the workspace."""
        return self.user == user or (self.manages and self.assistants is None)

    def demand_own(self, user: str) -> None:
        """Raise NotFound unless a thing of ``user`` is theirs: somebody else's is never told from an absent one."""
        if not self.owns(user):
            raise NotFound()

    def may_use(self, assistant: str, *, public: bool) -> bool:
        """Whether they may talk to this assistant. Visitors get public ones, and those they were let in for by name."""
        if self.assistants is not None and assistant not in self.assistants:
            return False
        return public or self.assistants is not None or self.at_least("member")

    def author(self) -> Author:
        """How their messages are signed."""
        return Author(id=self.user, name=self.name, kind="person" if self.kind == "key" else self.kind)


def narrower(given: Sequence[str] | None, asked: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the assistants that both lists allow; None allows all."""
    if given is None:
        return None if asked is None else tuple(asked)
    if asked is None:
        return tuple(given)
    return tuple(one for one in asked if one in set(given))
