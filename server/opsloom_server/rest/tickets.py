"""``tickets``: what a connection shows in its first frame."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from opsloom_server.auth import Principal, tickets, visitors
from opsloom_server.auth.origins import is_allowed
from opsloom_server.errors import Forbidden, Invalid, NotFound, NotSignedIn
from opsloom_server.rest.access import Anyone, Served
from opsloom_server.rest.services import Services, demand_pace
from opsloom_server.rest.texts import Body, Name
from opsloom_server.store import sites, users
from opsloom_server.store.assistants import Assistant, assistant_by_slug, origins
from opsloom_server.store.drafts import draft_of
from opsloom_server.store.ids import DEFAULT_WORKSPACE

__all__ = ["router"]

router = APIRouter(tags=["tickets"])


class Identity(Body):
    """A person whom the program that asks knows; ``id`` is its own name for them."""

    id: Name
    name: Name | None = None


class TicketWish(Body):
    """For whom, and for which assistant (slug or id), or for that of a ``site`` (id). ``visitor`` is the secret that an
    earlier answer gave. ``draft``: new conversations are with the assistant's draft; for admins.
    """

    assistant: Annotated[str | None, Field(max_length=200)] = None
    site: Annotated[str | None, Field(max_length=200)] = None
    visitor: Annotated[str | None, Field(max_length=200)] = None
    identity: Identity | None = None
    draft: bool = False


class TicketGiven(BaseModel):
    """The ticket: one use, within ``expires_in`` seconds. ``visitor`` comes back where the asker is one: keep it."""

    ticket: str
    expires_in: int
    visitor: str | None = None


@router.post("/tickets", response_model_exclude_none=True)
async def give_ticket(wish: TicketWish, request: Request, services: Served, principal: Anyone) -> TicketGiven:
    """Give a ticket to whoever is signed in, to a program (also on behalf of a person it knows: `identity`), or, where
    the assistant is public, to anyone: they are then a visitor.
    """
    if principal is None:
        demand_pace(request, services.paces.tickets)
    workspace = DEFAULT_WORKSPACE if principal is None else principal.workspace
    assistant, listed = await _assistant(services, workspace, wish)
    origin = request.headers.get("origin")
    if not is_allowed(origin, request.headers.get("host"), services.settings.public_url, listed):
        raise Forbidden("This page is not one of this server's. An owner can list it under sites.")
    secret = None
    if wish.identity is not None:
        principal = await _on_behalf(services, principal, wish.identity, assistant)
        origin = None  # the program's own request; the person's page is checked by the socket
    elif principal is None:
        if wish.draft:
            raise NotSignedIn("Sign in to try a draft.")
        if assistant is None:
            raise NotSignedIn("Sign in, or name a public assistant.")
        if not assistant.public:
            raise NotFound
        principal, secret = await _visitor(services, request, wish.visitor)
    elif principal.kind == "visitor":
        secret = request.headers["authorization"].partition(" ")[2].strip()
    if assistant is not None and not principal.may_use(assistant.id, public=assistant.public):
        raise NotFound
    if wish.draft:
        await _demand_draft(services, principal, assistant)
    allowed = None if assistant is None else [assistant.id]
    token = await tickets.issue(services.database, principal, origin=origin, assistants=allowed, draft=wish.draft)
    return TicketGiven(ticket=token.text, expires_in=tickets.LIFETIME, visitor=secret)


async def _assistant(services: Services, workspace: str, wish: TicketWish) -> tuple[Assistant | None, Sequence[str]]:
    """Return the assistant that was asked for, and the pages that may show it: with a site, those of that site alone.
    Raises NotFound.
    """
    if wish.assistant is None and wish.site is None:
        return None, ()
    async with services.database.transact(workspace) as connection:
        site = None if wish.site is None else await sites.get(connection, wish.site)
        if wish.site is not None and site is None:
            raise NotFound
        assistant = await assistant_by_slug(connection, wish.assistant or (site.assistant if site is not None else ""))
        if assistant is None or (site is not None and site.assistant != assistant.id):
            raise NotFound
        return assistant, await origins(connection, assistant.id) if site is None else site.origins


async def _demand_draft(services: Services, principal: Principal, assistant: Assistant | None) -> None:
    """Raise Forbidden for all but those who change assistants, and NotFound where there is no draft."""
    principal.demand("admin")
    if assistant is None:
        raise Invalid("Name the assistant whose draft is to be tried.")
    async with services.database.transact(principal.workspace) as connection:
        if await draft_of(connection, assistant.id) is None:
            raise NotFound(f"The assistant “{assistant.spec.slug}” has no draft.")


async def _visitor(services: Services, request: Request, secret: str | None) -> tuple[Principal, str]:
    """Return the visitor of this secret, or a new one: a secret that is unknown here must not lock its holder out."""
    known = await visitors.check(services.database, secret) if secret else None
    if known is not None and secret is not None and known.workspace == DEFAULT_WORKSPACE:
        return known, secret
    demand_pace(request, services.paces.visitors)
    made, token = await visitors.create(services.database, DEFAULT_WORKSPACE)
    return made, token.text


async def _on_behalf(
    services: Services, program: Principal | None, identity: Identity, assistant: Assistant | None
) -> Principal:
    if program is None or program.kind != "key":
        raise Forbidden("Only an API key may ask on behalf of somebody else.")
    if assistant is None:
        raise Invalid("Name the assistant that this person may talk to.")
    if not program.may_use(assistant.id, public=assistant.public):
        raise NotFound
    async with services.database.transact(program.workspace) as connection:
        user, name, disabled = await users.ensure_external(connection, program.workspace, identity.id, identity.name)
    if disabled:
        raise Forbidden("This person may not sign in any more.")
    return Principal(
        workspace=program.workspace,
        user=user,
        kind="person",
        role="visitor",
        name=name,
        assistants=(assistant.id,),
        key=program.key,
    )
