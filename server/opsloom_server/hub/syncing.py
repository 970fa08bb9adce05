"""Keeping this node's live sessions in step with what other nodes write.

A wake-up says where to look; a slow look at everything makes good what no wake-up told. Turns that run elsewhere are
looked at every 250 ms, which is how often their owner stores what they show.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Final

from opsloom_server.errors import NotFound, OpsloomError, Unavailable
from opsloom_server.hub import outside
from opsloom_server.hub.environment import Environment
from opsloom_server.hub.following import FollowedTurn
from opsloom_server.hub.holding import Holding
from opsloom_server.hub.live import LiveSession
from opsloom_server.store.ownership import Standing, standings
from opsloom_server.store.turns import Run, frames_after

FOLLOW_SECONDS: Final = 0.25
LOOK_SECONDS: Final = 1.0
# Sessions that are read along at once; each takes a connection of the pool.
AT_ONCE: Final = 4

_log = logging.getLogger(__name__)


class Syncing:
    """Looks at sessions that this node holds. `run` is a task of the hub's, where others share the database.

    `go_on` begins the next queued message.
    """

    def __init__(
        self,
        environment: Environment,
        holding: Holding,
        go_on: Callable[[LiveSession], Awaitable[None]],
    ) -> None:
        self._environment = environment
        self._holding = holding
        self._sessions = holding.sessions
        self._go_on = go_on
        self._woken: set[str] = set()
        self._all = False
        self._due = asyncio.Event()
        self._next_look = 0.0

    def hear(self, ids: Collection[str] | None) -> None:
        """These sessions were written to elsewhere (None: any may have been)."""
        if ids is None:
            self._all = True
        else:
            self._woken.update(one for one in ids if one in self._sessions)
        if self._all or self._woken:
            self._due.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            following = any(self._is_asked_for(session) for session in self._sessions.values())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), FOLLOW_SECONDS if following else LOOK_SECONDS)
            try:
                await self._round()
            except Unavailable:
                _log.warning("other nodes' news wait: the database does not answer")
                self._all = True
                await asyncio.sleep(LOOK_SECONDS)
            except Exception:
                _log.exception("reading along stumbled")
                await asyncio.sleep(LOOK_SECONDS)

    async def _round(self) -> None:
        self._due.clear()
        now = asyncio.get_running_loop().time()
        everything = self._all or (self._environment.wakeups.others and now >= self._next_look)
        woken, self._woken, self._all = self._woken, set(), False
        if everything:
            self._next_look = now + LOOK_SECONDS
            chosen = list(self._sessions.values())
        else:
            chosen = [
                session for session in self._sessions.values() if session.id in woken or self._is_asked_for(session)
            ]
        by_workspace: dict[str, list[LiveSession]] = defaultdict(list)
        for session in chosen:
            by_workspace[session.workspace].append(session)
        for workspace, sessions in by_workspace.items():
            await self._look(workspace, sessions, begin=everything)

    def _is_asked_for(self, session: LiveSession) -> bool:
        """Whether the session's turn runs elsewhere and its frames come from the database."""
        turn = session.turn
        return isinstance(turn, FollowedTurn) and (turn.stalled or not self._environment.hot.feeding)

    async def _look(self, workspace: str, sessions: Iterable[LiveSession], *, begin: bool) -> None:
        by_id = {session.id: session for session in sessions}
        stored = {session.id for session in by_id.values() if session.stored}
        followed = {
            session.turn.id: session.turn for session in by_id.values() if isinstance(session.turn, FollowedTurn)
        }
        found: Mapping[str, list[Run]] = {}
        async with self._environment.database.transact(workspace) as connection:
            now = await standings(connection, list(by_id))
            if followed:
                found = await frames_after(connection, {turn.id: turn.seq for turn in followed.values()})
        for turn_id, runs in found.items():
            followed[turn_id].feed(runs)
        for gone in stored - now.keys():
            outside.end(by_id[gone])
        gate = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._settle(gate, by_id[one], standing, begin) for one, standing in now.items()))

    async def _settle(self, gate: asyncio.Semaphore, session: LiveSession, standing: Standing, begin: bool) -> None:
        if standing.stop_asked and session.own is not None and session.own.id == standing.turn:
            session.own.stop()
        behind = standing.rev > session.ring.rev
        unbegun = begin and session.queueing and session.turn is None
        if not behind and not unbegun:
            return
        async with gate:
            try:
                if behind:
                    await session.sync()
                if begin and session.queueing and session.turn is None:
                    await self._go_on(session)
            except NotFound:
                outside.end(session)
            except Unavailable:
                raise
            except OpsloomError as error:
                _log.warning("a session could not be brought up to date: %s", error.code)
            finally:
                self._holding.let_go(session)  # whoever left while it was locked could not
