"""A turn as it runs: what the orchestrator tells it becomes numbered frames, on the ring and on the way to storage."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from msgspec.structs import replace
from opsloom_protocol.frames import TurnStart
from opsloom_protocol.messages import (
    Block,
    BlockState,
    Message,
    PatchOp,
    Source,
    ToolStatus,
    Turn,
    Usage,
)
from pydantic_ai.messages import ModelMessage

from opsloom_server.errors import Budget, OpsloomError, Unavailable
from opsloom_server.hub.attachments import without_files
from opsloom_server.hub.ending import Ending, answered_by, of_answer, of_errand, used_up
from opsloom_server.hub.live import LiveSession
from opsloom_server.hub.metering import Bound
from opsloom_server.hub.warrants import Warrants
from opsloom_server.log.ring import Entry, Running, live
from opsloom_server.models import Stop
from opsloom_server.orchestrator import Brief, Outcome, run, run_errand
from opsloom_server.store.journal import EndStatus, Fenced
from opsloom_server.store.prepared import Write
from opsloom_server.store.records import usage_write
from opsloom_server.store.turns import call_ended, call_started
from opsloom_server.stream import Answer, Draft
from opsloom_server.tools.calls import RunningCalls
from opsloom_server.tools.handler import Errand
from opsloom_server.tools.tool import Due

# Above this pace of frames, text is merged for the turn as a whole: an eye reads no faster, and each frame costs.
FRAME_SECONDS: Final = 0.025
# A vendor that does not let go of its stream must not hold the stop button.
STOP_SECONDS: Final = 5.0
# While the database is away, `turn.end` waits; a client believes nothing else.
STORE_AGAIN: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)

_log = logging.getLogger(__name__)


class RunningTurn:
    """The orchestrator's sink. Owned by the hub, which awaits `task`."""

    def __init__(
        self,
        session: LiveSession,
        start: TurnStart,
        message: Message,
        user: str,
        question: Message | None = None,
        block: str | None = None,
        bounds: Sequence[Bound] = (),
    ) -> None:
        self.id = start.turn
        self.epoch = start.epoch
        self.model = start.model
        self.user = user
        # The new message that this answers; None where an answer is tried again or goes on.
        self.question = question
        # The block whose action is carried out, where this is no answer of the model's.
        self.block = block
        # A budget that was used up before it began.
        self.refused: Budget | None = None
        self.stopping = False
        # Another node has taken it over: nothing of it may be stored or shown any more.
        self.lost = False
        # It ended with questions to people.
        self.waits = False
        # What the model remembers of this very answer, where it goes on after waiting.
        self.kept: Sequence[ModelMessage] = ()
        self._known: tuple[Sequence[ModelMessage], bool] | None = None
        self._session = session
        self._rev = start.rev
        self._message = message
        self._answer = Answer(message.parts)
        self._calls = RunningCalls()
        self._warrants = Warrants(session, message.id)
        self._asked = start.model
        self._meter = session.environment.budgets.meter(start.model, bounds)
        self._meter.halt = self.stop
        self._stop = Stop()
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        # Numbered, but not yet shown: the hot log does not have them yet.
        self._held: list[Entry] = []
        self._last = 0.0
        self._loop = asyncio.get_running_loop()

    @property
    def workspace(self) -> str:
        return self._session.workspace

    @property
    def message(self) -> Message:
        """The answer as it was when the turn began."""
        return self._message

    @property
    def place(self) -> Running:
        return Running(turn=self.id, epoch=self.epoch, rev=self._rev, seq=self._answer.seq)

    def settle(self) -> None:
        """Number what waits and put it on the ring: from here on, ring and answer say the same."""
        self.flush()
        self.release(self._answer.seq)

    def release(self, seq: int) -> None:
        """Show the held frames up to this one: they are in the hot log, or it is too late with its answer."""
        held = self._held
        if not held or self.lost:
            return
        if held[-1].seq <= seq:
            self._held = []
            self._session.ring.append(*held)
        else:
            count = next(count for count, entry in enumerate(held) if entry.seq > seq)
            self._session.ring.append(*held[:count])
            del held[:count]

    def so_far(self) -> list[Entry]:
        """Its last frames, on the ring and held back, without a hole."""
        return [*self._session.ring.of_turn(self.id, self.epoch), *self._held]

    def shown(self) -> Turn:
        """The turn for a snapshot, as of its last numbered frame. Call `settle` first."""
        return Turn(
            id=self.id,
            epoch=self.epoch,
            seq=self._answer.seq,
            message=replace(self._message, parts=self._answer.parts),
        )

    # ------------------------------------------------------------------------------------------ the model's sink

    def text(self, text: str, *, new_part: bool) -> None:
        self._answer.text(text, new_part=new_part)
        self._meter.wrote(len(text))
        self._due()

    def reasoning(self, text: str, *, new_part: bool) -> None:
        self._answer.reasoning(text, new_part=new_part)
        self._meter.wrote(len(text))
        self._due()

    # ------------------------------------------------------------------------------------------ the tools' sink

    async def tool_start(
        self,
        call: str,
        tool: str,
        title: str,
        input: Any,  # noqa: A002
        approval: str | None = None,
    ) -> None:
        self._answer.tool_start(call, tool, title, input, approval=approval, again=self.block is not None)
        self._meter.look()
        self.flush()
        async with self._session.environment.database.transact(self._session.workspace) as connection:
            await self._write(call_started(connection, self.id, self.epoch, call, tool, input))

    def tool_progress(self, call: str, done: float | None, total: float | None, note: str | None) -> None:
        self._answer.tool_progress(call, done, total, note)
        self._due()

    async def tool_end(self, call: str, status: ToolStatus, summary: str | None, ms: int, result: Any) -> None:
        self._answer.tool_end(call, status, summary, ms)
        self.flush()
        async with self._session.environment.database.transact(self._session.workspace) as connection:
            await self._write(call_ended(connection, self.id, self.epoch, call, status, result))

    def tool_denied(
        self,
        call: str,
        tool: str,
        title: str,
        input: Any,  # noqa: A002
        summary: str,
        approval: str,
    ) -> None:
        self._answer.tool_start(call, tool, title, input, approval=approval)
        self._answer.tool_end(call, "denied", summary, 0)
        self.flush()

    async def begin_allowed(self, calls: Sequence[Due]) -> dict[str, str]:
        attached = await self._warrants.attached()
        async with self._session.environment.database.transact(self._session.workspace) as connection:
            refused = await self._warrants.begin(connection, calls, attached)
            for due in calls:
                if due.call not in refused:
                    await self._write(call_started(connection, self.id, self.epoch, due.call, due.tool, due.input))
        return refused

    async def may_run(self, tool: str) -> bool:
        attached = await self._warrants.attached()
        async with self._session.environment.database.transact(self._session.workspace) as connection:
            return await self._warrants.stands(connection, tool, attached)

    async def _write(self, writing: Awaitable[None]) -> None:
        try:
            await writing
        except Fenced:
            self.lose()
            raise

    def show(self, block: Block) -> Block:
        shown = self._answer.show(block)
        self.flush()
        return shown

    def patch(self, block_id: str, ops: list[PatchOp]) -> None:
        self._answer.patch(block_id, ops)
        self._due()

    def draft(self, draft: Draft) -> None:
        self._answer.draft(draft)
        self._due()

    def take_over(self, call: str, after: str) -> None:
        self._answer.take_over(call, after)

    def put_away(self, call: str, block: str) -> None:
        self._answer.put_away(call, block, kinds=self._session.environment.catalogue.kinds)
        self._due()

    def cite(self, source: Source) -> int:
        return self._answer.found(source)

    # ------------------------------------------------------------------------------------------ people

    def acted(self, block: str, state: BlockState) -> None:
        """A person did something with a block of this answer, here or at another node; it is written and told.

        What can be done in mid-answer is to cancel: the call that showed the block, else the answer.
        """
        self._answer.act(block, state)
        if state.status == "answered" and not self._calls.cancel(block):
            self.stop()

    # ------------------------------------------------------------------------------------------ frames

    def _due(self) -> None:
        """One frame a read of the vendor; above 40 a second, what comes meanwhile is merged."""
        if self._timer is not None:
            return
        wait = self._last + FRAME_SECONDS - self._loop.time()
        if wait <= 0:
            self.flush()
        else:
            self._timer = self._loop.call_later(wait, self.flush)

    def flush(self) -> None:
        """Number what waits and put it on the ring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        frames = self._answer.take()
        if not frames or self.lost:
            return
        self._last = self._loop.time()
        entries = [live(frame, self.id, self.epoch) for frame in frames]
        environment = self._session.environment
        if environment.hot.append(self, entries):
            self.release(self._answer.seq)
            self._session.ring.append(*entries)
        else:
            self._held.extend(entries)
        batches = environment.batches
        for entry in entries:
            batches.add(self._session.workspace, self.id, self.epoch, entry.seq, entry.text)
        if entries[0].seq == 1 and environment.wakeups.others and not environment.hot.feeding:
            batches.hurry()  # a turn that has shown something must not be taken for one that can run again unseen

    # ------------------------------------------------------------------------------------------ life

    def start(
        self, brief: Callable[[], Awaitable[Brief | Errand]], ended: Callable[[], Awaitable[None]]
    ) -> asyncio.Task[None]:
        """Run. `brief` gathers what the turn is told; `ended` is called when its answer is stored."""
        self._task = asyncio.create_task(self._run(brief, ended), name=f"turn {self.id}")
        return self._task

    def stop(self) -> None:
        """A person's stop: the vendor's stream is closed and the text so far is kept."""
        if not self.stopping:
            self.stopping = True
            self._stop.ask()
            self._loop.call_later(STOP_SECONDS, self._give_up)

    def _give_up(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel("the model did not let go in time")

    def interrupt(self) -> None:
        """This node goes down: end the turn with what it has."""
        if self._task is not None:
            self._task.cancel("this node goes down")

    def lose(self) -> None:
        """Another node has it now: let go of it without a word. Its session reads there what became of it."""
        if not self.lost:
            self.lost = True
            _log.warning("turn %s was taken over by another node", self.id)
            self._stop.ask()
            if self._task is not None:
                self._task.cancel("another node took the turn over")

    def abandon(self) -> None:
        """The process ends and the database does not answer: what is stored must do."""
        if self._ending is not None:
            self._ending.cancel()

    async def _run(self, brief: Callable[[], Awaitable[Brief | Errand]], ended: Callable[[], Awaitable[None]]) -> None:
        status: EndStatus = "interrupted"
        outcome: Outcome | None = None
        try:
            told = await brief()
            if isinstance(told, Errand):
                outcome = await run_errand(told, self, self._calls)
            else:
                outcome = await run(told, self, self._stop, self._calls, self._meter)
                outcome = replace(outcome, history=without_files(outcome.history))
                if outcome.status == "done":
                    self._known = without_files([*told.history, *outcome.history]), told.context.tainted
            status = outcome.status
        except asyncio.CancelledError:
            status = "stopped" if self.stopping else "interrupted"
        except OpsloomError as error:
            status, outcome = "failed", Outcome(status="failed", history=(), error=error)
        except Exception:
            _log.exception("turn %s broke", self.id)
            status, outcome = "failed", Outcome(status="failed", history=(), error=OpsloomError())
        if self.lost:
            await self._drop(ended)
            return
        kinds = self._session.environment.catalogue.kinds
        self._answer.finish("error" if status == "failed" else "stopped", kinds=kinds)
        if status == "stopped" and self._meter.crossed is not None:
            self._answer.show(used_up(self._meter.crossed.words, kinds, begun=self._meter.begun))
        self.settle()
        ending = self._ending = asyncio.create_task(self._end(status, outcome, ended), name=f"end of {self.id}")
        while not ending.done():
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError:
                continue  # the answer is stored first, whoever is in a hurry
        if ending.cancelled():
            _log.error("turn %s could not be stored before the end; its stored text is kept", self.id)
        elif (broken := ending.exception()) is not None:
            # The keeper of the lease finds a turn of this node's that nothing runs, and ends it with what is stored.
            _log.error("the answer of turn %s could not be stored", self.id, exc_info=broken)
            await self._drop(ended)

    async def _drop(self, ended: Callable[[], Awaitable[None]]) -> None:
        """Leave it as the database has it; what was shown beyond that is replaced by a snapshot."""
        session = self._session
        self._meter.leave(None)
        session.environment.batches.forget(self.id)
        session.environment.hot.finish(self)
        if session.turn is self:
            session.turn = None
            session.ring.jump(session.ring.rev)
        await ended()

    async def _end(self, status: EndStatus, outcome: Outcome | None, ended: Callable[[], Awaitable[None]]) -> None:
        self.waits = status == "waiting"
        environment = self._session.environment
        kinds = environment.catalogue.kinds
        message = replace(self._message, parts=self._answer.parts)
        if self.block is None:
            seconds = environment.settings.approval_seconds
            self._asked = answered_by(self.model, self._session.assistant.spec.fallback_models, outcome)
            price = environment.models.prices.of(self._asked)
            usage = self._meter.total(price, broken_off=status not in ("done", "waiting"))
            await self._store(of_answer(message, status, outcome, self.kept, kinds, seconds, usage))
        else:
            await self._store(of_errand(message, status, outcome, self.kept, kinds))
        await ended()

    def _used(self, usage: Usage) -> Write:
        """The turn, for its day's figures."""
        return usage_write(self.workspace, self.user, self._session.assistant.id, self._asked, usage)

    async def _store(self, ending: Ending) -> None:
        session = self._session
        session.environment.batches.forget(self.id)
        for attempt in range(1_000_000):
            try:
                async with session.lock:
                    async with session.environment.database.transact(session.workspace) as connection:
                        journal = await session.journal(connection)
                        await journal.end_turn(
                            self.id,
                            self.epoch,
                            self._answer.seq,
                            ending.status,
                            ending.message,
                            ending.history,
                            ending.questions,
                        )
                        journal.write(*self._used(ending.usage))
                        made = await journal.close()
                    session.publish(made, journal.leaf, journal.title)
                    session.turn, session.ended_turn = None, self.id
                    session.environment.hot.finish(self)
                    self._meter.leave(ending.usage)
                    if self._known is not None:
                        session.remember(ending.message.id, *self._known)
                return
            except Unavailable:
                await asyncio.sleep(STORE_AGAIN[min(attempt, len(STORE_AGAIN) - 1)])
            except Fenced:
                # Or its last commit did succeed and its answer was lost on the way; a snapshot tells either way.
                self.lose()
                self._meter.leave(None)
                session.environment.hot.finish(self)
                if session.turn is self:
                    session.turn = None
                    session.ring.jump(session.ring.rev)
                return
