"""``assistants/{id}/versions/{n}``: what changed, and back to it; ``assistants/{id}/draft``: what an assistant may
become, tried beside it."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, status
from pydantic import BaseModel

from opsloom_server.auth import Principal
from opsloom_server.errors import Conflict, NotFound
from opsloom_server.rest.access import Admin, Member, Served
from opsloom_server.rest.assistants import AssistantChange, AssistantShown, changed, found
from opsloom_server.rest.services import Services
from opsloom_server.rest.texts import Moment
from opsloom_server.store import assistants as store
from opsloom_server.store import drafts, records
from opsloom_server.store.assistants import Assistant, AssistantSpec
from opsloom_server.store.drafts import Draft

__all__ = ["router"]

router = APIRouter(prefix="/assistants", tags=["assistants"])

Number = Annotated[int, Path(ge=1, le=2**31 - 2, description="The version's number")]


class FieldDiffers(BaseModel):
    """A field's value in the earlier and in the later of two."""

    field: str
    before: Any
    after: Any


class Differences(BaseModel):
    """``items``: the fields that differ, in the order in which an assistant is written down."""

    items: list[FieldDiffers]


class DraftShown(BaseModel):
    """A draft: the whole assistant as it would be, under ``spec``, and what differs from it as it is. ``behind``: it
    was made from an earlier version (``based_on``) and is not published over what was changed since."""

    spec: dict[str, Any]
    differs: list[FieldDiffers]
    based_on: int
    behind: bool
    updated_by: str | None
    updated_at: Moment

    @classmethod
    def of(cls, draft: Draft, live: Assistant) -> "DraftShown":
        return cls(
            spec=msgspec.to_builtins(draft.spec),
            differs=differences(live.spec, draft.spec),
            based_on=draft.based_on,
            behind=draft.based_on != live.version,
            updated_by=draft.updated_by,
            updated_at=draft.updated_at,
        )


def differences(before: AssistantSpec, after: AssistantSpec) -> list[FieldDiffers]:
    """Return the fields in which two differ."""
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    return [FieldDiffers(field=name, before=old[name], after=new[name]) for name in old if old[name] != new[name]]


@router.get("/{assistant}/versions/{number}/diff")
async def compare_versions(
    assistant: str,
    number: Number,
    services: Served,
    principal: Member,
    against: Annotated[int | None, Query(ge=1, le=2**31 - 2, description="An earlier one; the one before it")] = None,
) -> Differences:
    """Return what a version changed."""
    row = await found(services.database, principal, assistant)
    earlier = number - 1 if against is None else against
    async with services.database.transact(principal.workspace) as connection:
        after = await store.version(connection, row.id, number)
        before = await store.version(connection, row.id, earlier) if earlier else None
    if after is None or (before is None and earlier):
        raise NotFound
    if before is None:
        fields = msgspec.to_builtins(after.spec)
        return Differences(items=[FieldDiffers(field=name, before=None, after=fields[name]) for name in fields])
    return Differences(items=differences(before.spec, after.spec))


@router.post("/{assistant}/versions/{number}/restore", response_model_exclude_none=True)
async def restore_version(assistant: str, number: Number, services: Served, principal: Admin) -> AssistantShown:
    """Make a new version that is equal to an old one. Nothing happens where it is so already."""
    row = await found(services.database, principal, assistant)
    async with services.database.transact(principal.workspace) as connection:
        old = await store.version(connection, row.id, number)
        if old is None:
            raise NotFound
        now = await store.save(connection, principal.workspace, row, old.spec, created_by=principal.user)
        if now.version != row.version:
            await records.note(
                connection, principal.workspace, principal.user, "assistant.restore", row.id, version=number
            )
    return AssistantShown.of(now, whole=True)


@router.get("/{assistant}/draft")
async def get_draft(assistant: str, services: Served, principal: Admin) -> DraftShown:
    """Return an assistant's draft."""
    row = await found(services.database, principal, assistant)
    return DraftShown.of(await _draft(services, principal, row), row)


@router.put("/{assistant}/draft")
async def put_draft(assistant: str, wish: AssistantChange, services: Served, principal: Admin) -> DraftShown:
    """Make the draft, or another in its place: the assistant as it is now, with these fields otherwise. A ticket with
    `draft: true` opens conversations with it; people do not see it before it is published."""
    row = await found(services.database, principal, assistant)
    spec, fields = await changed(services, principal, row, wish)
    async with services.database.transact(principal.workspace) as connection:
        draft = await drafts.keep(connection, principal.workspace, row, spec, principal.user)
        await records.note(connection, principal.workspace, principal.user, "draft.save", row.id, fields=fields)
    return DraftShown.of(draft, row)


@router.delete("/{assistant}/draft", status_code=status.HTTP_204_NO_CONTENT)
async def delete_draft(assistant: str, services: Served, principal: Admin) -> None:
    """Throw the draft away. Conversations with it stay readable."""
    row = await found(services.database, principal, assistant)
    async with services.database.transact(principal.workspace) as connection:
        if not await drafts.drop(connection, row.id):
            raise NotFound
        await records.note(connection, principal.workspace, principal.user, "draft.delete", row.id)


@router.post("/{assistant}/draft/publish", response_model_exclude_none=True)
async def publish_draft(assistant: str, services: Served, principal: Admin) -> AssistantShown:
    """Make the draft the assistant's next version. 409 where the assistant was changed since the draft was made."""
    row = await found(services.database, principal, assistant)
    async with services.database.transact(principal.workspace) as connection:
        draft = await drafts.draft_of(connection, row.id)
        if draft is None:
            raise NotFound
        if draft.based_on != row.version:
            raise Conflict(
                f"The assistant was changed since this draft was made from version {draft.based_on}; it is at "
                f"{row.version}. Look at what changed, and save the draft anew."
            )
        now = await store.save(connection, principal.workspace, row, draft.spec, created_by=principal.user)
        await drafts.drop(connection, row.id)
        await records.note(
            connection, principal.workspace, principal.user, "draft.publish", row.id, version=now.version
        )
    return AssistantShown.of(now, whole=True)


async def _draft(services: Services, principal: Principal, row: Assistant) -> Draft:
    async with services.database.transact(principal.workspace) as connection:
        draft = await drafts.draft_of(connection, row.id)
    if draft is None:
        raise NotFound
    return draft
