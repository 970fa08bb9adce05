"""Telling other nodes that a session has moved on: a hint, over PostgreSQL's NOTIFY. What happened is in the tables.

A NOTIFY takes a lock over every commit that has one, and one for each frame halves what the database stores a second.
So they are gathered: at most ten a second from a node, and only from sessions that were written to, never from deltas.
One that is lost is made good by the slow look (`syncing`).
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Any, Final

import asyncpg
from sqlalchemy.exc import DBAPIError

from opsloom_server.store.engine import Database, Driver, driver_of

CHANNEL: Final = "opsloom"
GATHER_SECONDS: Final = 0.1
AGAIN_SECONDS: Final = 1.0
# PostgreSQL takes less than 8,000 bytes.
PAYLOAD_BYTES: Final = 7_500
EVERYTHING: Final = "*"

_log = logging.getLogger(__name__)

Hear = Callable[[Collection[str] | None], None]
"""Takes the ids of sessions that moved on; None where it may have been any."""


class WakeUps:
    """One connection that tells and listens. `run` is a task of the hub's; without it nobody is told."""

    def __init__(self, database: Database, node: str) -> None:
        self._database = database
        self._node = node
        self._told: set[str] = set()
        self._due = asyncio.Event()
        # Whether other nodes are there.
        self.others = False

    def tell(self, session: str) -> None:
        """Say that a session was written to. Call it after the commit; never waits."""
        if self.others:
            self._told.add(session)
            self._due.set()

    async def run(self, hear: Hear) -> None:
        """Tell and listen until cancelled, over one connection after the other."""
        while True:
            try:
                await self._talk(hear)
            except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                _log.warning("the connection for wake-ups was lost (%s)", type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _talk(self, hear: Hear) -> None:
        async with self._database.engine.connect() as connection:
            driver = driver_of(connection)
            gone = asyncio.Event()

            def heard(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
                sender, _, told = payload.partition(" ")
                if sender != self._node:
                    self.others = True
                    hear(None if told == EVERYTHING else told.split(" "))

            def lost(_connection: Any) -> None:
                gone.set()
                self._due.set()

            try:
                driver.add_termination_listener(lost)
                await driver.add_listener(CHANNEL, heard)
                hear(None)  # whatever was told while nobody listened
                await self._say(driver, EVERYTHING)
                while not gone.is_set():
                    await self._due.wait()
                    await self._send(driver)
                    await asyncio.sleep(GATHER_SECONDS)
            finally:
                # It listens: nobody else may get it from the pool.
                await asyncio.shield(connection.invalidate())

    async def _send(self, driver: Driver) -> None:
        self._due.clear()
        told, self._told = self._told, set()
        if told:
            payload = " ".join(told)
            await self._say(driver, payload if len(payload) <= PAYLOAD_BYTES else EVERYTHING)

    async def _say(self, driver: Driver, payload: str) -> None:
        await driver.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{self._node} {payload}")
