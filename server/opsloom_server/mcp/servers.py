"""MCP servers of a workspace: attach, change, ask again; and their tools, for the answers that may use them."""

import asyncio
import importlib
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from opsloom_server.errors import Conflict, Invalid, NotFound
from opsloom_server.fetching import Networks
from opsloom_server.mcp.failing import McpUnreachable
from opsloom_server.mcp.judging import effect_of, kept, of_resources, watched
from opsloom_server.mcp.keeping import Keeping
from opsloom_server.mcp.listing import Listing, Offered
from opsloom_server.mcp.naming import EVERY, READ_RESOURCE, SERVER_NAME, given_as, split
from opsloom_server.mcp.reaching import Program, Reach, decoded, demand_allowed, demand_usable, encoded, shown
from opsloom_server.mcp.tool import ListResources, McpTool, ReadResource, ServerTool, Source
from opsloom_server.sources.sealing import Seal
from opsloom_server.store import mcp_servers as store
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import new_id
from opsloom_server.store.mcp_servers import ServerRow
from opsloom_server.tools.tool import Tool

if TYPE_CHECKING:
    from opsloom_server.mcp.connections import Connections, Wanted
    from opsloom_server.mcp.link import Link

__all__ = ["McpServers", "listing_of"]

log = logging.getLogger(__name__)

MOST_SERVERS: Final = 50
"""Of one workspace."""
MOST_AT_ONCE: Final = 100
"""Tools that `server/*` stands for; vendors take 128 in all."""
_SAID_CHARS: Final = 1_500
"""Of what a program says when it does not start, for its owner."""
_UNSEALED: Final = (
    "How this MCP server is reached cannot be read: OPSLOOM_SECRET is another one now. Give its command or url again, "
    "with every value."
)


class McpServers:
    """Made by the composition root, which closes it. `reserved` are the names of tools that every workspace has."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        *,
        commands: Sequence[str],
        networks: Networks,
        files: Path,
        reserved: Sequence[str] = (),
    ) -> None:
        self._database = database
        self._seal = Seal(secret, "MCP servers", _UNSEALED)
        self._commands = commands
        self._networks = networks
        self._keeping = Keeping(database, files)
        self._reserved = reserved
        self._connections: Connections | None = None
        self._tools: dict[str, tuple[tuple[Any, ...], dict[str, ServerTool]]] = {}
        """By server, and under the stamp that they were made from."""

    async def close(self) -> None:
        """End all connections and programs."""
        if self._connections is not None:
            await self._connections.close()

    async def attach(
        self,
        workspace: str,
        name: str,
        reach: Reach,
        *,
        tools: Sequence[str] | None = None,
        effects: Mapping[str, str] | None = None,
        by: str | None = None,
    ) -> ServerRow:
        """Connect, ask what there is, store it. Raises Invalid, McpUnreachable or Conflict; nothing is stored then."""
        self._demand_name(name)
        self._demand_reach(reach)
        async with self._database.transact(workspace) as connection:
            if await store.count(connection) >= MOST_SERVERS:
                raise Conflict(f"A workspace has at most {MOST_SERVERS} MCP servers. Take one away first.")
        key = new_id("mcp")
        try:
            listing = await self._asked(workspace, key, name, 1, reach)
            _demand_offered(listing, tools, effects or {})
            fields = self._fields(workspace, key, reach) | {
                "name": name,
                "tools": None if tools is None else list(tools),
                "effects": dict(effects or {}),
                "described": msgspec.to_builtins(kept(listing, tools)),
            }
            async with self._database.transact(workspace) as connection:
                return await store.add(connection, workspace, key, by, **fields)
        except BaseException:
            await self._forget(workspace, key)
            raise

    async def change(self, workspace: str, row: ServerRow, changes: dict[str, Any]) -> ServerRow:
        """Change `name`, `reach`, `tools` or `effects`; but for a name, it is asked again what there is."""
        if not changes:
            return row
        fields: dict[str, Any] = {name: changes[name] for name in ("name", "tools", "effects") if name in changes}
        if "name" in fields and fields["name"] != row.name:
            self._demand_name(fields["name"])
        reached = "reach" in changes
        asked = reached or "tools" in changes or "effects" in changes
        if asked:
            reach = changes["reach"] if reached else self.reach_of(workspace, row)
            self._demand_reach(reach)
            rev = row.rev + 1 if reached else row.rev
            listing = await self._asked(workspace, row.id, fields.get("name", row.name), rev, reach)
            only = fields.get("tools", row.tools)
            _demand_offered(listing, fields.get("tools"), fields.get("effects", {}))
            fields["described"] = msgspec.to_builtins(kept(listing, only))
            if reached:
                fields |= self._fields(workspace, row.id, reach)
        return await self._stored(workspace, row.id, fields, reached=reached)

    async def refresh(self, workspace: str, row: ServerRow) -> ServerRow:
        """Ask again what there is, and believe it."""
        reach = self.reach_of(workspace, row)
        self._demand_reach(reach)
        listing = await self._asked(workspace, row.id, row.name, row.rev, reach)
        fields = {"described": msgspec.to_builtins(kept(listing, row.tools))}
        return await self._stored(workspace, row.id, fields)

    async def remove(self, workspace: str, row: ServerRow) -> None:
        """Close its connection, once it is gone from the database."""
        self._tools.pop(row.id, None)
        await self._forget(workspace, row.id)

    async def found(self, workspace: str, name: str) -> ServerRow:
        """Return a server by id or name. Raises NotFound."""
        async with self._database.transact(workspace) as connection:
            row = await store.find(connection, name)
        if row is None:
            raise NotFound
        return row

    async def rows(self, workspace: str) -> list[ServerRow]:
        """Return the workspace's servers, by name."""
        async with self._database.transact(workspace) as connection:
            return await store.listed(connection)

    def reach_of(self, workspace: str, row: ServerRow) -> Reach:
        """How it is reached, with its secrets. Raises Invalid where they were sealed under another secret."""
        opened = self._seal.open(row.sealed, workspace, row.id)
        try:
            return decoded(opened)
        except msgspec.DecodeError:
            raise Invalid(_UNSEALED) from None

    async def find(self, workspace: str, names: Sequence[str]) -> Mapping[str, Tool]:
        """Tools by what an assistant calls them: `server/tool`. For `server/*` all of the server's, each under its own
        name, and `server/*` itself."""
        wanted = [(name, parts) for name in names if (parts := split(name)) is not None]
        if not wanted:
            return {}
        tools = await self._of(workspace, sorted({server for _, (server, _) in wanted}))
        found: dict[str, Tool] = {}
        for name, (server, tool) in wanted:
            of_it = {given: one for given, one in tools.items() if given.startswith(f"{server}/")}
            if tool != EVERY:
                found |= {given: one for given, one in of_it.items() if given == name}
            elif of_it:
                if len(of_it) > MOST_AT_ONCE:
                    log.warning("%s stands for the first %d of %d tools", name, MOST_AT_ONCE, len(of_it))
                every = dict(list(of_it.items())[:MOST_AT_ONCE])
                found |= every | {name: next(iter(every.values()))}
        return found

    async def listed(self, workspace: str) -> Sequence[Tool]:
        return list((await self._of(workspace, None)).values())

    @asynccontextmanager
    async def connected(self, workspace: str, server: str, tool: str) -> "AsyncIterator[Link]":
        """A connection for a call, if the server is still there and the tool still allowed. Raises in words."""
        async with self._database.transact(workspace) as connection:
            row = await store.find(connection, server)
        if row is None:
            raise McpUnreachable("This MCP server was taken away.")
        if row.tools is not None and tool not in row.tools:
            raise McpUnreachable(f"The MCP server “{row.name}” may not be asked for {tool} any more.")
        reach = self.reach_of(workspace, row)
        self._demand_reach(reach)
        connections = await self._opened()
        async with connections.use(self._wanted(workspace, row.id, row.name, row.rev, reach)) as link:
            yield link

    async def _of(self, workspace: str, servers: Sequence[str] | None) -> dict[str, Tool]:
        """The tools of these servers, or of all: made anew only where one has changed."""
        async with self._database.transact(workspace) as connection:
            stamps = await store.stamps(connection, servers)
            stale = [key for key, stamp in stamps.items() if self._tools.get(key, ((), {}))[0] != stamp]
            for row in await store.listed(connection, stale) if stale else ():
                self._tools[row.id] = (stamps[row.id], self._made(workspace, row))
        return {given: tool for key in stamps for given, tool in self._tools[key][1].items()}

    def _made(self, workspace: str, row: ServerRow) -> dict[str, ServerTool]:
        listing = listing_of(row)
        source = Source(workspace=workspace, id=row.id, name=row.name, rev=row.rev, reaches=self, keeping=self._keeping)
        made: dict[str, ServerTool] = {}
        for offered in listing.tools:
            if offered.refused is None and (row.tools is None or offered.name in row.tools):
                made[given_as(row.name, offered.name)] = McpTool(source, offered, *effect_of(offered, row.effects))
        for name in of_resources(listing):
            if row.tools is None or name in row.tools:
                kind = ReadResource if name == READ_RESOURCE else ListResources
                made[given_as(row.name, name)] = kind(
                    source, *effect_of(Offered(name=name, reads_only=True), row.effects)
                )
        taken: dict[str, str] = {}
        return {given: tool for given, tool in made.items() if taken.setdefault(tool.name, given) == given}

    async def _asked(self, workspace: str, key: str, name: str, rev: int, reach: Reach) -> Listing:
        """What there is, for an owner who waits for it: tried at once, and with what the program said to it."""
        connections = await self._opened()
        try:
            async with connections.use(self._wanted(workspace, key, name, rev, reach), now=True) as link:
                return await link.relist()
        except McpUnreachable as error:
            if error.detail:
                raise McpUnreachable(f"{error.text} It said: {error.detail[-_SAID_CHARS:]}") from None
            raise

    def _wanted(self, workspace: str, key: str, name: str, rev: int, reach: Reach) -> "Wanted":
        from opsloom_server.mcp.connections import Wanted

        async def heard(listing: Listing) -> None:
            await self._heard(workspace, key, rev, listing)

        return Wanted(workspace, key, name, rev, reach, heard)

    async def _heard(self, workspace: str, key: str, rev: int, listing: Listing) -> None:
        """The server says by itself what there is."""
        async with self._database.transact(workspace) as connection:
            row = await store.find(connection, key)
            if row is None or row.rev != rev:
                return
            before = listing_of(row)
            now = kept(watched(listing, before), row.tools)
            if now != before:
                log.info("MCP server %s offers other tools than before", row.name)
                await store.describe(connection, key, rev, msgspec.to_builtins(now))

    async def _opened(self) -> "Connections":
        """The connections; the MCP package takes 0.8 s to import, so only a server that has MCP servers does it."""
        if self._connections is None:
            module = await asyncio.to_thread(importlib.import_module, "opsloom_server.mcp.connections")
            if self._connections is None:
                self._connections = module.Connections(self._networks)
        return self._connections

    async def _forget(self, workspace: str, key: str) -> None:
        if self._connections is not None:
            await self._connections.forget(workspace, key)

    def _fields(self, workspace: str, key: str, reach: Reach) -> dict[str, Any]:
        return {"sealed": self._seal.close(encoded(reach), workspace, key), "shown": shown(reach)}

    async def _stored(self, workspace: str, key: str, fields: dict[str, Any], *, reached: bool = False) -> ServerRow:
        async with self._database.transact(workspace) as connection:
            row = await store.change(connection, key, reached=reached, **fields)
        if row is None:
            raise NotFound
        return row

    def _demand_name(self, name: str) -> None:
        if not re.fullmatch(SERVER_NAME, name):
            raise Invalid("A name has 1 to 32 lower-case letters, digits and dashes, and begins with a letter.")
        if any(one.startswith(f"{name}_") for one in self._reserved):
            raise Conflict(f"Tools of this server itself begin with {name}_. Choose another name.")

    def _demand_reach(self, reach: Reach) -> None:
        demand_usable(reach)
        if isinstance(reach, Program):
            demand_allowed(reach, self._commands)


def listing_of(row: ServerRow) -> Listing:
    """What it offered when it was asked last."""
    return Listing() if row.described is None else msgspec.convert(row.described, Listing)


def _demand_offered(listing: Listing, tools: Sequence[str] | None, effects: Mapping[str, str]) -> None:
    """Raise Invalid for a tool that the server does not have."""
    known = {tool.name for tool in listing.tools} | set(of_resources(listing))
    for name in (*(tools or ()), *effects):
        if name not in known:
            near = ", ".join(sorted(known)[:20]) or "none"
            raise Invalid(f"The server has no tool “{name[:100]}”. It has: {near}.")
