"""Housekeeping: what has run out, and what people deleted, leaves the database."""

import asyncio
import logging

from opsloom_server.auth import logins
from opsloom_server.errors import Unavailable
from opsloom_server.store import sessions, users
from opsloom_server.store.engine import Database

__all__ = ["Sweeping"]

# Deleted conversations are kept an hour: looking four times an hour is often enough.
EVERY_SECONDS = 900.0

_log = logging.getLogger("opsloom.sweeping")


class Sweeping:
    """Sweeps until closed. Owned by the lifespan; several nodes do no harm to each other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, with a first round at once."""
        self._task = asyncio.create_task(self._work(), name="sweeping")

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _work(self) -> None:
        while True:
            try:
                await self.sweep()
            except Unavailable as error:
                _log.warning("not swept this time: %s", error.text)
            except Exception:
                _log.exception("not swept this time")
            await asyncio.sleep(EVERY_SECONDS)

    async def sweep(self) -> None:
        """Go once through every workspace."""
        for workspace in await self._database.workspaces():
            async with self._database.transact(workspace) as connection:
                conversations = await sessions.drop_deleted(connection)
                visitors = await users.drop_idle_visitors(connection)
                await logins.drop_expired(connection)
            if conversations or visitors:
                _log.info("%s: dropped %d conversations, %d visitors", workspace, conversations, visitors)
