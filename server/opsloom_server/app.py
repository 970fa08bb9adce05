"""The composition root: settings in, Starlette out. The lifespan owns pools, hub and workers, and ends them in turn."""

import asyncio
import errno
import gc
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import FrameType
from typing import Any, Final

import uvicorn
from msgspec import Struct
from opsloom_rag.knowledge import Knowledge
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from opsloom_server import health, pages
from opsloom_server.auth import logins, secret
from opsloom_server.errors import OpsloomError, StartupError
from opsloom_server.fetching import Caller, Fetcher
from opsloom_server.hub import Hub
from opsloom_server.hub.attachments import Attachments
from opsloom_server.hub.budgets import Budgets
from opsloom_server.hub.consulting import Consulting
from opsloom_server.hub.counting import SharedCounts
from opsloom_server.hub.environment import Environment
from opsloom_server.hub.wakeups import WakeUps
from opsloom_server.ingestion import Ingestion
from opsloom_server.log.batches import Batches
from opsloom_server.log.hot import HotLog, Nowhere
from opsloom_server.log.redis import RedisLog
from opsloom_server.log.streams import connect
from opsloom_server.mcp import McpServers
from opsloom_server.models import Models, default_model
from opsloom_server.rest import Paces, Services, create_rest
from opsloom_server.seed import seed
from opsloom_server.settings import Settings
from opsloom_server.socket import Sockets
from opsloom_server.sources import Bounds, DataSources
from opsloom_server.store.embedded import EmbeddedPostgres, data_folder
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import DEFAULT_WORKSPACE, new_id
from opsloom_server.store.startup import open_database
from opsloom_server.sweeping import Sweeping
from opsloom_server.tools.attached import AttachedTools
from opsloom_server.tools.http import HttpTools
from opsloom_server.tools.registry import load_catalogue
from opsloom_server.tools.secrets import Secrets
from opsloom_server.transport import protocol

Progress = Callable[[str], None]

# Allocations between two young collections; a turn makes some 20,000 that live for its time, and with more room most of
# them are gone by themselves before anybody looks.
GC_THRESHOLD: Final = 50_000
# After the drain's 20 s: what is still open is told 1012 and cut.
SHUTDOWN_SECONDS: Final = 25

_log = logging.getLogger(__name__)


class Ready(Struct, frozen=True):
    """What whoever started the server wants to know. `owner_link` is there until an owner has signed in."""

    url: str
    owner_link: str | None
    model: str
    notices: tuple[str, ...] = ()


class Running(Struct, frozen=True):
    """The parts of a server that runs."""

    settings: Settings
    database: Database
    knowledge: Knowledge
    models: Models
    hub: Hub
    ingestion: Ingestion
    http_tools: HttpTools
    secrets: Secrets
    owner_token: str | None


@asynccontextmanager
async def running(settings: Settings, progress: Progress = lambda _: None) -> AsyncIterator[Running]:
    """Start every part in order and end them in the reverse one. Raises `StartupError`."""
    folder = data_folder(settings.data_dir)
    async with AsyncExitStack() as stack:
        models = Models(settings)
        stack.push_async_callback(models.close)
        # A vendor's SDK takes up to 2 s to import: beside the database's start, not before somebody's first answer.
        warming = asyncio.create_task(asyncio.to_thread(_warm, models, settings), name="import the default model")
        stack.push_async_callback(asyncio.wait, [warming])
        if settings.database_url is not None:
            url = settings.database_url.get_secret_value()
        else:
            postgres = await stack.enter_async_context(EmbeddedPostgres(folder, exclusive=True, on_progress=progress))
            url = postgres.url
        progress("Bringing the tables up to date")
        database = await open_database(url)
        stack.push_async_callback(database.close)
        given = settings.secret.get_secret_value() if settings.secret is not None else None
        if given is None and settings.redis_url is not None and settings.database_url is not None:
            raise StartupError(
                "REDIS_URL is set, so there may be other nodes; but OPSLOOM_SECRET is not.",
                "Give every node the same OPSLOOM_SECRET (make one with: openssl rand -hex 32).",
            )
        key = await asyncio.to_thread(secret.load, given, folder)
        catalogue = load_catalogue(settings.extensions)
        limits = settings.limits
        servers = McpServers(
            database,
            key,
            commands=settings.mcp_commands,
            networks=settings.fetch_networks,
            files=folder / "files",
            reserved=list(catalogue.tools),
        )
        stack.push_async_callback(servers.close)
        bounds = Bounds(limits.query_seconds, limits.query_cost)
        sources = DataSources(database, key, bounds, settings.sqlite_folders)
        secrets = Secrets(database, key)
        http_tools = HttpTools(database, Caller(settings.fetch_networks), secrets, catalogue.tools)
        progress("Loading the embedding model")
        knowledge = await Knowledge.open(database.transact, settings.embedder)
        budgets = Budgets(limits, models.prices)
        without_code = AttachedTools(http_tools, servers)
        consulting = Consulting(database, models, catalogue, knowledge, sources, without_code, budgets)
        node = new_id("nod")
        hot: HotLog = Nowhere()
        counts: SharedCounts | None = None
        if settings.redis_url is not None:
            redis = connect(settings.redis_url.get_secret_value())
            stack.push_async_callback(redis.aclose)
            hot = RedisLog(redis)
            counts = SharedCounts(redis, node)
        environment = Environment(
            node=node,
            settings=settings,
            secret=key,
            database=database,
            models=models,
            budgets=budgets,
            attachments=Attachments(folder / "files"),
            catalogue=catalogue,
            attached=AttachedTools(without_code, consulting),
            knowledge=knowledge,
            sources=sources,
            mcp=servers,
            batches=Batches(database),
            hot=hot,
            wakeups=WakeUps(database, node),
            counts=counts,
            # Nobody else can be on the embedded PostgreSQL: its folder is locked.
            shared=settings.database_url is not None,
        )
        hub = Hub(environment)
        await hub.start()
        stack.push_async_callback(hub.close)
        embedded = url if settings.database_url is None else None
        await seed(database, knowledge, catalogue, progress, sources=sources, embedded=embedded)
        ingestion = Ingestion(database, knowledge, Fetcher(settings.fetch_networks))
        await ingestion.start()
        stack.push_async_callback(ingestion.close)
        sweeping = Sweeping(database)
        await sweeping.start()
        stack.push_async_callback(sweeping.close)
        link = await logins.owner_link(database, DEFAULT_WORKSPACE)
        await warming
        token = link.text if link is not None else None
        yield Running(settings, database, knowledge, models, hub, ingestion, http_tools, secrets, token)


def _warm(models: Models, settings: Settings) -> None:
    """Make the default model; one that lacks a key is told of where somebody asks for it."""
    with suppress(OpsloomError):
        models.resolve(default_model(settings))


def services_of(parts: Running) -> Services:
    """What the REST application reaches."""
    return Services(
        settings=parts.settings,
        database=parts.database,
        secret=parts.hub.environment.secret,
        files=data_folder(parts.settings.data_dir) / "files",
        knowledge=parts.knowledge,
        sources=parts.hub.environment.sources,
        mcp=parts.hub.environment.mcp,
        catalogue=parts.hub.environment.catalogue,
        attached=parts.hub.environment.attached,
        http_tools=parts.http_tools,
        secrets=parts.secrets,
        hub=parts.hub,
        worker=parts.ingestion,
        paces=Paces.of(parts.settings.limits),
    )


def create_app(settings: Settings, progress: Progress = lambda _: None) -> Starlette:
    """The server as an ASGI application. Its lifespan starts and ends everything; `app.state.running` is there between.

    A `StartupError` of the lifespan stays in `app.state.failed`, since an ASGI server only logs it.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        try:
            async with AsyncExitStack() as stack:
                parts = await stack.enter_async_context(running(settings, progress))
                sockets = Sockets(parts.hub)
                watch = asyncio.create_task(sockets.watch(), name="watch over sockets")
                stack.push_async_callback(_end, watch)
                app.state.running = parts
                yield {
                    "database": parts.database,
                    "hub": parts.hub,
                    "sockets": sockets,
                    "services": services_of(parts),
                }
        except StartupError as error:
            app.state.failed = error
            raise

    routes = [*health.routes(), Mount("/api", create_rest()), *pages.routes()]
    app = Application(routes=routes, lifespan=lifespan)
    app.state.failed = None
    return app


class Application(Starlette):
    """Starlette, but a socket goes straight to its endpoint: every layer of routing on the way would be a coroutine of
    0.5 kB that waits for as long as the socket is open.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == "/ws":
            await scope["state"]["sockets"](scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


class Server(uvicorn.Server):
    """uvicorn, but a first signal drains before it closes: it would tell every socket 1012 at once."""

    def __init__(self, config: uvicorn.Config, app: Starlette, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._ready = ready
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        parts: Running | None = getattr(self._app.state, "running", None)
        if parts is None or self._draining is not None:
            super().handle_exit(sig, frame)  # a second signal is in a hurry
            return
        loop = asyncio.get_running_loop()
        self._draining = loop.create_task(self._drain(parts.hub), name="drain")

    async def _drain(self, hub: Hub) -> None:
        try:
            await hub.drain()
        finally:
            self.should_exit = True  # and so the exit code is 0: a stop that was asked for is no failure


def serve(settings: Settings, progress: Progress, ready: Callable[[Ready], None]) -> None:
    """Serve until a signal. Raises `StartupError` where the server cannot start."""
    listening = _listen(settings)
    app = create_app(settings, progress)
    limits = settings.limits
    config = uvicorn.Config(
        app,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http=_http(),
        ws=protocol(limits),
        ws_max_size=limits.frame_bytes or 1 << 30,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies) or None,
    )

    def tell() -> None:
        # What the start made stays: 600,000 objects that each full collection would walk, 200 ms at a time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD, 20, 50)
        parts: Running = app.state.running
        base = settings.public_url or _address(listening)
        link = f"{base}/login#token={parts.owner_token}" if parts.owner_token is not None else None
        model = default_model(settings)
        missing = parts.models.missing(model)
        unusable = f"The model {model} cannot be used: {missing}" if missing else None
        ready(Ready(base, link, model, tuple(filter(None, (parts.knowledge.notice, unusable)))))

    try:
        Server(config, app, tell).run(sockets=[listening])
    except SystemExit:
        if app.state.failed is None:  # uvicorn's way to end where the lifespan failed; the reason is raised below
            raise
    finally:
        listening.close()
    if app.state.failed is not None:
        raise app.state.failed


def _http() -> Any:
    """uvicorn's `http=`. httptools is not built for Windows."""
    if sys.platform == "win32":
        return "h11"
    from opsloom_server.transport.http import http_protocol

    return http_protocol()


def _listen(settings: Settings) -> socket.socket:
    """Take the port first, so that a second server says so before it touches the data."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        where = f"{settings.host}:{settings.port}"
        raise StartupError(
            f"{where} cannot be listened on: {error.strerror or error}.",
            _listen_remedy(settings, error.errno),
        ) from None
    listening.set_inheritable(True)
    return listening


def _listen_remedy(settings: Settings, code: int | None) -> str:
    match code:
        case errno.EADDRINUSE:
            return f"Stop what listens there, or choose another: PORT={settings.port + 1} make run."
        case errno.EACCES | errno.EPERM:
            return "Ports under 1024 are for root. Choose another: PORT=8000 make run."
        case _:
            return (
                "This machine has no such address. Set HOST to 127.0.0.1, to 0.0.0.0 for all it has, or to one of them."
            )


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"
