"""The tools of an MCP server, as an assistant has them: its own, and two of ours that read its resources."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, aclosing
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
from msgspec import Struct

from opsloom_server.errors import OpsloomError, Unavailable
from opsloom_server.mcp.failing import McpRefused
from opsloom_server.mcp.keeping import Keeping
from opsloom_server.mcp.listing import Offered
from opsloom_server.mcp.naming import LIST_RESOURCES, READ_RESOURCE, given_as, model_name
from opsloom_server.mcp.showing import show_app, show_pictures
from opsloom_server.mcp.telling import in_words, told
from opsloom_server.tools.events import Progress, Result, Show, ToolEvent
from opsloom_server.tools.schema_tool import SchemaTool
from opsloom_server.tools.tool import Effect, ToolContext

if TYPE_CHECKING:
    from opsloom_server.mcp.answers import Answered
    from opsloom_server.mcp.link import Link, ToolProgress

__all__ = ["ListResources", "McpTool", "Reaches", "ReadResource", "ServerTool", "Source"]

LONGEST_SECONDS: Final = 600.0
"""A call that says how far it is may take so long."""
QUIET_SECONDS: Final = 60.0
"""And one that says nothing, so long between two words."""
PROGRESS_SECONDS: Final = 0.1
"""Least time between two frames about progress, whatever a server sends."""
NOTE_CHARS: Final = 200


class Reaches(Protocol):
    """What opens connections: `McpServers`."""

    def connected(self, workspace: str, server: str, tool: str) -> "AbstractAsyncContextManager[Link]":
        """A connection, if the server is still there and the tool still allowed. Raises OpsloomError in words."""
        ...


class Source(Struct, frozen=True, kw_only=True):
    """The server that a tool is of, and what its tools need. `rev` tells one way to reach it from another."""

    workspace: str
    id: str
    name: str
    rev: int
    reaches: Reaches
    keeping: Keeping


class ServerTool(SchemaTool):
    """`untrusted`, always: what comes back was written elsewhere; and so was what the tool says of itself."""

    origin = "mcp"
    untrusted = True
    foreign = True
    timeout = LONGEST_SECONDS

    def __init__(self, source: Source, tool: str, schema: dict[str, Any], effect: Effect, danger: bool) -> None:
        """Raises `Invalid` for a schema that cannot be used."""
        super().__init__(schema)
        self._source = source
        self._tool = tool
        described = msgspec.json.encode([source.id, source.rev, tool, schema, effect, danger], order="deterministic")
        self.edition = hashlib.sha256(described).hexdigest()[:16]
        self.name = model_name(source.name, tool)
        self.effect = effect
        self.danger = danger

    @property
    def given_as(self) -> str:
        return given_as(self._source.name, self._tool)

    async def _followed(
        self, ask: "Callable[[Link, ToolProgress], Coroutine[Any, Any, Any]]"
    ) -> AsyncGenerator[Any, None]:
        """What the server says while it works, and its answer last. However this ends, it does not work on unknown to
        us: it is told that nobody waits any more."""
        news = _News()
        async with self._source.reaches.connected(self._source.workspace, self._source.id, self._tool) as link:
            call = asyncio.create_task(ask(link, news.tell), name=f"MCP {self.name}")
            call.add_done_callback(lambda _: news.heard.set())
            try:
                while True:
                    async with asyncio.timeout(QUIET_SECONDS):
                        await news.heard.wait()
                    news.heard.clear()
                    if (said := news.taken()) is not None:
                        yield said
                        await asyncio.wait([call], timeout=PROGRESS_SECONDS)
                    if call.done():
                        yield await call
                        return
            except TimeoutError:
                raise Unavailable(
                    f"The MCP server “{self._source.name}” said nothing for {QUIET_SECONDS:g} seconds; the call was "
                    "given up, and the server told so."
                ) from None
            finally:
                if not call.done():
                    link.suspect = True
                    call.cancel()
                    await asyncio.wait([call])


class McpTool(ServerTool):
    """A tool that the server offers."""

    def __init__(self, source: Source, offered: Offered, effect: Effect, danger: bool) -> None:
        super().__init__(source, offered.name, offered.schema, effect, danger)
        self.title = f"{source.name}: {offered.title or offered.name}"[:200]
        own = offered.description or offered.title or offered.name
        self.about = f"{own}\n(A tool of the MCP server “{source.name}”, in its own words.)"
        self._app = offered.app

    async def run(self, args: dict[str, Any], context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        answer: Any = None
        async with aclosing(self._followed(lambda link, tell: link.call(self._tool, args, tell))) as following:
            async for said in following:
                if isinstance(said, Progress):
                    yield said
                answer = said
        if answer.error:
            raise McpRefused(in_words(answer))
        notes: list[str] = []
        async for shown in show_pictures(answer, self.title, context, self._source.keeping, notes):
            yield shown
        if self._app is not None and (block := await self._page(answer, context, notes)) is not None:
            yield block
        yield Result(*told(answer, notes))

    async def _page(self, answer: "Answered", context: ToolContext, notes: list[str]) -> Show | None:
        """The result in the server's app, where the assistant may show apps. The result counts without it."""
        assert self._app is not None
        if "app" not in context.blocks:
            return None
        source = self._source
        try:
            async with source.reaches.connected(source.workspace, source.id, self._tool) as link:
                page = await link.page(self._app)
        except OpsloomError:
            page = None
        if page is None:
            notes.append("Its app was not shown: the server does not give the page.")
            return None
        block, note = await show_app(page, answer, self.title, context, source.keeping)
        notes.append(note)
        return block


class ReadResource(ServerTool):
    """Ours: reads what the server has to read."""

    def __init__(self, source: Source, effect: Effect, danger: bool) -> None:
        schema = {
            "type": "object",
            "properties": {"uri": {"type": "string", "minLength": 1, "maxLength": 2_000, "description": "as listed"}},
            "required": ["uri"],
            "additionalProperties": False,
        }
        super().__init__(source, READ_RESOURCE, schema, effect, danger)
        self.title = f"{source.name}: read a resource"
        self.about = f"Reads a resource of the MCP server “{source.name}” by its URI, as {LIST_RESOURCES} gives it."

    async def run(self, args: dict[str, Any], context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        async with aclosing(self._followed(lambda link, _: link.read(args["uri"]))) as following:
            answer = [said async for said in following][-1]
        notes: list[str] = []
        async for shown in show_pictures(answer, self.title, context, self._source.keeping, notes):
            yield shown
        yield Result(*told(answer, notes))


class ListResources(ServerTool):
    """Ours: says what the server has to read."""

    def __init__(self, source: Source, effect: Effect, danger: bool) -> None:
        schema = {
            "type": "object",
            "properties": {"cursor": {"type": "string", "maxLength": 2_000, "description": "from the page before"}},
            "additionalProperties": False,
        }
        super().__init__(source, LIST_RESOURCES, schema, effect, danger)
        self.title = f"{source.name}: list its resources"
        self.about = f"Lists the resources of the MCP server “{source.name}”: URIs, and templates of URIs to fill in."

    async def run(self, args: dict[str, Any], context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        async with aclosing(self._followed(lambda link, _: link.resources(args.get("cursor")))) as following:
            found, cursor = [said async for said in following][-1]
        more = {"cursor": cursor} if cursor is not None else {}
        yield Result({"resources": found} | more, f"{len(found)} resource{'' if len(found) == 1 else 's'}")


class _News:
    """What a server said last of how far it is."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()
        self._last: Progress | None = None

    def tell(self, done: float, total: float | None, note: str | None) -> None:
        self._last = Progress(done=done, total=total, note=note[:NOTE_CHARS] if note else None)
        self.heard.set()

    def taken(self) -> Progress | None:
        last, self._last = self._last, None
        return last
