"""The server as its own process, to be killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from stage.starter import Started, starter

START_SECONDS = 60.0
"""A start on a seeded database takes about 2 s of a quiet machine."""


class ServerProcess:
    """`opsloom serve` with these settings in its environment."""

    def __init__(self, environment: Mapping[str, str], port: int, log: Path) -> None:
        self.port = port
        self.log = log
        self._environment = {**os.environ, **environment, "PORT": str(port), "HOST": "127.0.0.1"}
        self._process: Started | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        with self.log.open("ab") as out:
            self._process = await asyncio.to_thread(
                starter().start, ["serve"], self._environment, out.fileno(), out.fileno()
            )
        async with asyncio.timeout(START_SECONDS), httpx2.AsyncClient() as http:
            while True:
                if not self.running:
                    raise RuntimeError(self.log.read_text())
                try:
                    if (await http.get(f"{self.base}/health/ready", timeout=START_SECONDS)).status_code == 200:
                        return
                except httpx2.TransportError:
                    await asyncio.sleep(0.05)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def send(self, what: signal.Signals) -> None:
        """Send a signal and do not wait: SIGSTOP, SIGCONT, or an end that `wait` waits for."""
        assert self._process is not None
        self._process.send_signal(what)

    async def wait(self, seconds: float = 40.0) -> int:
        """Wait for the end; gives the exit code."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait, seconds)

    async def end(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        self.send(with_signal)
        return await self.wait()

    async def command(self, *words: str) -> str:
        """Run another command of `opsloom` with the same settings; gives what it prints."""
        return (await asyncio.to_thread(starter().run, words, self._environment, START_SECONDS)).strip()


@asynccontextmanager
async def server_process(environment: Mapping[str, str], port: int, folder: Path) -> AsyncIterator[ServerProcess]:
    """A started server, killed at the end if it still runs. Without an embedder: 0.5 s and 250 MB less."""
    ours = {"OPSLOOM_DATA_DIR": str(folder / "data"), "OPSLOOM_EMBEDDER": "none"}
    server = ServerProcess({**ours, **environment}, port, folder / "server.log")
    try:
        await server.start()
        yield server
    finally:
        if server.running:
            await server.end(signal.SIGKILL)
