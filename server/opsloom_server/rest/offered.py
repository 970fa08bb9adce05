"""``blocks``, ``models``, ``tools``: what this server can show, ask and do."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from msgspec import to_builtins
from opsloom_blocks import describe
from pydantic import BaseModel

from opsloom_server.models import catalogue, installed
from opsloom_server.models.prices import Price, Prices
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
async def list_models(
    services: Served,
    principal: Member,
    online: Annotated[bool, Query(description="Admins: ask the providers what they have")] = False,
) -> Offered:
    """List the models, the default first: `{name, provider, available, missing?, price?}` each; the price is in US
    dollars a million tokens. Asked `online`, what the providers have installed comes after what is offered by name.
    """
    listed = catalogue(services.settings)
    if online:
        principal.demand("admin")
        listed = await installed(services.settings, listed)
    prices = Prices(services.settings)
    return Offered(items=[{**to_builtins(one), **_priced(prices.of(one.name))} for one in listed])


def _priced(price: Price | None) -> dict[str, Any]:
    if price is None:
        return {}
    return {"price": {"input": round(price.input * 1e6, 4), "output": round(price.output * 1e6, 4)}}


@router.get("/tools")
async def list_tools(services: Served, principal: Member) -> Offered:
    """List the tools that an assistant may be given: `{name, title, about, schema, effect, danger, origin}` each. Those
    with the origin `server` or `extension` are there for every workspace."""
    attached = await services.attached.listed(principal.workspace)
    return Offered(items=[dict(one) for one in to_builtins(describe_tools(services.catalogue, attached))])
