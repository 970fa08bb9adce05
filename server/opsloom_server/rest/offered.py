"""``blocks``, ``models``, ``tools``: what this server can show, ask and do."""

from typing import Any

from fastapi import APIRouter
from msgspec import to_builtins
from opsloom_blocks import describe
from pydantic import BaseModel

from opsloom_server.models import catalogue
from opsloom_server.rest.access import Member, Served, SignedIn
from opsloom_server.tools import describe_tools

__all__ = ["router"]

router = APIRouter(tags=["catalogue"])


class Offered(BaseModel):
    """The whole list; it is short."""

    items: list[dict[str, Any]]


@router.get("/blocks")
async def list_blocks(services: Served, _principal: SignedIn) -> Offered:
    """List the kinds of blocks: `{kind, schema, example, fallback}` each."""
    return Offered(items=[dict(one) for one in to_builtins(describe(services.catalogue.kinds))])


@router.get("/models")
async def list_models(services: Served, _principal: Member) -> Offered:
    """List the models, the default first: `{name, provider, available, missing?}` each."""
    return Offered(items=[to_builtins(one) for one in catalogue(services.settings)])


@router.get("/tools")
async def list_tools(services: Served, principal: Member) -> Offered:
    """List the tools that an assistant may be given: `{name, title, about, schema, effect, danger, origin}` each. Those
    with the origin `server` or `extension` are there for every workspace."""
    attached = await services.attached.listed(principal.workspace)
    return Offered(items=[dict(one) for one in to_builtins(describe_tools(services.catalogue, attached))])
