"""``assistants`` and ``assistants/{id}/versions``."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, status
from opsloom_protocol.messages import Issue
from pydantic import BaseModel, ConfigDict, Field

from opsloom_server.auth import Principal
from opsloom_server.errors import Invalid, NotFound
from opsloom_server.hub.budgets import wrong_limits
from opsloom_server.models.model_settings import wrong_settings
from opsloom_server.models.registry import split
from opsloom_server.rest.access import Admin, Anyone, Member, Served
from opsloom_server.rest.paging import CursorParam, LimitParam, Page, at_word, turn_page, word
from opsloom_server.rest.services import Services
from opsloom_server.rest.texts import Body, JsonObject, LongText, Moment, Name, Slug
from opsloom_server.store import assistants as store
from opsloom_server.store import records
from opsloom_server.store.assistants import Assistant, AssistantSpec, assistant_by_slug
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from opsloom_server.store.knowledge import bases_named
from opsloom_server.store.sources import named as sources_named

__all__ = ["AssistantChange", "AssistantShown", "AssistantWish", "changed", "checked", "found", "router"]

router = APIRouter(prefix="/assistants", tags=["assistants"])

Names = Annotated[list[Name], Field(max_length=100)]
Starters = Annotated[list[Annotated[LongText, Field(max_length=500)]], Field(max_length=12)]


class Fields(Body):
    """What an assistant is made of. ``model`` null: the server's default. ``knowledge_bases``, ``data_sources``: ids or
    names."""

    description: LongText = ""
    instructions: LongText = ""
    model: Name | None = None
    model_settings: JsonObject = Field(default_factory=dict)
    fallback_models: Names = Field(default_factory=list)
    tools: Names = Field(default_factory=list)
    knowledge_bases: Names = Field(default_factory=list)
    data_sources: Names = Field(default_factory=list)
    blocks: Names = Field(default_factory=list)
    greeting: LongText = ""
    starters: Starters = Field(default_factory=list)
    look: JsonObject = Field(default_factory=dict)
    public: bool = False
    limits: JsonObject = Field(default_factory=dict)

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class AssistantWish(Fields):
    slug: Slug
    name: Name


class AssistantChange(Body):
    """What changes; the rest stays."""

    slug: Slug | None = None
    name: Name | None = None
    description: LongText | None = None
    instructions: LongText | None = None
    model: Name | None = None
    model_settings: JsonObject | None = None
    fallback_models: Names | None = None
    tools: Names | None = None
    knowledge_bases: Names | None = None
    data_sources: Names | None = None
    blocks: Names | None = None
    greeting: LongText | None = None
    starters: Starters | None = None
    look: JsonObject | None = None
    public: bool | None = None
    limits: JsonObject | None = None

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class AssistantShown(BaseModel):
    """An assistant. To visitors: what it says of itself; to members also how it is made, and its version."""

    id: str
    slug: str
    name: str
    description: str
    greeting: str
    starters: list[str]
    look: dict[str, Any]
    blocks: list[str]
    public: bool
    instructions: str | None = None
    model: str | None = None
    model_settings: dict[str, Any] | None = None
    fallback_models: list[str] | None = None
    tools: list[str] | None = None
    knowledge_bases: list[str] | None = None
    data_sources: list[str] | None = None
    limits: dict[str, Any] | None = None
    version: int | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None

    model_config = ConfigDict(protected_namespaces=())

    @classmethod
    def of(cls, row: Assistant, *, whole: bool) -> "AssistantShown":
        fields = msgspec.to_builtins(row.spec)
        if not whole:
            return cls(id=row.id, **{name: fields[name] for name in _PUBLIC})
        return cls(id=row.id, version=row.version, created_at=row.created_at, updated_at=row.updated_at, **fields)


_PUBLIC = ("slug", "name", "description", "greeting", "starters", "look", "blocks", "public")


class AssistantPage(Page):
    items: list[AssistantShown]


class VersionShown(BaseModel):
    """An assistant as it was: all its fields under ``spec``."""

    version: int
    spec: dict[str, Any]
    created_by: str | None
    created_at: Moment


class VersionPage(Page):
    items: list[VersionShown]


@router.get("", response_model_exclude_none=True)
async def list_assistants(
    services: Served, principal: Anyone, limit: LimitParam = 50, cursor: CursorParam = None
) -> AssistantPage:
    """List the assistants that you may talk to; without credentials, the public ones."""
    member = principal is not None and principal.at_least("member")
    only = None if principal is None else principal.assistants
    async with services.database.transact(_workspace(principal)) as connection:
        rows = await store.page(connection, limit + 1, at_word(cursor), public=not member, only=only)
    shown, following = turn_page(rows, limit, lambda row: word(row.spec.slug))
    return AssistantPage(items=[AssistantShown.of(row, whole=member) for row in shown], cursor=following)


@router.post("", status_code=status.HTTP_201_CREATED, response_model_exclude_none=True)
async def make_assistant(wish: AssistantWish, services: Served, principal: Admin) -> AssistantShown:
    """Make an assistant."""
    spec = await checked(services, principal, wish.model_dump())
    async with services.database.transact(principal.workspace) as connection:
        row = await store.create(connection, principal.workspace, spec, created_by=principal.user)
        await records.note(connection, principal.workspace, principal.user, "assistant.create", row.id, slug=spec.slug)
    return AssistantShown.of(row, whole=True)


@router.get("/{assistant}", response_model_exclude_none=True)
async def get_assistant(assistant: str, services: Served, principal: Anyone) -> AssistantShown:
    """Return an assistant, by id or slug."""
    row = await found(services.database, principal, assistant)
    return AssistantShown.of(row, whole=principal is not None and principal.at_least("member"))


@router.patch("/{assistant}", response_model_exclude_none=True)
async def change_assistant(assistant: str, wish: AssistantChange, services: Served, principal: Admin) -> AssistantShown:
    """Change an assistant. Running turns end as they began; the next one is told the new version."""
    before = await found(services.database, principal, assistant)
    spec, changes = await changed(services, principal, before, wish)
    async with services.database.transact(principal.workspace) as connection:
        row = await store.save(connection, principal.workspace, before, spec, created_by=principal.user)
        await records.note(connection, principal.workspace, principal.user, "assistant.change", row.id, fields=changes)
    return AssistantShown.of(row, whole=True)


@router.delete("/{assistant}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_assistant(assistant: str, services: Served, principal: Admin) -> None:
    """Delete an assistant. Its conversations stay readable."""
    row = await found(services.database, principal, assistant)
    async with services.database.transact(principal.workspace) as connection:
        if not await store.remove(connection, row.id):
            raise NotFound
        await records.note(connection, principal.workspace, principal.user, "assistant.delete", row.id)


@router.get("/{assistant}/versions")
async def list_versions(
    assistant: str, services: Served, principal: Member, limit: LimitParam = 50, cursor: CursorParam = None
) -> VersionPage:
    """List what an assistant was, newest first."""
    row = await found(services.database, principal, assistant)
    below = at_word(cursor)
    if below is not None and not below.isdigit():
        raise Invalid("This cursor is not one of ours.")
    async with services.database.transact(principal.workspace) as connection:
        rows = await store.versions(connection, row.id, limit + 1, None if below is None else int(below))
    shown, following = turn_page(rows, limit, lambda version: word(version.version))
    items = [
        VersionShown(
            version=one.version,
            spec=msgspec.to_builtins(one.spec),
            created_by=one.created_by,
            created_at=one.created_at,
        )
        for one in shown
    ]
    return VersionPage(items=items, cursor=following)


def _workspace(principal: Principal | None) -> str:
    return DEFAULT_WORKSPACE if principal is None else principal.workspace


async def found(database: Database, principal: Principal | None, name: str) -> Assistant:
    """Return the assistant if it is theirs to talk to. Raises NotFound."""
    async with database.transact(_workspace(principal)) as connection:
        row = await assistant_by_slug(connection, name)
    if row is None:
        raise NotFound
    if not (row.public if principal is None else principal.may_use(row.id, public=row.public)):
        raise NotFound
    return row


async def changed(
    services: Services, principal: Principal, before: Assistant, wish: AssistantChange
) -> tuple[AssistantSpec, list[str]]:
    """Return the assistant's spec with what somebody wants changed, and the names of the fields. Raises Invalid."""
    changes = wish.model_dump(exclude_unset=True)
    for name in [name for name, value in changes.items() if value is None and name != "model"]:
        del changes[name]
    spec = await checked(services, principal, msgspec.to_builtins(before.spec) | changes, set(changes))
    return spec, sorted(changes)


async def checked(
    services: Services, principal: Principal, fields: dict[str, Any], changed: set[str] | None = None
) -> AssistantSpec:
    """Return the spec, with knowledge bases and data sources by id. Raises Invalid that names each field at fault.

    Only what ``changed`` is held against what is there now: an extension that is gone must not block other changes.
    """
    issues: list[Issue] = []

    def looked_at(name: str) -> Sequence[str]:
        return fields[name] if changed is None or name in changed else ()

    kinds = services.catalogue.kinds
    missing = services.catalogue.lacks(looked_at("tools"))
    attached = await services.attached.find(principal.workspace, missing) if missing else {}
    issues += [
        Issue(path="/blocks", text=f"There is no block “{one}”.") for one in looked_at("blocks") if one not in kinds
    ]
    issues += [Issue(path="/tools", text=f"There is no tool “{one}”.") for one in missing if one not in attached]
    if f"assistant:{fields['slug']}" in looked_at("tools"):
        issues.append(Issue(path="/tools", text="An assistant cannot ask itself."))
    for name in ("model", "fallback_models"):
        models = fields[name] if isinstance(fields[name], (list, tuple)) else [fields[name]]
        for model in models if looked_at(name) else ():
            try:
                split(model)
            except Invalid as error:
                issues.append(Issue(path=f"/{name}", text=error.text))
    if changed is None or "limits" in changed:
        issues += wrong_limits(fields["limits"])
    if changed is None or "model_settings" in changed:
        # The vendors' own names are read from their SDKs, which take a second to import.
        issues += await asyncio.to_thread(wrong_settings, fields["model_settings"])
    async with services.database.transact(principal.workspace) as connection:
        stored = {
            "knowledge_bases": await bases_named(connection, list(fields["knowledge_bases"])),
            "data_sources": await sources_named(connection, list(fields["data_sources"])),
        }
    for name, what in (("knowledge_bases", "knowledge base"), ("data_sources", "data source")):
        issues += [
            Issue(path=f"/{name}", text=f"There is no {what} “{one}”.")
            for one in looked_at(name)
            if one not in stored[name]
        ]
    if issues:
        raise Invalid(issues[0].text, issues=issues)
    ids = {
        name: list(dict.fromkeys(there[one] for one in fields[name] if one in there)) for name, there in stored.items()
    }
    return msgspec.convert(fields | ids, AssistantSpec)
