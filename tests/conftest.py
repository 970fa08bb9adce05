"""What every test may ask for: a database, a MariaDB, a browser, a Redis; and a machine without keys or a network.

One embedded PostgreSQL serves the whole run (0.7 s to make, fsync off); each test that asks gets an empty database of
its own in it (about 30 ms).
"""

import asyncio
import gc
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from mariadb import INSTALLED, MariaDB
from opsloom_server.store.embedded import EmbeddedPostgres
from together import Together

CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
RUN_PREFIX = "opsloom-tests-"
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REDIS_NAMES = ("redis-server", "valkey-server")

# Every variable that the server reads: a developer's own settings must not decide what a test sees.
OURS = ("OPSLOOM_", "DATABASE_URL", "REDIS_URL", "HOST", "PORT", "OPENAI_", "ANTHROPIC_", "AWS_", "OLLAMA_")


class PostgresUrl(str):
    """A database's address as SQLAlchemy takes it (`postgresql+asyncpg://…`), with `dsn` for asyncpg and psql."""

    @property
    def dsn(self) -> str:
        return self.replace("postgresql+asyncpg://", "postgresql://", 1)


class Cluster:
    """The run's PostgreSQL: makes databases and drops them."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="test databases")

    def create(self, template: str = "template0") -> PostgresUrl:
        """Make a database as a copy of `template` (a database that nobody is connected to)."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self._execute(f'create database "{name}" template "{template}"')
        return self.url(name)

    def url(self, name: str) -> PostgresUrl:
        return PostgresUrl(self._server.url.replace("/opsloom?", f"/{name}?"))

    def name(self, url: str) -> str:
        return url.partition("@/")[2].partition("?")[0]

    def drop(self, url: str) -> None:
        self._execute(f'drop database if exists "{self.name(url)}" with (force)')

    def run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a coroutine to its end in a thread of its own, away from the tests' loops."""
        self._thread.submit(lambda: asyncio.run(work())).result(120)

    def close(self) -> None:
        self._thread.shutdown()

    def _execute(self, statement: str) -> None:
        async def work() -> None:
            connection = await asyncpg.connect(self.url("postgres").dsn)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        self.run(work)


def pytest_configure() -> None:
    """Fewer young collections, as the server sets it for itself: by default they take a sixth of a run's CPU."""
    gc.set_threshold(20_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in a browser come last: Playwright keeps a loop running in this thread until the end, and then no
    asynchronous test can run."""
    items.sort(key=lambda item: "browser" in item.path.relative_to(item.config.rootpath).parts)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where two processes share the tests (`-n 2`)."""
    return Together(config, log)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """The embedded PostgreSQL of this run."""
    _clear_dead_runs()
    folder = Path(tempfile.mkdtemp(prefix=f"{RUN_PREFIX}{os.getpid()}-"))
    server = EmbeddedPostgres(folder / "data", settings=NOT_DURABLE)
    server.start()
    cluster = Cluster(server)
    try:
        yield cluster
    finally:
        cluster.close()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[PostgresUrl]:
    """An empty database for this test."""
    with database_of(postgres_cluster) as url:
        yield url


@pytest.fixture(scope="module")
def postgres_module_url(postgres_cluster: Cluster) -> Iterator[PostgresUrl]:
    """An empty database that the tests of one module share."""
    with database_of(postgres_cluster) as url:
        yield url


@pytest.fixture(scope="session")
def seeded(postgres_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database as the first start leaves it, without an embedder: tables, the demo, its documentation.

    Made once a run (0.5 s; with an embedder 20 s of CPU).
    """
    from opsloom_server.app import running  # 2 s, which runs without a server need not spend
    from opsloom_server.settings import Settings

    url = postgres_cluster.create()
    settings = Settings(database_url=url, data_dir=tmp_path_factory.mktemp("seeded"), embedder="none")

    async def start() -> None:
        async with running(settings):
            pass

    postgres_cluster.run(start)
    return postgres_cluster.name(url)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program. Without one: skipped on a developer's machine, a failure in CI."""
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return Path(found)
    return _missing("Chromium")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of this run's own, without persistence. Without one: skipped here, a failure in CI."""
    program = next(filter(None, map(shutil.which, REDIS_NAMES)), None) or str(_missing("Redis"))
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        try:
            _wait_for(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    """A MariaDB of this run's own (4 s to make). Without its programs: skipped here, a failure in CI."""
    if not INSTALLED:
        _missing("MariaDB's server")
    with tempfile.TemporaryDirectory(prefix=RUN_PREFIX) as folder:
        server = MariaDB(Path(folder), free_port())
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session", autouse=True)
def _plain_machine() -> Iterator[None]:
    """No settings or keys of the developer's, and no way out of this machine but by loopback."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(OURS):
                patch.delenv(name)
        connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
        patch.setattr(socket.socket, "connect", lambda self, address: connect(self, _loopback(address)))
        patch.setattr(socket.socket, "connect_ex", lambda self, address: connect_ex(self, _loopback(address)))
        yield


def free_port() -> int:
    """A TCP port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _loopback(address: Any) -> Any:
    host = address[0] if isinstance(address, tuple) else ""
    if host and host not in ("localhost", "::1", "0.0.0.0", "::") and not str(host).startswith("127."):
        raise PermissionError(f"A test tried to reach {host}; only loopback is allowed.")
    return address


def _missing(what: str) -> Path:
    words = f"{what} is not installed on this machine."
    if CI:
        pytest.fail(words)
    pytest.skip(words)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def database_of(cluster: Cluster, template: str = "template0") -> Iterator[PostgresUrl]:
    """A database, a copy of `template`, for as long as the block lasts."""
    url = cluster.create(template)
    try:
        yield url
    finally:
        cluster.drop(url)


def _clear_dead_runs() -> None:
    """Stop and remove what runs that were killed left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{RUN_PREFIX}*"):
        pid = folder.name.removeprefix(RUN_PREFIX).partition("-")[0]
        if not pid.isdigit() or psutil.pid_exists(int(pid)) or folder.stat().st_uid != os.geteuid():
            continue
        if (folder / "data" / "pg18" / "postmaster.pid").exists():
            left = EmbeddedPostgres(folder / "data", settings=NOT_DURABLE)
            left.start()
            left.stop()
        shutil.rmtree(folder, ignore_errors=True)
