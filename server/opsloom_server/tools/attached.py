"""Tools that a workspace made or attached while the server runs; the catalogue is the same for all workspaces."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from opsloom_server.tools.tool import Tool


class Attached(Protocol):
    """Tools that a workspace made or attached while the server runs.

    Asked anew for every answer that may use one, so what it gives is as of now. Whether a result holds text from
    outside is what each tool says; once a tool is gone, what it brought counts as that.
    """

    async def find(self, workspace: str, names: Sequence[str]) -> Mapping[str, Tool]:
        """These tools, by the name that an assistant's `tools` has for them. Unknown names are simply absent."""
        ...

    async def listed(self, workspace: str) -> Sequence[Tool]:
        """All of them, for whoever chooses what an assistant may use."""
        ...


class AttachedTools:
    """Several of them as one; the first that knows a name gives the tool."""

    def __init__(self, *sources: Attached) -> None:
        self._sources = sources

    async def find(self, workspace: str, names: Sequence[str]) -> Mapping[str, Tool]:
        found: dict[str, Tool] = {}
        for source in self._sources:
            if missing := [name for name in names if name not in found]:
                found.update(await source.find(workspace, missing))
        return found

    async def listed(self, workspace: str) -> Sequence[Tool]:
        found: dict[str, Tool] = {}
        for source in self._sources:
            for tool in await source.listed(workspace):
                found.setdefault(tool.given_as, tool)
        return list(found.values())
