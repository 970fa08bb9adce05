"""``sites``: which pages may show an assistant."""

from typing import Annotated

from fastapi import APIRouter, status
from opsloom_protocol.messages import Issue
from pydantic import BaseModel, Field

from opsloom_server.auth.origins import normal
from opsloom_server.errors import Invalid, NotFound
from opsloom_server.rest.access import Admin, Served
from opsloom_server.rest.paging import Page
from opsloom_server.rest.texts import Body, Moment, Name
from opsloom_server.store import records
from opsloom_server.store import sites as store
from opsloom_server.store.assistants import assistant_by_slug
from opsloom_server.store.sites import SiteRow

__all__ = ["router"]

router = APIRouter(prefix="/sites", tags=["sites"])


class SiteWish(Body):
    """``origins`` are exact (`https://shop.example`), without a path or a wildcard."""

    name: Name
    assistant: Name
    origins: Annotated[list[Annotated[str, Field(max_length=300)]], Field(min_length=1, max_length=50)]


class SiteShown(BaseModel):
    """A site; ``assistant`` is the id."""

    id: str
    name: str
    assistant: str
    origins: list[str]
    created_at: Moment

    @classmethod
    def of(cls, row: SiteRow) -> "SiteShown":
        return cls(
            id=row.id, name=row.name, assistant=row.assistant, origins=list(row.origins), created_at=row.created_at
        )


class SitePage(Page):
    items: list[SiteShown]


@router.get("")
async def list_sites(services: Served, principal: Admin) -> SitePage:
    """List the sites."""
    async with services.database.transact(principal.workspace) as connection:
        return SitePage(items=[SiteShown.of(row) for row in await store.listed(connection)])


@router.post("", status_code=status.HTTP_201_CREATED)
async def make_site(wish: SiteWish, services: Served, principal: Admin) -> SiteShown:
    """Let pages show an assistant. From the first site on, no other page may frame it."""
    origins = [normal(one) for one in wish.origins]
    issues = [
        Issue(path=f"/origins/{index}", text=f"“{wish.origins[index]}” is not an origin such as https://shop.example.")
        for index, one in enumerate(origins)
        if one is None or "*" in one
    ]
    if issues:
        raise Invalid(issues[0].text, issues=issues)
    async with services.database.transact(principal.workspace) as connection:
        assistant = await assistant_by_slug(connection, wish.assistant)
        if assistant is None:
            raise Invalid(f"There is no assistant “{wish.assistant}”.")
        row = await store.add(connection, principal.workspace, assistant.id, wish.name, [one for one in origins if one])
        await records.note(
            connection, principal.workspace, principal.user, "site.create", row.id, origins=list(row.origins)
        )
    return SiteShown.of(row)


@router.delete("/{site}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_site(site: str, services: Served, principal: Admin) -> None:
    """Take a site away."""
    async with services.database.transact(principal.workspace) as connection:
        if not await store.remove(connection, site):
            raise NotFound
        await records.note(connection, principal.workspace, principal.user, "site.delete", site)
