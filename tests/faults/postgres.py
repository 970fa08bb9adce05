"""A PostgreSQL of the bench's own, which may be ended at once and started again."""

import asyncio
import os
import signal
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import asyncpg
import psutil
from opsloom_server.store.embedded import EmbeddedPostgres

# What is committed must outlive a PostgreSQL that is killed, so commits wait for their write; a machine that loses its
# power is not tried here, so the disk is not waited for.
SETTINGS: Final = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_connections": "200"}
STOP_SECONDS: Final = 10.0


class Postgres:
    """`async with Postgres(folder) as postgres:`; `dsn` leads to its Unix socket, `socket` is that socket's path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = EmbeddedPostgres(folder, settings=SETTINGS)
        self._restarted: list[EmbeddedPostgres] = []

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._server.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in [self._server, *self._restarted]:
            await asyncio.to_thread(server.stop)

    @property
    def dsn(self) -> str:
        return self._server.dsn

    @property
    def socket(self) -> str:
        return f"{self.dsn.rpartition('host=')[2].partition('&')[0]}/.s.PGSQL.5432"

    async def stop_at_once(self) -> None:
        """An immediate shutdown: every connection breaks, nothing is written out."""
        pid = self._running.pid
        os.kill(pid, signal.SIGQUIT)
        until = time.monotonic() + STOP_SECONDS
        while psutil.pid_exists(pid) and time.monotonic() < until:
            await asyncio.sleep(0.01)

    async def start_again(self) -> None:
        again = EmbeddedPostgres(self._folder, settings=SETTINGS)
        await asyncio.to_thread(again.start)
        self._restarted.append(again)

    async def restart(self, away: float = 0.0) -> None:
        """End it at once, and start it again after so many seconds."""
        await self.stop_at_once()
        await asyncio.sleep(away)
        await self.start_again()

    async def ask(self, query: str, *values: Any) -> list[asyncpg.Record]:
        """Rows, as the owner of everything sees them."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    @property
    def _running(self) -> EmbeddedPostgres:
        return self._restarted[-1] if self._restarted else self._server
