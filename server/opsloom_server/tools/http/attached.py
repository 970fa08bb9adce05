"""The tools that a workspace has described: what REST changes and what an answer is given."""

import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec
from opsloom_protocol.messages import Issue
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import Conflict, Invalid, NotFound
from opsloom_server.fetching import Caller, FetchRefused
from opsloom_server.store import approvals
from opsloom_server.store import http_tools as store
from opsloom_server.store import secrets as stored_secrets
from opsloom_server.store.engine import Database
from opsloom_server.store.http_tools import ToolRow
from opsloom_server.tools.http.definition import Definition, issues_of, stored
from opsloom_server.tools.http.tool import HttpTool
from opsloom_server.tools.secrets import Secrets
from opsloom_server.tools.tool import Tool

__all__ = ["HttpTools"]

log = logging.getLogger("opsloom.tools")

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
KEPT: Final = 512
"""Tools that are kept as they were made, with their validators and what models are told of them."""
MOST: Final = 200
"""Of one workspace; a model that is told of more than some dozens chooses badly anyway."""


class HttpTools:
    """Made by the composition root. `taken` are the names that the server's own tools have."""

    def __init__(self, database: Database, caller: Caller, secrets: Secrets, taken: Iterable[str]) -> None:
        self._database = database
        self._caller = caller
        self._secrets = secrets
        self._taken = frozenset(taken)
        self._made: OrderedDict[tuple[str, str, str], HttpTool] = OrderedDict()

    # ------------------------------------------------------------------------------------------ for an answer

    async def find(self, workspace: str, names: Sequence[str]) -> Mapping[str, Tool]:
        wanted = [name for name in names if NAME.fullmatch(name)]
        if not wanted:
            return {}
        async with self._database.transact(workspace) as connection:
            rows = await store.named(connection, wanted)
        return {tool.name: tool for tool in self._usable(workspace, rows)}

    async def listed(self, workspace: str) -> Sequence[Tool]:
        async with self._database.transact(workspace) as connection:
            rows = await store.listed(connection)
        return self._usable(workspace, rows)

    def _usable(self, workspace: str, rows: Sequence[ToolRow]) -> list[Tool]:
        """The tools of these rows; one that an earlier version took and this one does not must not keep its assistant
        from answering."""
        made: list[Tool] = []
        for row in rows:
            try:
                made.append(self.tool(workspace, row))
            except (Invalid, msgspec.ValidationError) as error:
                log.warning("tool %s of %s cannot be used: %s", row.id, workspace, error)
        return made

    def tool(self, workspace: str, row: ToolRow) -> HttpTool:
        """The tool that a row describes."""
        edition = hashlib.sha256(msgspec.json.encode(row.definition, order="sorted")).hexdigest()[:16]
        key = (workspace, row.id, edition)
        if (made := self._made.get(key)) is None:
            definition = definition_of(row)
            made = self._made[key] = HttpTool(row.name, definition, edition, self._caller, self._secrets)
            if len(self._made) > KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return made

    # ------------------------------------------------------------------------------------------ for REST

    async def found(self, connection: AsyncConnection, name: str) -> ToolRow:
        """A tool by id or name. Raises NotFound."""
        row = await store.find(connection, name)
        if row is None:
            raise NotFound
        return row

    async def add(
        self, connection: AsyncConnection, workspace: str, by: str | None, name: str, definition: Definition
    ) -> ToolRow:
        """Raises Invalid that names each field at fault, and Conflict where the name is taken."""
        if not NAME.fullmatch(name):
            words = "Lower-case letters, digits and _, beginning with a letter; at most 60."
            raise Invalid(words, issues=[_issue("/name", words)])
        if name in self._taken:
            raise Conflict(f"The server has a tool “{name}” already. Choose another name.")
        if len(await store.listed(connection)) >= MOST:
            raise Conflict(f"There are {MOST} tools already; delete one first.")
        await self.demand(connection, definition)
        return await store.add(connection, workspace, by, name, stored(definition))

    async def change(self, connection: AsyncConnection, row: ToolRow, definition: Definition) -> ToolRow:
        """Whoever allowed it for always allowed another tool: it asks again."""
        await self.demand(connection, definition)
        changed = await store.change(connection, row.id, stored(definition))
        if changed is None:
            raise NotFound
        if changed.definition != row.definition:
            await approvals.forget(connection, row.name)
        return changed

    async def remove(self, connection: AsyncConnection, row: ToolRow) -> None:
        """Raises NotFound."""
        if not await store.remove(connection, row.id):
            raise NotFound
        await approvals.forget(connection, row.name)

    async def users_of(self, connection: AsyncConnection, secret: str) -> list[str]:
        """The names of the tools that need a secret."""
        users: list[str] = []
        for row in await store.listed(connection):
            with suppress(msgspec.ValidationError):
                users += [row.name] if secret in definition_of(row).secrets else []
        return users

    async def demand(self, connection: AsyncConnection, definition: Definition) -> None:
        """Raise Invalid that names each field at fault, a secret that there is not included."""
        issues = issues_of(definition)
        if not issues:
            there = await stored_secrets.sealed(connection, definition.secrets)
            issues += [
                _issue(path, f"There is no secret “{name}”: PUT /api/v1/secrets/{name} first.")
                for path, text in definition.templates
                for name in text.secrets
                if name not in there
            ]
            try:
                self._caller.check(definition.origin + "/")
            except FetchRefused as error:
                issues.append(_issue("/http/url", error.text))
        if issues:
            raise Invalid(issues[0].text, issues=issues)


def definition_of(row: ToolRow) -> Definition:
    """What a row describes."""
    return msgspec.convert(row.definition, Definition)


def _issue(path: str, text: str) -> Issue:
    return Issue(path=path, text=text)
