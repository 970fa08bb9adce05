"""The hub: every live session of this node, by id; it owns their tasks."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Coroutine
from typing import Any, Final

from opsloom_protocol.frames import (
    Ack,
    Act,
    Choose,
    Edit,
    Feedback,
    GoingAway,
    Hello,
    Open,
    Ping,
    Pong,
    Request,
    Retry,
    Send,
    Stop,
    Withdraw,
)
from opsloom_protocol.messages import Cursor, FeedbackMark

from opsloom_server.errors import Busy, NotFound, OpsloomError, Unavailable
from opsloom_server.hub import outside
from opsloom_server.hub.allowance import Allowance
from opsloom_server.hub.briefing import brief, errand
from opsloom_server.hub.commands import Command, Commands
from opsloom_server.hub.connection import Connection
from opsloom_server.hub.environment import Environment
from opsloom_server.hub.expiring import Expiring
from opsloom_server.hub.holding import Holding
from opsloom_server.hub.leases import Keeper
from opsloom_server.hub.live import LiveSession
from opsloom_server.hub.recovery import Recovery
from opsloom_server.hub.running import RunningTurn
from opsloom_server.hub.syncing import Syncing
from opsloom_server.orchestrator import Brief
from opsloom_server.store.ownership import ask_to_stop
from opsloom_server.tools.handler import Errand

INBOX: Final = 64
"""Requests that may wait in one session."""

DRAIN_SECONDS: Final = 20.0
# An ending is one transaction; longer than this, the database is away.
CLOSE_SECONDS: Final = 5.0
GOING_AWAY_MS: Final = 3_000

_log = logging.getLogger(__name__)


class Hub:
    """Attaches connections, carries requests to their session, runs turns, recovers what a dead node left."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.allowance = Allowance(environment.settings.limits, environment.counts)
        self.draining = False
        self._inboxes: dict[LiveSession, deque[tuple[Connection, Command | Open | Stop]]] = {}
        self._holding = Holding(environment, self._inboxes)
        self._turns: dict[str, RunningTurn] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._syncing = Syncing(environment, self._holding, self._go_on)
        self._recovery = Recovery(environment, self._turns, self._holding.held, self._run, self._go_on)
        self._expiring = Expiring(environment, self._holding.held, self._run)
        self._keeper = Keeper(environment, self._recovery.walk, self._syncing.hear)
        # What runs as long as the hub does, in the order in which it ends.
        self._services: list[asyncio.Task[None]] = []

    # ------------------------------------------------------------------------------------------ life

    async def start(self) -> None:
        """Begin; what died with an earlier process is taken over first. Raises `StartupError`."""
        environment = self.environment
        services: list[tuple[str, Coroutine[Any, Any, None]]] = []
        await self._keeper.join()
        if environment.shared:
            services.append(("wake-ups", environment.wakeups.run(self._syncing.hear)))
            services.append(("reading along", self._syncing.run()))
        services.append(("lease", self._keeper.run()))
        services.append(("questions", self._expiring.run()))
        services.append(("limits", self.allowance.run()))
        services.append(("hot log", environment.hot.run()))
        services.append(("batches", environment.batches.run()))
        self._services = [asyncio.create_task(work, name=name) for name, work in services]
        for service in self._services:
            service.add_done_callback(self._done)
        await self._recovery.walk()

    async def drain(self, seconds: float = DRAIN_SECONDS) -> None:
        """Say good-bye, let turns end for so long, then keep what they have."""
        self._leave_off()
        for session in self._holding.sessions.values():
            for connection in session.connections:
                connection.post(GoingAway(retry_ms=random.randrange(GOING_AWAY_MS)))  # noqa: S311
        deadline = asyncio.get_running_loop().time() + seconds
        while self._turns and asyncio.get_running_loop().time() < deadline:
            await asyncio.wait(self._tasks, timeout=0.25, return_when=asyncio.FIRST_COMPLETED)
        for turn in list(self._turns.values()):
            turn.interrupt()

    async def close(self) -> None:
        """End everything this node runs; whatever was shown is stored."""
        self._leave_off()
        for turn in list(self._turns.values()):
            turn.interrupt()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_SECONDS)
        for turn in list(self._turns.values()):
            turn.abandon()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_SECONDS)
        for task in self._services:
            task.cancel()
            await asyncio.wait([task])
        await self._keeper.leave()

    def _leave_off(self) -> None:
        """Begin nothing any more."""
        self.draining = self._recovery.over = self._expiring.over = True

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("%s broke", task.get_name(), exc_info=error)

    # ------------------------------------------------------------------------------------------ attaching

    async def attach(self, connection: Connection, request: Hello | Open) -> None:
        """Attach to a stored session, or to a new one of an assistant. Raises `NotFound`, `Invalid`."""
        principal = connection.principal
        if isinstance(request, Hello):
            await self.allowance.connected(principal.user)
        session = await self._holding.find(principal, request.session, request.assistant)
        ref = request.ref if isinstance(request, Open) else None
        cursor: Cursor | None = request.cursor
        old = connection.live
        try:
            await session.attach(connection, cursor, ref)
            if old is not None:
                self._holding.let_go(old)
            if session.queueing and session.turn is None:
                # A process that was killed between two turns left a queue that nobody would begin.
                await self._go_on(session)
        finally:
            session.attaching -= 1
            self._holding.let_go(session)

    def detach(self, connection: Connection) -> None:
        """The socket is gone. Its session's turn runs on."""
        session = connection.live
        if session is not None:
            session.detach(connection)
            self._holding.let_go(session)

    # ------------------------------------------------------------------------------------------ requests

    def submit(self, connection: Connection, request: Request) -> None:
        """Take a request. Never waits: what takes time goes through the session's bounded queue."""
        session = connection.live
        assert session is not None
        match request:
            case Ping(ref=ref):
                connection.post(Pong(ref=ref))
            case Stop(turn=turn, ref=ref):
                if not self._stop(connection, session, turn, ref):
                    self._enqueue(connection, session, request)
            case Send() | Edit() | Retry() | Act() if self.draining:
                connection.refuse(
                    Unavailable("This server is restarting; your message is kept.", retry_ms=1_000), request.ref
                )
            case Send() | Edit() | Retry() | Act() if session.assistant.deleted:
                connection.refuse(NotFound("This assistant was taken away; what was said stays."), request.ref)
            case Send() | Edit() | Retry() | Act() | Choose() | Withdraw() | Feedback() | Open():
                self._enqueue(connection, session, request)

    def _enqueue(self, connection: Connection, session: LiveSession, request: Command | Open | Stop) -> None:
        inbox = self._inboxes.get(session)
        if inbox is None:
            inbox = self._inboxes[session] = deque()
            self._spawn(self._work(session, inbox), f"session {session.id}")
        if len(inbox) >= INBOX:
            connection.refuse(Busy("Too many requests are waiting here.", retry_ms=1_000), request.ref)
        else:
            inbox.append((connection, request))

    def _stop(self, connection: Connection, session: LiveSession, turn: str, ref: str) -> bool:
        """Stop a turn of this node's; False where another one has to be asked."""
        if session.own is not None and session.own.id == turn:
            session.own.stop()
        elif session.ended_turn != turn:  # else it ended while the request was on its way
            return False
        connection.post(Ack(ref=ref))
        return True

    async def _stop_elsewhere(self, connection: Connection, session: LiveSession, request: Stop) -> None:
        async with self.environment.database.transact(session.workspace) as database:
            answer = await ask_to_stop(database, session.id, request.turn)
        if answer is None:
            raise NotFound("There is no such answer under way here.")
        connection.post(Ack(ref=request.ref))
        self.environment.wakeups.tell(session.id)

    async def _work(self, session: LiveSession, inbox: deque[tuple[Connection, Command | Open | Stop]]) -> None:
        try:
            while inbox:
                connection, request = inbox.popleft()
                try:
                    if connection.live is not session:
                        if connection.live is not None:
                            self.submit(connection, request)  # it was opened elsewhere meanwhile
                    elif isinstance(request, Open):
                        if connection.full:  # of 64 requests that were read, each may bring a snapshot
                            raise Busy("Read what was sent before you ask for more.")
                        await self.attach(connection, request)
                    elif isinstance(request, Stop):
                        await self._stop_elsewhere(connection, session, request)
                    else:
                        turn = await Commands(session, self.allowance).handle(connection, request)
                        if turn is not None:
                            self._run(session, turn)
                        elif session.queueing and session.turn is None:
                            await self._go_on(session)
                except OpsloomError as error:
                    if isinstance(error, Unavailable):
                        self._keeper.ask()  # it may have been committed all the same
                    connection.refuse(error, request.ref)
                except Exception:
                    _log.exception("a %s broke", type(request).__name__)
                    connection.refuse(OpsloomError(), request.ref)
        finally:
            del self._inboxes[session]
            self._holding.let_go(session)

    # ------------------------------------------------------------------------------------------ turns

    def _run(self, session: LiveSession, turn: RunningTurn) -> None:
        async def told() -> Brief | Errand:
            made: Brief | Errand
            if turn.refused is not None:
                raise turn.refused
            if turn.block is None:
                made, turn.kept = await brief(session, turn)
            else:
                made, turn.kept = await errand(session, turn, turn.block)
            return made

        async def ended() -> None:
            self._turns.pop(turn.id, None)
            self.allowance.ended(turn.user)
            if turn.waits:
                self._expiring.ask()
            if session.ended_turn != turn.id:
                self._keeper.ask()  # it was dropped: by whom it is ended is to be seen
            try:
                await self._go_on(session)
            except Unavailable:
                self._keeper.ask()  # whoever waits is found by its walk, when the database is back
            finally:
                session.attaching -= 1
                self._holding.let_go(session)

        # Held until the next of the queue has begun: between two turns the session looks idle.
        session.attaching += 1
        self._turns[turn.id] = turn
        self.allowance.started(turn.user)
        task = turn.start(told, ended)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def _go_on(self, session: LiveSession) -> None:
        """Begin the turn of whoever is first in the queue, if nobody's runs."""
        if self.draining:
            return
        following = await Commands(session, self.allowance).next_queued()
        if following is not None:
            self._run(session, following)

    @property
    def running(self) -> int:
        """Turns under way on this node."""
        return len(self._turns)

    @property
    def connections(self) -> int:
        return sum(len(session.connections) for session in self._holding.sessions.values())

    @property
    def sessions(self) -> int:
        """Sessions that somebody is attached to or that run."""
        return len(self._holding.sessions)

    def live(self, session: str) -> LiveSession | None:
        """The session, if it is live on this node."""
        return self._holding.sessions.get(session)

    # ------------------------------------------------------------------------------------------ from outside

    async def rename(self, workspace: str, session: str, title: str) -> None:
        """Give a stored session a title, in every window. Raises `NotFound`."""
        async with self._holding.held(workspace, session) as live:
            await outside.rename(live, title)

    async def feedback(self, workspace: str, session: str, message: str, mark: FeedbackMark) -> None:
        """Mark an answer, in every window. Raises `NotFound`, `Busy`."""
        async with self._holding.held(workspace, session) as live:
            await outside.feedback(live, message, mark)

    async def deleted(self, workspace: str, session: str) -> None:
        """The session is gone from the lists: end its turn and its connections, on every node."""
        live = self._holding.sessions.get(session)
        if live is not None and live.workspace == workspace:
            outside.end(live)
        self.environment.wakeups.tell(session)
