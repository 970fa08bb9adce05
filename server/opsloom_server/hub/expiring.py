"""Questions that nobody answered in time: their blocks expire, by PostgreSQL's clock, and their answers go on.

The node that stored a question looks when its time is over; any other would, if that one is gone, or if none was there.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final

from opsloom_server.errors import NotFound, Unavailable
from opsloom_server.hub.acting import Acting
from opsloom_server.hub.beginning import Beginning
from opsloom_server.hub.environment import Environment
from opsloom_server.hub.live import LiveSession
from opsloom_server.hub.running import RunningTurn
from opsloom_server.store.blocks import due_sessions, next_deadline

LOOK_SECONDS: Final = 15.0
# Whoever is a moment early looks again at once.
LATE_SECONDS: Final = 0.02

_log = logging.getLogger(__name__)


class Expiring:
    """A task of the hub's, which holds sessions and runs turns."""

    def __init__(
        self,
        environment: Environment,
        held: Callable[[str, str], AbstractAsyncContextManager[LiveSession]],
        run: Callable[[LiveSession, RunningTurn], None],
    ) -> None:
        self._environment = environment
        self._held = held
        self._run = run
        self._asked = asyncio.Event()
        # Set when this node stops: then it begins nothing any more.
        self.over = False

    def ask(self) -> None:
        """A question was stored: look when its time is over."""
        self._asked.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self._asked.clear()
            pause = LOOK_SECONDS
            try:
                pause = await self._round()
            except Unavailable:
                _log.warning("questions whose time is over wait: the database does not answer")
            except Exception:
                _log.exception("questions could not be looked after")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), pause)

    async def _round(self) -> float:
        """Close what is due. Gives the seconds until something may be again."""
        pause = LOOK_SECONDS
        database = self._environment.database
        for workspace in await database.workspaces():
            async with database.transact(workspace) as connection:
                due = await due_sessions(connection)
            for session in due:
                if self.over:
                    return pause
                with suppress(NotFound):
                    async with self._held(workspace, session) as live:
                        await self._expire(live)
            async with database.transact(workspace) as connection:
                following = await next_deadline(connection)
            if following is not None:
                pause = min(pause, max(0.0, following) + LATE_SECONDS)
        return pause

    async def _expire(self, session: LiveSession) -> None:
        async with session.lock:
            async with session.environment.database.transact(session.workspace) as database:
                journal = await session.journal(database)
                beginning = Beginning(session, journal, anyway=True)
                await Acting(session, database, journal, beginning).expire()
                made = await journal.close()
            session.publish(made, journal.leaf, journal.title)
            turn = beginning.turn()
        if turn is not None:
            self._run(session, turn)
