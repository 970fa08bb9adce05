"""``tools``: those that a workspace makes without code. A person tries one here, so it runs without asking."""

import time
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, status
from opsloom_blocks import BlockError
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.auth import Principal
from opsloom_server.errors import Invalid
from opsloom_server.rest.access import Admin, Served
from opsloom_server.rest.texts import Body, JsonObject, LongText, Moment, Name
from opsloom_server.store import records
from opsloom_server.store.http_tools import ToolRow
from opsloom_server.tools import ToolContext
from opsloom_server.tools.http import Definition
from opsloom_server.tools.trying import try_tool as tried

__all__ = ["ToolWish", "described", "router"]

router = APIRouter(prefix="/tools", tags=["tools"])

Effect = Literal["reads", "changes", "sends", "fetches"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
About = Annotated[LongText, Field(min_length=1, max_length=4_000)]
Text = Annotated[LongText, Field(max_length=4_000)]
Texts = Annotated[dict[Name, Text], Field(max_length=50)]


class BodyFields(Body):
    """One of these. ``json``: any JSON, in which ``"{argument}"`` is the argument itself. ``form``: names and texts.
    ``arguments``: the names of those that make up a JSON object; true for all that stand nowhere else."""

    # `json` is a method of pydantic's.
    of_json: Any = Field(default=None, alias="json")
    form: Texts | None = None
    arguments: list[Name] | bool | None = None


class PickedFields(Body):
    """``pointer``: the part of a JSON answer that the model is given (`/items`). ``max_chars``: as much of it."""

    pointer: Annotated[LongText, Field(max_length=500, pattern=r"^(/[^/]*)*$")] = ""
    max_chars: Annotated[int, Field(ge=100, le=100_000)] = 20_000


class HttpFields(Body):
    """The request. In ``url`` (path and query), ``query``, ``headers`` and ``body``, ``{argument}`` is what the model
    gives, and ``{{secret:name}}`` a secret. ``timeout`` in seconds."""

    method: Method = "GET"
    url: Annotated[LongText, Field(min_length=8, max_length=2_000)]
    query: Texts = Field(default_factory=dict)
    headers: Texts = Field(default_factory=dict)
    body: BodyFields | None = None
    timeout: Annotated[float, Field(ge=0.5, le=120)] = 20.0
    result: PickedFields = Field(default_factory=PickedFields)


class ToolWish(Body):
    """``parameters``: JSON Schema of an object. ``effect``: left out, `reads` for a GET and `changes` for the rest."""

    name: Name
    title: Name
    about: About
    effect: Effect | None = None
    danger: bool = False
    untrusted: bool = True
    parameters: JsonObject = Field(default_factory=dict)
    http: HttpFields


class ToolChange(Body):
    """What changes; the rest stays. ``http`` and ``parameters`` are replaced whole. A name cannot change: assistants
    hold it."""

    title: Name | None = None
    about: About | None = None
    effect: Effect | None = None
    danger: bool | None = None
    untrusted: bool | None = None
    parameters: JsonObject | None = None
    http: HttpFields | None = None


class ToolShown(BaseModel):
    """A tool as it was described; secrets by name."""

    id: str
    name: str
    title: str
    about: str
    origin: str = "http"
    effect: Effect
    danger: bool
    untrusted: bool
    parameters: dict[str, Any]
    http: dict[str, Any]
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, row: ToolRow) -> "ToolShown":
        return cls(id=row.id, name=row.name, **row.definition, created_at=row.created_at, updated_at=row.updated_at)


class Trial(Body):
    """The arguments, as a model would give them."""

    arguments: JsonObject = Field(default_factory=dict)


class Tried(BaseModel):
    """What came of it: ``result`` is what the model would be told, ``summary`` what people would read."""

    status: Literal["ok", "error", "stopped"]
    result: Any
    summary: str | None
    ms: int


@router.post("", status_code=status.HTTP_201_CREATED)
async def make_tool(wish: ToolWish, services: Served, principal: Admin) -> ToolShown:
    """Make a tool that calls a service. 422 names each field at fault."""
    definition = described(wish)
    tools = services.http_tools
    async with services.database.transact(principal.workspace) as connection:
        row = await tools.add(connection, principal.workspace, principal.user, wish.name, definition)
        await _note(connection, principal, "tool.create", row)
    return ToolShown.of(row)


@router.get("/{tool}")
async def get_tool(tool: str, services: Served, principal: Admin) -> ToolShown:
    """Return a tool that was made here, by id or name."""
    async with services.database.transact(principal.workspace) as connection:
        return ToolShown.of(await services.http_tools.found(connection, tool))


@router.patch("/{tool}")
async def change_tool(tool: str, wish: ToolChange, services: Served, principal: Admin) -> ToolShown:
    """Change a tool. It asks again whoever has always allowed it, and requests that are open are void."""
    async with services.database.transact(principal.workspace) as connection:
        row = await services.http_tools.found(connection, tool)
        changes = {name: value for name, value in _given(wish).items() if value is not None}
        if wish.http is not None and wish.effect is None and wish.http.method != row.definition["http"]["method"]:
            changes["effect"] = _effect_of(wish.http.method)
        row = await services.http_tools.change(connection, row, _definition(row.definition | changes))
        await _note(connection, principal, "tool.change", row, fields=sorted(changes))
    return ToolShown.of(row)


@router.delete("/{tool}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_tool(tool: str, services: Served, principal: Admin) -> None:
    """Delete a tool. Assistants that name it go on without it."""
    async with services.database.transact(principal.workspace) as connection:
        row = await services.http_tools.found(connection, tool)
        await services.http_tools.remove(connection, row)
        await _note(connection, principal, "tool.delete", row)


@router.post("/{tool}/try")
async def try_tool(tool: str, trial: Trial, services: Served, principal: Admin) -> Tried:
    """Call the service once with these arguments, whatever the tool's effect."""
    async with services.database.transact(principal.workspace) as connection:
        row = await services.http_tools.found(connection, tool)
        await _note(connection, principal, "tool.try", row)
    started = time.monotonic()
    context = ToolContext(workspace=principal.workspace, user=principal.user, kinds=services.catalogue.kinds)
    try:
        outcome = await tried(services.http_tools.tool(principal.workspace, row), trial.arguments, context)
    except BlockError as error:
        raise Invalid(error.text, issues=error.issues) from None
    return Tried(
        status=outcome.status if outcome.status in ("ok", "stopped") else "error",
        result=outcome.value,
        summary=outcome.summary,
        ms=round((time.monotonic() - started) * 1000),
    )


def described(wish: ToolWish) -> Definition:
    """Return what a whole wish describes. Raises Invalid."""
    return _definition(_given(wish))


def _given(wish: BaseModel) -> dict[str, Any]:
    """What was said, as a definition has it."""
    fields = wish.model_dump(by_alias=True, exclude_unset=True, exclude={"name"})
    if isinstance(wish, ToolWish):
        fields |= {
            "effect": wish.effect or _effect_of(wish.http.method),
            "danger": wish.danger,
            "untrusted": wish.untrusted,
            "parameters": wish.parameters,
        }
    return fields


def _effect_of(method: Method) -> Effect:
    """A GET asks an address whose host an admin chose, so it tells nobody anything that it was not made to tell."""
    return "reads" if method == "GET" else "changes"


def _definition(fields: dict[str, Any]) -> Definition:
    try:
        return msgspec.convert(fields, Definition)
    except msgspec.ValidationError as error:
        raise Invalid(f"This is no description of a tool: {error}.") from None


async def _note(connection: AsyncConnection, principal: Principal, action: str, row: ToolRow, **detail: Any) -> None:
    await records.note(connection, principal.workspace, principal.user, action, row.id, name=row.name, **detail)
