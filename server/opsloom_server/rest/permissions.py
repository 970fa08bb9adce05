"""``me/permissions``: the tools that run for you without asking."""

from fastapi import APIRouter, status
from pydantic import BaseModel

from opsloom_server.errors import NotFound
from opsloom_server.rest.access import Served, SignedIn
from opsloom_server.rest.paging import Page
from opsloom_server.rest.texts import Moment
from opsloom_server.store import approvals, records

__all__ = ["router"]

router = APIRouter(prefix="/me/permissions", tags=["identity"])


class PermissionShown(BaseModel):
    """A tool that you have always allowed to an assistant (its slug and name)."""

    id: str
    assistant: str
    assistant_name: str
    tool: str
    title: str
    created_at: Moment


class PermissionPage(Page):
    items: list[PermissionShown]


@router.get("")
async def list_permissions(services: Served, principal: SignedIn) -> PermissionPage:
    """List the tools that run for you without asking, oldest first."""
    async with services.database.transact(principal.workspace) as connection:
        rows = await approvals.permissions_of(connection, principal.user)
    titles = {tool.name: tool.title for tool in services.catalogue.tools.values()}
    if any(row.tool not in titles for row in rows):
        attached = await services.attached.listed(principal.workspace)
        titles = {tool.name: tool.title for tool in attached} | titles
    return PermissionPage(
        items=[
            PermissionShown(
                id=row.id,
                assistant=row.assistant,
                assistant_name=row.assistant_name,
                tool=row.tool,
                title=titles.get(row.tool, row.tool),
                created_at=row.created_at,
            )
            for row in rows
        ]
    )


@router.delete("/{permission}", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_permission(permission: str, services: Served, principal: SignedIn) -> None:
    """Take one back: the tool asks again, from its next call on."""
    async with services.database.transact(principal.workspace) as connection:
        tool = await approvals.revoke(connection, principal.user, permission)
        if tool is None:
            raise NotFound
        await records.note(connection, principal.workspace, principal.user, "tool.revoke", tool)
