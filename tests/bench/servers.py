"""The processes of a run: the model server, PostgreSQL, and one server under test at a time, each ended for certain."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from opsloom_server.auth import keys
from opsloom_server.store import assistants
from opsloom_server.store.assistants import AssistantSpec
from opsloom_server.store.embedded import EmbeddedPostgres
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import DEFAULT_WORKSPACE

TESTS: Final = Path(__file__).resolve().parents[1]
BUILD: Final = TESTS.parent / "build" / "bench"
START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 30.0

# A developer's own keys and settings must not decide what is measured.
OURS: Final = ("OPSLOOM_", "DATABASE_URL", "REDIS_URL", "HOST", "PORT", "OPENAI_", "ANTHROPIC_", "AWS_", "OLLAMA_")
NO_LIMITS: Final = {
    f"OPSLOOM_LIMIT_{name}": "0"
    for name in ("MESSAGES_PER_MINUTE", "RUNNING_TURNS", "CONNECTIONS", "CONNECTS_PER_SECOND")
}
UVICORN: Final = (
    *("-m", "uvicorn", "--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio"),
    *("--ws-per-message-deflate", "false", "--no-access-log", "--log-level", "error", "--backlog", "2048"),
)


class Failed(Exception):
    """A process did not start or ended early; the text says which and shows its last words."""


def cores() -> tuple[set[int] | None, set[int] | None]:
    """The server's core and everybody else's; None where there is nothing to choose."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    there = sorted(os.sched_getaffinity(0))
    return ({there[0]}, set(there[1:])) if len(there) > 1 else (None, None)


@dataclass
class Server:
    """A server under test: the `wire` it is spoken to by, where, and as which process."""

    name: str
    wire: str
    port: int
    pid: int
    job: dict[str, Any] = field(default_factory=dict)


class Rig:
    """What every run needs, from `with` to its end: a folder, a database and the model server."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.server_core, self.other_cores = cores()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder = Path(tempfile.mkdtemp(prefix="opsloom-bench-"))
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.postgres = EmbeddedPostgres(self.folder / "data")
            self.postgres.start()
            stack.callback(self.postgres.stop)
            if self.other_cores is not None:
                os.sched_setaffinity(self.postgres.pid, self.other_cores)
                os.sched_setaffinity(0, self.other_cores)
            vendor = stack.enter_context(
                self.process("model server", [sys.executable, "-m", "bench.vendor"], {}, tell=True)
            )
            assert vendor.stdout is not None
            self.vendor_pid = vendor.pid
            self.vendor_port = int(vendor.stdout.readline())
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def openai(self) -> dict[str, str]:
        return {"OPENAI_BASE_URL": f"http://127.0.0.1:{self.vendor_port}/v1", "OPENAI_API_KEY": "sk-bench-not-a-key"}

    @contextmanager
    def process(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        *,
        core: set[int] | None = None,
        tell: bool = False,
        folder: Path | None = None,
    ) -> Iterator[subprocess.Popen[str]]:
        """A process in a group of its own, ended with the group. Its words go to a file in the run's folder."""
        plain = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
        plain |= {"PYTHONPATH": str(TESTS), "NO_PROXY": "127.0.0.1,localhost", **environment}
        with (self.folder / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                command,
                env=plain,
                cwd=folder or self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if tell else log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        with contextlib.suppress(ProcessLookupError):
            if core is not None:
                os.sched_setaffinity(process.pid, core)
        try:
            yield process
        finally:
            for end in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, end)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_SECONDS)
                    break

    @contextmanager
    def _listening(
        self,
        name: str,
        port: int,
        command: list[str],
        environment: Mapping[str, str],
        path: str,
        folder: Path | None = None,
    ) -> Iterator[int]:
        """The server's process id, once it answers."""
        with self.process(name, command, environment, core=self.server_core, folder=folder) as process:
            until = time.monotonic() + START_SECONDS
            while not _answers(port, path):
                if process.poll() is not None or time.monotonic() > until:
                    raise Failed(f"{name} did not start:\n{self.last_words(name)}")
                time.sleep(0.1)
            yield process.pid

    def last_words(self, name: str) -> str:
        lines = (self.folder / f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-15:])

    # ------------------------------------------------------------------------------------------ servers under test

    @contextmanager
    def floor(self) -> Iterator[Server]:
        """`bench.floor`."""
        port = free_port()
        command = [sys.executable, *UVICORN, "--port", str(port), "bench.floor:app"]
        with self._listening("floor", port, command, {"BENCH_VENDOR_PORT": str(self.vendor_port)}, "") as pid:
            yield Server("floor", "floor", port, pid)

    @contextmanager
    def bare(self) -> Iterator[Server]:
        """`bench.bare`."""
        port = free_port()
        with self._listening(
            "bare", port, [sys.executable, *UVICORN, "--port", str(port), "bench.bare:app"], {}, ""
        ) as pid:
            yield Server("bare", "bare", port, pid)

    @contextmanager
    def opsloom(self) -> Iterator[Server]:
        """`opsloom serve` on the run's PostgreSQL, with an assistant whose model is the model server."""
        port = free_port()
        environment = {
            "DATABASE_URL": self.postgres.url,
            "OPSLOOM_DATA_DIR": str(self.folder / "opsloom"),
            **self.openai,
            **NO_LIMITS,
        }
        command = [sys.executable, "-m", "opsloom_server.cli", "serve", "--port", str(port)]
        with self._listening("opsloom", port, command, environment, "/health/ready") as pid:
            key = asyncio.run(_assistant(self.postgres.url))
            yield Server("opsloom", "opsloom", port, pid, {"key": key, "assistant": "bench"})

    @contextmanager
    def agui(self) -> Iterator[Server]:
        """pydantic-ai's AG-UI endpoint, from the very pydantic-ai that Opsloom uses."""
        there = BUILD / "agui"
        if not (there / "ag_ui").exists():
            _install(["--target", str(there), "--no-deps", "-p", sys.executable, "ag-ui-protocol>=0.1"])
        port = free_port()
        command = [sys.executable, *UVICORN, "--port", str(port), "bench.peers.agui:app"]
        with self._listening("agui", port, command, {**self.openai, "PYTHONPATH": f"{TESTS}:{there}"}, "") as pid:
            yield Server("agui", "agui", port, pid)

    @contextmanager
    def chainlit(self) -> Iterator[Server]:
        """Chainlit in an environment of its own."""
        there = BUILD / "chainlit"
        python = there / "bin" / "python"
        if not (there / "bin" / "chainlit").exists():
            _uv(["venv", "-q", "--clear", "-p", sys.executable, str(there)])
            _install(["-p", str(python), "chainlit==2.12.*", "openai", "httptools"])
        port = free_port()
        folder = self.folder / "chainlit"
        folder.mkdir(exist_ok=True)
        shutil.copy(Path(__file__).parent / "peers" / "chainlit_app.py", folder)
        command = [str(python), "-m", "chainlit", "run", "chainlit_app.py", "--headless", "--port", str(port)]
        with self._listening("chainlit", port, command, self.openai, "", folder) as pid:
            yield Server("chainlit", "chainlit", port, pid)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int, path: str) -> bool:
    """Whether it listens and, where a path is given, answers 200 there."""
    try:
        if not path:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


async def _assistant(url: str) -> str:
    """A new API key; makes the assistant if it is not there."""
    database = await Database.open(url, pool_size=1, overflow=0)
    try:
        async with database.transact(DEFAULT_WORKSPACE) as connection:
            if await assistants.assistant_by_slug(connection, "bench") is None:
                spec = AssistantSpec(
                    slug="bench", name="Bench", instructions="Answer.", model="openai-chat:scripted", public=True
                )
                await assistants.create(connection, DEFAULT_WORKSPACE, spec)
        _, token = await keys.create(database, DEFAULT_WORKSPACE, "bench", "owner")
        return token.text
    finally:
        await database.close()


def _install(options: list[str]) -> None:
    _uv(["pip", "install", "-q", *options])


def _uv(options: list[str]) -> None:
    """Raises `Failed` where uv or its index cannot be reached."""
    uv = shutil.which("uv")
    if uv is None:
        raise Failed("uv is not on the PATH, so it cannot be installed")
    try:
        done = subprocess.run([uv, *options], capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        raise Failed("it could not be installed within 5 minutes") from None
    if done.returncode:
        raise Failed(f"it could not be installed: {(done.stderr.strip().splitlines() or ['uv failed'])[-1]}")
