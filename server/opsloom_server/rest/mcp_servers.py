"""``mcp-servers``: programs and addresses that speak MCP, whose tools assistants may use."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, status
from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints

from opsloom_server.auth import Principal
from opsloom_server.errors import Invalid, NotFound
from opsloom_server.mcp import Address, Program, Reach, effect_of, given_as, listing_of, model_name
from opsloom_server.rest.access import Admin, Owner, Served
from opsloom_server.rest.paging import Page
from opsloom_server.rest.services import Services
from opsloom_server.rest.texts import Body, Moment, Name, storable
from opsloom_server.store import mcp_servers as store
from opsloom_server.store import records
from opsloom_server.store.mcp_servers import ServerRow

__all__ = ["router"]

router = APIRouter(prefix="/mcp-servers", tags=["MCP servers"])

Word = Annotated[str, StringConstraints(min_length=1, max_length=2_000), AfterValidator(storable)]
Arg = Annotated[str, StringConstraints(max_length=4_000), AfterValidator(storable)]
Args = Annotated[list[Arg], Field(max_length=100)]
Secrets = Annotated[dict[Word, Annotated[SecretStr, Field(max_length=8_000)] | None], Field(max_length=50)]
Tools = Annotated[list[Annotated[Word, StringConstraints(max_length=128)]], Field(min_length=1, max_length=200)]
Effects = Annotated[dict[Word, Literal["reads", "changes", "sends", "fetches"]], Field(max_length=200)]


class ServerWish(Body):
    """Either ``command`` (a program on this machine, with ``args`` and ``env``) or ``url`` (streamable HTTP, with
    ``headers``). ``tools``: the only ones that may be used. ``effects``: what a tool does, whatever the server says."""

    name: Name
    command: Word | None = None
    args: Args | None = None
    env: Secrets | None = None
    url: Word | None = None
    headers: Secrets | None = None
    tools: Tools | None = None
    effects: Effects = Field(default_factory=dict)


class ServerChange(Body):
    """What changes; the rest stays. A value of ``env`` or ``headers`` that is null stays as it is stored. ``tools``
    null: all that the server has."""

    name: Name | None = None
    command: Word | None = None
    args: Args | None = None
    env: Secrets | None = None
    url: Word | None = None
    headers: Secrets | None = None
    tools: Tools | None = None
    effects: Effects | None = None


class OfferedShown(BaseModel):
    """A tool of the server. ``given_as`` is for an assistant's ``tools``, ``called`` what models call it. ``refused``
    says why it cannot be used."""

    name: str
    given_as: str
    called: str
    title: str
    about: str
    effect: str
    danger: bool
    app: bool
    refused: str | None


class ServerShown(BaseModel):
    """An MCP server. Of ``env`` and ``headers`` the names alone: their values are null, and shown to nobody.
    ``offers`` is as of ``described_at``; ``left_out`` tools are more than are looked at."""

    id: str
    name: str
    command: str | None
    args: list[str]
    env: dict[str, None]
    url: str | None
    headers: dict[str, None]
    tools: list[str] | None
    effects: dict[str, str]
    offers: list[OfferedShown]
    left_out: int
    resources: bool
    server: str
    version: str
    protocol: str
    created_at: Moment
    described_at: Moment | None

    @classmethod
    def of(cls, row: ServerRow) -> "ServerShown":
        listing = listing_of(row)
        seen = row.shown
        return cls(
            id=row.id,
            name=row.name,
            command=seen.get("command"),
            args=seen.get("args", []),
            env=dict.fromkeys(seen.get("env", ())),
            url=seen.get("url"),
            headers=dict.fromkeys(seen.get("headers", ())),
            tools=None if row.tools is None else list(row.tools),
            effects=dict(row.effects),
            offers=_offers(row),
            left_out=listing.left_out,
            resources=listing.resources,
            server=listing.server,
            version=listing.version,
            protocol=listing.protocol,
            created_at=row.created_at,
            described_at=row.described_at,
        )


class ServerPage(Page):
    items: list[ServerShown]


@router.get("")
async def list_servers(services: Served, principal: Admin) -> ServerPage:
    """List the MCP servers."""
    return ServerPage(items=[ServerShown.of(row) for row in await services.mcp.rows(principal.workspace)])


@router.post("", status_code=status.HTTP_201_CREATED)
async def attach_server(wish: ServerWish, services: Served, principal: Owner) -> ServerShown:
    """Attach an MCP server. It is started or connected to at once, and asked what it offers; 503 with what it said
    where it cannot be reached. A program is only started if OPSLOOM_MCP_COMMANDS allows it."""
    row = await services.mcp.attach(
        principal.workspace,
        wish.name,
        _reach(wish, None),
        tools=wish.tools,
        effects=wish.effects,
        by=principal.user,
    )
    await _note(services, principal, "mcp_server.create", row, **_where(row))
    return ServerShown.of(row)


@router.get("/{server}")
async def get_server(server: str, services: Served, principal: Admin) -> ServerShown:
    """Return an MCP server, by id or name."""
    return ServerShown.of(await services.mcp.found(principal.workspace, server))


@router.patch("/{server}")
async def change_server(server: str, wish: ServerChange, services: Served, principal: Owner) -> ServerShown:
    """Change an MCP server. But for its name alone, it is asked again what it offers."""
    row = await services.mcp.found(principal.workspace, server)
    given = wish.model_fields_set
    changes: dict[str, Any] = {}
    if wish.name is not None:
        changes["name"] = wish.name
    if "tools" in given:
        changes["tools"] = wish.tools
    if wish.effects is not None:
        changes["effects"] = wish.effects
    if given & {"command", "args", "env", "url", "headers"}:
        changes["reach"] = _reach(wish, services.mcp.reach_of(principal.workspace, row))
    row = await services.mcp.change(principal.workspace, row, changes)
    await _note(services, principal, "mcp_server.change", row, fields=sorted(given), **_where(row))
    return ServerShown.of(row)


@router.delete("/{server}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_server(server: str, services: Served, principal: Owner) -> None:
    """Take an MCP server away from all assistants, and end its connection."""
    row = await services.mcp.found(principal.workspace, server)
    async with services.database.transact(principal.workspace) as connection:
        if not await store.remove(connection, row.id):
            raise NotFound
        await records.note(connection, principal.workspace, principal.user, "mcp_server.delete", row.id, name=row.name)
    await services.mcp.remove(principal.workspace, row)


@router.post("/{server}/refresh")
async def refresh_server(server: str, services: Served, principal: Owner) -> ServerShown:
    """Ask it again what it offers, and take its word for what its tools do."""
    row = await services.mcp.found(principal.workspace, server)
    row = await services.mcp.refresh(principal.workspace, row)
    await _note(services, principal, "mcp_server.refresh", row, **_where(row))
    return ServerShown.of(row)


def _reach(wish: ServerWish | ServerChange, before: Reach | None) -> Reach:
    """How it is to be reached; what is not said is as `before`. Raises Invalid for both ways at once, or none."""
    by_program = wish.command is not None or wish.args is not None or wish.env is not None
    by_address = wish.url is not None or wish.headers is not None
    if by_program and by_address:
        raise Invalid("Give either `command` (with `args` and `env`) or `url` (with `headers`).")
    if by_program:
        program = before if isinstance(before, Program) else None
        command = wish.command or (program.command if program else None)
        if command is None:
            raise Invalid("Give the `command` that is to be started.")
        args = tuple(wish.args) if wish.args is not None else program.args if program else ()
        return Program(command=command, args=args, env=_values(wish.env, program.env if program else {}))
    address = before if isinstance(before, Address) else None
    url = wish.url or (address.url if address else None)
    if url is None:
        raise Invalid("Give either `command` (a program on this machine) or `url` (a server elsewhere).")
    # What a header holds was meant for the address that it was given for.
    kept = address.headers if address is not None and address.url == url else {}
    return Address(url=url, headers=_values(wish.headers, kept))


def _values(given: dict[str, SecretStr | None] | None, before: dict[str, str]) -> dict[str, str]:
    if given is None:
        return before
    values: dict[str, str] = {}
    for name, value in given.items():
        if value is None and name not in before:
            raise Invalid(f"Give a value for {name}: none is stored.")
        values[name] = before[name] if value is None else value.get_secret_value()
    return values


def _offers(row: ServerRow) -> list[OfferedShown]:
    listing = listing_of(row)
    shown = []
    for tool in listing.tools:
        effect, danger = effect_of(tool, row.effects)
        shown.append(
            OfferedShown(
                name=tool.name,
                given_as=given_as(row.name, tool.name),
                called=model_name(row.name, tool.name),
                title=tool.title,
                about=tool.description,
                effect=effect,
                danger=danger,
                app=tool.app is not None,
                refused=tool.refused,
            )
        )
    return shown


def _where(row: ServerRow) -> dict[str, Any]:
    """What the audit says of how it is reached; arguments may hold what is nobody's to see."""
    return {name: row.shown[name] for name in ("command", "url") if name in row.shown}


async def _note(services: Services, principal: Principal, action: str, row: ServerRow, **detail: Any) -> None:
    async with services.database.transact(principal.workspace) as connection:
        await records.note(connection, principal.workspace, principal.user, action, row.id, name=row.name, **detail)
