"""A Redis of the bench's own, which may be flushed, stopped and killed."""

import asyncio
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from conftest import REDIS_NAMES, free_port

START_SECONDS: Final = 10.0


class Redis:
    """`async with Redis() as redis:` on a port of loopback. `stop`, `go_on`, `kill`, `start`, `say("FLUSHALL")`."""

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="opsloom-redis-")
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def program() -> str | None:
        """Where Redis or Valkey is; None where neither is installed."""
        return next(filter(None, map(shutil.which, REDIS_NAMES)), None)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_on()
        self.kill()
        self._folder.cleanup()

    async def start(self) -> None:
        """Start, empty: nothing is kept over an end."""
        program = self.program()
        assert program is not None
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [program, *options, "--dir", self._folder.name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        async with asyncio.timeout(START_SECONDS):
            while True:
                with suppress(OSError):
                    if await self.say("PING") == "+PONG":
                        return
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Let it hang: it neither answers nor breaks."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    async def say(self, command: str) -> str:
        """A command in one line; gives the first line of the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"{command}\r\n".encode())
            return (await reader.readline()).decode().strip()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
