"""The one list of tools and handlers, what users add to it, and which tools an assistant has."""

import inspect
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, get_args

from msgspec import Struct
from opsloom_blocks import ExtensionError, Kinds, load_blocks, schema_of
from opsloom_blocks.extensions import added, browser_modules

from opsloom_server.errors import StartupError
from opsloom_server.sources import Asking
from opsloom_server.tools.blocks import UPDATE_BLOCK, ShowBlock
from opsloom_server.tools.handler import Handler, Handlers
from opsloom_server.tools.querying import DESCRIBE_DATA, QUERY_DATA, RUN_QUERY
from opsloom_server.tools.search import SEARCH_KNOWLEDGE
from opsloom_server.tools.tool import Effect, Tool

log = logging.getLogger("opsloom.tools")

TOOLS: Final[Mapping[str, Tool]] = MappingProxyType(
    {tool.name: tool for tool in (SEARCH_KNOWLEDGE, QUERY_DATA, DESCRIBE_DATA, UPDATE_BLOCK)}
)
"""What comes with the server, beside the tools that show blocks: those are made from the kinds."""

HANDLERS: Final[Sequence[Handler]] = (RUN_QUERY,)
"""What carries out the actions of blocks that say `handled`."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")


class Catalogue(Struct, frozen=True):
    """Every kind of block, every tool and every handler of this server, and the browser's modules (by file name) that
    draw the kinds which extensions add."""

    kinds: Kinds
    tools: Mapping[str, Tool]
    handlers: Handlers
    scripts: Mapping[str, Path]

    def lacks(self, names: Iterable[str]) -> list[str]:
        """Those of an assistant's tools that are not of this server: its workspace may have made or attached them."""
        return [name for name in dict.fromkeys(names) if name not in self.tools]


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """What comes with the server and what entry points (`opsloom.blocks`, `opsloom.tools`, `opsloom.handlers`) and the
    folder's modules (lists `BLOCKS`, `TOOLS`, `HANDLERS`) add. Raises `StartupError` that names the extension at
    fault."""
    try:
        kinds = load_blocks(folder)
        tools: dict[str, Tool] = dict(TOOLS)
        tools.update((tool.name, tool) for tool in map(ShowBlock, kinds.values()))
        for where, found in added("opsloom.tools", "TOOLS", folder):
            tool = found() if isinstance(found, type) else found
            _inspect(where, tool)
            if tool.name in tools:
                raise ExtensionError(where, f"There is a tool {tool.name!r} already.")
            tools[tool.name] = tool
        handlers = {(handler.kind, handler.action): handler for handler in HANDLERS}
        for where, found in added("opsloom.handlers", "HANDLERS", folder):
            handler = found() if isinstance(found, type) else found
            _inspect_handler(where, handler, kinds)
            if (handler.kind, handler.action) in handlers:
                raise ExtensionError(where, f"There is a handler of {handler.name} already.")
            handlers[handler.kind, handler.action] = handler
        _demand_handled(kinds, handlers)
    except ExtensionError as error:
        raise StartupError(str(error), "Correct the extension, or take it out of OPSLOOM_EXTENSIONS.") from error
    return Catalogue(
        MappingProxyType(kinds),
        MappingProxyType(tools),
        MappingProxyType(handlers),
        MappingProxyType(browser_modules(folder)),
    )


def tools_for(
    catalogue: Catalogue,
    *,
    names: Iterable[str],
    blocks: Iterable[str],
    knowledge_bases: Sequence[str],
    asking: Asking | None = None,
    attached: Mapping[str, Tool] = {},
) -> list[Tool]:
    """The tools of an assistant: those it names, search where it has knowledge bases, queries where it has data
    sources, and one for each kind of block it may show. A name that neither this server nor `attached` knows (an
    extension that is gone) is left out with a warning, as is a second tool that models would call by the same name."""
    wanted = list(names)
    if knowledge_bases:
        wanted.append(SEARCH_KNOWLEDGE.name)
    if asking is not None:
        wanted.append(QUERY_DATA.name)
        if asking.large:
            wanted.append(DESCRIBE_DATA.name)
    for kind in blocks:
        if (found := catalogue.kinds.get(kind)) is None:
            log.warning("no block of kind %r is loaded", kind)
            continue
        wanted.append(ShowBlock(found).name)
        if not found.waits:
            wanted.append(UPDATE_BLOCK.name)
    chosen: dict[str, Tool] = {}
    for name in dict.fromkeys(one for wish in wanted for one in spelled_out(wish, attached)):
        tool = catalogue.tools[name] if name in catalogue.tools else attached.get(name)
        if tool is None:
            log.warning("no tool %r is loaded", name)
        elif chosen.setdefault(tool.name, tool) is not tool:
            log.warning("tool %r is left out: there is another one called %r", name, tool.name)
    return list(chosen.values())


def spelled_out(name: str, attached: Mapping[str, Tool]) -> list[str]:
    """The names that a name of an assistant's `tools` stands for: of `server/*`, all that the server has."""
    if not name.endswith("/*"):
        return [name]
    return [one for one in attached if one.startswith(name[:-1]) and one != name] or [name]


def describe_tools(catalogue: Catalogue, attached: Iterable[Tool] = ()) -> list[dict[str, Any]]:
    """The tools as they are published: `{name, title, about, schema, effect, danger, origin}` each. `name` is what an
    assistant's `tools` holds."""
    return [
        {
            "name": tool.given_as,
            "title": tool.title,
            "about": tool.about,
            "schema": tool.schema(),
            "effect": tool.effect,
            "danger": tool.danger,
            "origin": tool.origin,
        }
        for tool in (*catalogue.tools.values(), *attached)
    ]


def _inspect(where: str, tool: Any) -> None:
    """What would otherwise break in the middle of somebody's conversation breaks here."""
    wanted = (
        "name title about arguments timeout sequential retries effect danger untrusted run check visible consequence "
        "schema instead origin given_as read edition"
    )
    for name in wanted.split():
        if not hasattr(tool, name):
            raise ExtensionError(where, f"{type(tool).__name__} has no `{name}`; subclass opsloom_server.tools.Tool.")
    if not _NAME.fullmatch(tool.name):
        raise ExtensionError(where, f"{tool.name!r} is no name for a tool: lower-case letters, digits and _.")
    if not inspect.isasyncgenfunction(tool.run):
        raise ExtensionError(where, f"{tool.name}: `run` must be an async generator (`async def` with `yield`).")
    if tool.effect not in get_args(Effect):
        known = ", ".join(get_args(Effect))
        raise ExtensionError(where, f"{tool.name}: `effect` is one of {known}, not {tool.effect!r}.")
    try:
        schema_of(tool.arguments)
        tool.schema()
    except Exception as error:
        raise ExtensionError(where, f"{tool.name}: `arguments` must be a msgspec.Struct class: {error}") from error


def _inspect_handler(where: str, handler: Any, kinds: Kinds) -> None:
    for name in ("kind", "action", "title", "timeout", "untrusted", "name", "run"):
        if not hasattr(handler, name):
            raise ExtensionError(
                where, f"{type(handler).__name__} has no `{name}`; subclass opsloom_server.tools.Handler."
            )
    if not inspect.isasyncgenfunction(handler.run):
        raise ExtensionError(where, f"{handler.name}: `run` must be an async generator (`async def` with `yield`).")
    if handler.kind not in kinds or handler.action not in kinds[handler.kind].handled:
        raise ExtensionError(where, f"{handler.name}: no kind of that name has this action among those `handled`.")


def _demand_handled(kinds: Kinds, handlers: Handlers) -> None:
    for kind in kinds.values():
        for action in sorted(kind.handled):
            if (kind.kind, action) not in handlers:
                raise ExtensionError(f"block {kind.kind!r}", f"Nothing handles its action {action!r}: list a handler.")
