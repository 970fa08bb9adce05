"""One open connection to an MCP server, and the task that owns it from opening to closing.

The protocol itself is the MCP package's client: it settles the version, correlates answers, passes on progress, and
tells the server when a caller gives up. What is asked of us (samples of a model, forms for a person, our folders) is
declined.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final, TypeVar

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.extension import advertise
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from opsloom_server import __version__
from opsloom_server.errors import OpsloomError
from opsloom_server.fetching import FetchRefused, Guarded, Networks
from opsloom_server.mcp.answers import Answered, Page, answered, page_of, read_out
from opsloom_server.mcp.bounding import bounded
from opsloom_server.mcp.failing import McpLost, McpRefused, McpUnreachable
from opsloom_server.mcp.listing import MOST_TOOLS, Listing, Offered
from opsloom_server.mcp.program import Ending, run_program
from opsloom_server.mcp.reaching import Address, Program, Reach, hiding, secrets_of

__all__ = ["Link", "ToolProgress"]

log = logging.getLogger(__name__)
# The package logs addresses with their queries, and what a server sent, in full. What went wrong is told here.
for _name in ("mcp", "client"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

OPEN_SECONDS: Final = 60.0
"""For the start, the handshake and the first listing: `uvx` and `npx` may have to download the program first."""
SAID_CHARS: Final = 1_000
"""Of a server's own error."""
ASK_SECONDS: Final = 20.0
"""For a listing."""
PING_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 8.0
"""More than a program takes to be killed."""
SILENT_SECONDS: Final = 600.0
"""A stream of a server elsewhere that says nothing for so long is closed, also where nobody waits for it any more."""
ANSWER_BYTES: Final = 2 * 1024 * 1024
"""Largest answer over HTTP; parsing 2 MiB takes 0.3 s of the loop at worst."""
PAGES: Final = 100
MOST_RESOURCES: Final = 100
"""That a model is told of at once."""
APPS: Final = "io.modelcontextprotocol/ui"
APP_TYPE: Final = "text/html;profile=mcp-app"
_SELF: Final = types.Implementation(name="opsloom", version=__version__)

T = TypeVar("T")
ToolProgress = Callable[[float, float | None, str | None], None]
"""What a server says of how far it is: done, of how much, in which words."""


class Link:
    """`start` opens it; `dead` says that it is of no use any more; `close` ends it. `changed` is called with each
    listing that differs from the one before it."""

    def __init__(
        self, reach: Reach, name: str, networks: Networks, changed: Callable[[Listing], Awaitable[None]] | None = None
    ) -> None:
        self._reach = reach
        self._name = name
        self._networks = networks
        self._changed = changed
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._closing = False
        self._wake = asyncio.Event()
        """Set when it is closed or lost, and when what it offers has changed."""
        self._ending = Ending(self._wake)
        self._status = 0
        """What HTTP answered last."""
        self._cut: list[int] = []
        self.scrub = hiding(secrets_of(reach))
        """Takes the values of this server's own secrets out of a text, should it say them back to us."""
        self.listing = Listing()
        self.suspect = False
        """Whether a call ran into its time: the server may hang, so it is asked for a sign of life before the next."""

    @property
    def dead(self) -> bool:
        return self._task is None or self._task.done() or self._ending.over.is_set()

    async def start(self) -> None:
        """Open it and ask what there is. Raises McpUnreachable, or Invalid where there is no such program."""
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(opened), name=f"MCP server {self._name}")
        try:
            await asyncio.shield(opened)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End it: politely, then the program is killed."""
        first, self._closing = not self._closing, True
        self._wake.set()
        if self._looking is not None:
            self._looking.cancel()
        if self._task is not None:
            if first and self._client is None:
                self._task.cancel()  # it is still being opened, which may take long
            await asyncio.wait([self._task], timeout=CLOSE_SECONDS)
            if not self._task.done():  # a server elsewhere does not answer that the session ends
                self._task.cancel()
                await asyncio.wait([self._task], timeout=CLOSE_SECONDS)

    async def call(self, tool: str, args: Mapping[str, Any], tell: ToolProgress) -> Answered:
        """Call a tool; a cancellation is told to the server. Raises McpRefused or McpLost."""

        async def told(progress: float, total: float | None, message: str | None) -> None:
            tell(progress, total, self.scrub(message) if message else None)

        result = await self._asked(lambda client: client.call_tool(tool, dict(args), progress_callback=told))
        return answered(result, self.scrub)

    async def read(self, uri: str) -> Answered:
        """The contents of a resource."""
        return read_out(await self._asked(lambda client: client.read_resource(uri)), self.scrub)

    async def page(self, uri: str) -> Page | None:
        """The page of an app."""
        return page_of(await self._asked(lambda client: client.read_resource(uri), ASK_SECONDS))

    async def resources(self, cursor: str | None) -> tuple[list[dict[str, str]], str | None]:
        """A page of what can be read, with the templates on the first one; and where the next page begins."""
        told: list[dict[str, str | None]] = []
        page = await self._asked(lambda client: client.list_resources(cursor=cursor), ASK_SECONDS)
        told += [
            {"uri": one.uri, "name": one.title or one.name, "description": one.description} for one in page.resources
        ]
        if cursor is None:
            with suppress(McpRefused):  # not every server has templates
                more = await self._asked(lambda client: client.list_resource_templates(), ASK_SECONDS)
                told += [
                    {"uri_template": one.uri_template, "name": one.title or one.name, "description": one.description}
                    for one in more.resource_templates
                ]
        kept = [{name: self.scrub(text)[:500] for name, text in one.items() if text} for one in told[:MOST_RESOURCES]]
        return kept, page.next_cursor

    async def relist(self) -> Listing:
        """Ask again what there is."""
        self.listing = await self._asked(self._list, ASK_SECONDS)
        return self.listing

    async def alive(self) -> bool:
        """Whether the server still answers."""
        if self.dead:
            return False
        if not self.suspect:
            return True
        try:
            await self._asked(_sign_of_life, PING_SECONDS)
        except (McpLost, McpRefused):
            return False
        self.suspect = False
        return True

    async def _asked(self, ask: Callable[[Client], Awaitable[T]], seconds: float | None = None) -> T:
        client = self._client
        if client is None or self.dead:
            raise McpLost(self._words("is not connected"))
        try:
            async with asyncio.timeout(seconds):
                return await ask(client)
        except MCPError as error:
            if error.code == types.CONNECTION_CLOSED:
                self._ending.end("The connection was closed.")
                raise McpLost(self._words("broke the connection off before it answered")) from None
            if error.code == types.INVALID_REQUEST and error.message == "Session terminated":
                self._ending.end("It forgot the session.")
                raise McpLost(self._words("has started anew and forgot this connection")) from None
            raise McpRefused(f"{self._name}: {self.scrub(error.message)[:SAID_CHARS]}") from None
        except TimeoutError:
            self.suspect = True
            raise McpLost(self._words("did not answer in time")) from None
        except (ValidationError, RuntimeError, ValueError) as error:
            log.warning("MCP server %s answers against the protocol (%s)", self._name, type(error).__name__)
            raise McpRefused(self._words("gave an answer that does not fit the protocol")) from None

    async def _run(self, opened: asyncio.Future[None]) -> None:
        """Own the connection: opened here and closed here, whoever uses it meanwhile."""
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(OPEN_SECONDS):
                    client = await stack.enter_async_context(self._client_of(self._reach))
                    self.listing = await self._list(client)
                self._client = client
                opened.set_result(None)
                await self._hold(client)
        except BaseException as error:
            if not opened.done():
                opened.set_exception(self._why(leaf(error)))
                opened.exception()  # whoever waited may be gone
            elif not isinstance(error, asyncio.CancelledError):
                log.warning("MCP server %s: the connection ended (%s)", self._name, type(leaf(error)).__name__)
        finally:
            self._client = None
            self._ending.end("The connection was closed.")

    def _client_of(self, reach: Reach) -> Client:
        transport = run_program(reach, self._ending) if isinstance(reach, Program) else self._over_http(reach)
        return Client(
            bounded(transport, self._cut),
            cache=None,
            client_info=_SELF,
            message_handler=self._heard,
            extensions=[advertise(APPS, {"mimeTypes": [APP_TYPE]})],
        )

    @asynccontextmanager
    async def _over_http(self, address: Address) -> AsyncGenerator[Any, None]:
        async def note(response: httpx2.Response) -> None:
            self._status = response.status_code

        client = httpx2.AsyncClient(
            transport=Guarded(self._networks, limit=ANSWER_BYTES),
            headers={"user-agent": f"Opsloom/{__version__}", "accept-encoding": "identity", **address.headers},
            timeout=httpx2.Timeout(30.0, read=SILENT_SECONDS),  # whoever asks sets a limit for the answer
            event_hooks={"response": [note]},
            trust_env=False,
        )
        async with (
            client,
            streamable_http_client(address.url, http_client=client, max_sse_event_size=ANSWER_BYTES) as streams,
        ):
            yield streams

    async def _hold(self, client: Client) -> None:
        """Until it is closed or lost; ask again what there is whenever the server says that this changed."""
        listening = asyncio.create_task(self._listen(client), name=f"changes of MCP server {self._name}")
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._closing or self._ending.over.is_set():
                    return
                self._looking = asyncio.create_task(self._look(client), name=f"tools of MCP server {self._name}")
                await asyncio.wait([self._looking])
        finally:
            listening.cancel()
            await asyncio.wait([listening])

    async def _look(self, client: Client) -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                listing = await self._list(client)
            if listing != self.listing:
                self.listing = listing
                if self._changed is not None:
                    await self._changed(listing)
        except Exception as error:
            log.warning("MCP server %s: its tools could not be listed (%s)", self._name, type(error).__name__)

    async def _listen(self, client: Client) -> None:
        """Servers of 2026 tell of changes only to who subscribes."""
        tools = client.server_capabilities.tools
        if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or tools is None or not tools.list_changed:
            return
        with suppress(MCPError, RuntimeError, TimeoutError):
            async with client.listen(tools_list_changed=True) as events:
                async for _ in events:
                    self._wake.set()

    async def _heard(self, message: Any) -> None:
        """Servers before 2026 tell of changes by themselves."""
        if isinstance(message, types.ToolListChangedNotification):
            self._wake.set()

    async def _list(self, client: Client) -> Listing:
        self._cut.clear()
        capabilities, info = client.server_capabilities, client.server_info
        found: list[Offered] = []
        cursor: str | None = None
        left_out = 0
        for _ in range(PAGES if capabilities.tools is not None else 0):
            page = await client.list_tools(cursor=cursor)
            for tool in page.tools:
                if len(found) == MOST_TOOLS:
                    left_out += 1
                elif (offered := offered_of(tool)) is not None:
                    found.append(offered)
            cursor = page.next_cursor
            if cursor is None:
                break
        return Listing(
            server=(info.title or info.name if info is not None else "")[:200],
            version=(info.version if info is not None else "")[:50],
            protocol=client.protocol_version,
            tools=tuple(found),
            left_out=left_out + sum(self._cut),
            resources=capabilities.resources is not None and await _has_resources(client),
        )

    def _words(self, what: str) -> str:
        return f"The MCP server “{self._name}” {what}."

    def _why(self, error: BaseException) -> OpsloomError:
        """Why it could not be opened, for people."""
        detail = self.scrub(self._ending.said.strip())
        match error:
            case OpsloomError():
                return error
            case FetchRefused(code="private"):
                what = (
                    "leads into a private network. Whoever runs this server can let that network in with "
                    "OPSLOOM_FETCH_NETWORKS"
                )
            case FetchRefused():
                return McpUnreachable(self._words(f"cannot be reached: {error.text.rstrip('.')}"))
            case TimeoutError():
                what = f"did not answer within {OPEN_SECONDS:g} seconds"
            case _ if self._status in (401, 403):
                what = f"answered {self._status}: it wants a token in its headers, or another one"
            case _ if self._status >= 400:
                what = f"answered {self._status}: nothing speaks MCP over streamable HTTP at that address"
            case MCPError() if self._ending.over.is_set():
                what = f"could not be started. {self._ending.reason}".rstrip(".")
            case MCPError():
                what = f"refused the connection: {self.scrub(error.message)[:SAID_CHARS]}"
            case OSError() if isinstance(self._reach, Program):
                what = f"could not be started: {error.strerror}"
            case asyncio.CancelledError():
                what = "was closed before it was open"
            case _:
                log.warning("MCP server %s: not opened (%s)", self._name, type(error).__name__)
                what = "does not speak the protocol"
        return McpUnreachable(self._words(what), detail)


async def _sign_of_life(client: Client) -> Any:
    """Servers of 2026 know no ping."""
    if client.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return await client.list_tools()
    return await client.session.send_ping()


async def _has_resources(client: Client) -> bool:
    """Many say that they could have some, and have none."""
    with suppress(MCPError):
        if (await client.list_resources()).resources:
            return True
    with suppress(MCPError):
        return bool((await client.list_resource_templates()).resource_templates)
    return False


def offered_of(tool: types.Tool) -> Offered | None:
    """The tool in plain values; None where it is for the server's own pages and not for a model."""
    hints = tool.annotations or types.ToolAnnotations()
    meta = tool.meta or {}
    page = meta.get("ui")
    page = page if isinstance(page, dict) else {}
    visible = page.get("visibility")
    if isinstance(visible, list) and "model" not in visible:
        return None
    app = page.get("resourceUri", meta.get("ui/resourceUri"))
    return Offered(
        name=tool.name,
        title=tool.title or hints.title or "",
        description=tool.description or "",
        schema=tool.input_schema,
        reads_only=hints.read_only_hint,
        destroys=hints.destructive_hint,
        open_world=hints.open_world_hint,
        app=app if isinstance(app, str) and app.startswith("ui://") else None,
    )


def leaf(error: BaseException) -> BaseException:
    """What went wrong first, out of groups of errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
