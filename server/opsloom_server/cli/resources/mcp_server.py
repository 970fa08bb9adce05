"""`kind: mcp_server`: a program or an address that speaks MCP, whose tools assistants may use. Values of variables and
headers are read from environment variables that the file names, and stand in no file."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.cli.resources.kind import (
    WORKSPACE,
    Change,
    Document,
    FieldChange,
    Kind,
    Only,
    World,
    at_fault,
    misfits,
    only_known,
)
from opsloom_server.declarations import Declared, Mistakes
from opsloom_server.errors import Invalid
from opsloom_server.mcp import Address, Program, Reach, given_as, listing_of
from opsloom_server.rest.mcp_servers import ServerWish
from opsloom_server.store import records
from opsloom_server.store.mcp_servers import ServerRow, find, listed

__all__ = ["MCP_SERVER", "offers"]

_FROM: Final = {"env": "env_from", "headers": "headers_from"}
_SAID: Final = ("command", "args", "url")


class McpServerKind(Kind):
    name = "mcp_server"
    noun = "an MCP server"
    key = "name"
    fields = ("name", "command", "args", "env_from", "url", "headers_from", "tools", "effects")

    async def names(self, connection: AsyncConnection) -> Iterable[str]:
        return [row.name for row in await listed(connection)]

    async def plan(self, declared: Declared, world: World) -> Change:
        for name, instead in _FROM.items():
            if name in declared.fields:
                words = f"values of `{name}` stand in no file: name environment variables that hold them: `{instead}`."
                raise Mistakes([declared.mistake(words, name)])
        only_known(self, declared)
        async with world.database.transact(WORKSPACE) as connection:
            before = await find(connection, declared.fields["name"])
        held = None if before is None else _held(world, before)
        try:
            wish = _wish(declared)
            reach = _reach(declared, wish, held)
        except ValidationError as error:
            raise misfits(self, declared, error) from None
        except Invalid as error:
            raise at_fault(declared, error) from None
        tools = None if wish.tools is None else list(wish.tools)
        changes: dict[str, Any] = {}
        if before is None or reach != held:
            changes["reach"] = reach
        if before is None or tools != (None if before.tools is None else list(before.tools)):
            changes["tools"] = tools
        if before is None or wish.effects != dict(before.effects):
            changes["effects"] = wish.effects
        fields = tuple(_shown(before, held, reach, changes))

        async def prepare() -> None:
            servers = world.servers()
            if before is None:
                row = await servers.attach(WORKSPACE, wish.name, reach, tools=tools, effects=wish.effects)
            else:
                row = await servers.change(WORKSPACE, before, changes)
            action = "mcp_server.create" if before is None else "mcp_server.change"
            async with world.database.transact(WORKSPACE) as connection:
                await records.note(connection, WORKSPACE, None, action, row.id, name=row.name, by="opsloom apply")

        return Change(kind=self.name, name=wish.name, new=before is None, fields=fields, prepare=prepare)

    async def export(self, connection: AsyncConnection, world: World, only: Only) -> list[Document]:
        chosen = None if only is None else set(only)
        rows = [row for row in await listed(connection) if chosen is None or row.name in chosen]
        return [{"kind": self.name, "name": row.name, **_written(world, row)} for row in rows]


MCP_SERVER: Final = McpServerKind()


async def offers(connection: AsyncConnection) -> set[str]:
    """The tools of all servers that there are, as an assistant's `tools` calls them; `server/*` too."""
    found: set[str] = set()
    for row in await listed(connection):
        names = (one.name for one in listing_of(row).tools if row.tools is None or one.name in row.tools)
        found |= {given_as(row.name, one) for one in (*names, "*", "list_resources", "read_resource")}
    return found


def _wish(declared: Declared) -> ServerWish:
    given = {name: value for name, value in declared.fields.items() if value is not None}
    return ServerWish.model_validate({name: value for name, value in given.items() if name not in _FROM.values()})


def _reach(declared: Declared, wish: ServerWish, held: Reach | None) -> Reach:
    """How it is to be reached. A variable that is not set here leaves what is stored under its name. Raises Invalid,
    `Mistakes`."""
    if (wish.command is None) == (wish.url is None):
        raise Invalid("give either `command` (with `args` and `env_from`) or `url` (with `headers_from`).")
    if wish.command is not None:
        stored = held.env if isinstance(held, Program) else {}
        env = _values(declared, "env_from", stored)
        return Program(command=wish.command, args=tuple(wish.args or ()), env=env)
    # What a header holds was meant for the address that it was given for.
    kept = held.headers if isinstance(held, Address) and held.url == wish.url else {}
    return Address(url=wish.url or "", headers=_values(declared, "headers_from", kept))


def _values(declared: Declared, field: str, stored: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    variables = declared.fields.get(field) or {}
    if not isinstance(variables, dict) or not all(isinstance(one, str) for one in variables.values()):
        raise Mistakes([declared.mistake(f"`{field}` gives names of environment variables: `TOKEN: MY_TOKEN`.", field)])
    for name, variable in variables.items():
        value = os.environ.get(variable) or stored.get(name)
        if value is None:
            words = f"the environment variable {variable} is not set; it holds the value of {name}."
            raise Mistakes([declared.mistake(words, field, name)])
        values[name] = value
    return values


def _held(world: World, row: ServerRow) -> Reach | None:
    """How it is reached now; None where that was sealed under another OPSLOOM_SECRET and has to be given anew."""
    try:
        return world.servers().reach_of(WORKSPACE, row)
    except Invalid:
        return None


def _shown(
    before: ServerRow | None, held: Reach | None, reach: Reach, changes: Mapping[str, Any]
) -> Iterable[FieldChange]:
    """What differs, without any value of a variable or header."""
    if "reach" in changes:
        old, new = {} if held is None else _plain(held), _plain(reach)
        for name in (*_SAID, *_FROM.values()):
            if old.get(name) != new.get(name):
                yield FieldChange(name, old.get(name), new.get(name))
        if held is not None and old == new:
            yield FieldChange("values", "as they were stored", "others than are stored")
    if "tools" in changes and (before is not None or changes["tools"] is not None):
        yield FieldChange(
            "tools", None if before is None or before.tools is None else list(before.tools), changes["tools"]
        )
    if "effects" in changes and (before is not None or changes["effects"]):
        yield FieldChange("effects", None if before is None else dict(before.effects), changes["effects"])


def _plain(reach: Reach) -> dict[str, Any]:
    if isinstance(reach, Program):
        return {"command": reach.command, "args": list(reach.args), "env_from": sorted(reach.env)}
    return {"url": reach.url.partition("?")[0], "headers_from": sorted(reach.headers)}


def _written(world: World, row: ServerRow) -> dict[str, Any]:
    """For an export: which variables the values came from is not kept, so each is suggested."""
    mark = row.name.upper().replace("-", "_")
    held = world.servers().reach_of(WORKSPACE, row)
    if isinstance(held, Program):
        said: dict[str, Any] = {"command": held.command, "args": list(held.args)}
        said["env_from"] = {name: name for name in sorted(held.env)}
    else:
        said = {"url": held.url}
        said["headers_from"] = {name: f"{mark}_{name.upper().replace('-', '_')}" for name in sorted(held.headers)}
    said |= {"tools": None if row.tools is None else list(row.tools), "effects": dict(sorted(row.effects.items()))}
    return {name: value for name, value in said.items() if value}
