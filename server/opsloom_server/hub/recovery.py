"""Turns that nobody runs any more: their text is kept and they end as `interrupted`, or they run anew where nobody saw
anything of them."""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final

from msgspec.structs import replace
from opsloom_protocol.frames import TurnStart
from opsloom_protocol.messages import Message, Part, ToolPart
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import NotFound, Unavailable
from opsloom_server.hub.ending import said_anew
from opsloom_server.hub.environment import Environment
from opsloom_server.hub.live import LiveSession
from opsloom_server.hub.running import RunningTurn
from opsloom_server.store.blocks import states_of
from opsloom_server.store.conversations import messages_by_id, with_states
from opsloom_server.store.journal import EndStatus, Journal
from opsloom_server.store.ownership import TurnRow, adopt, calls_begun, discard, has_called, orphans, unbegun
from opsloom_server.store.turns import follow, frames_after, shown_before
from opsloom_server.stream import Answer

# A question that brings its node down must not bring down the next one, and the next.
RUNS: Final = 2

_log = logging.getLogger(__name__)


class Recovery:
    """Walks over what nobody runs. `turns` are this node's own; the hub holds sessions, runs turns and goes on."""

    def __init__(
        self,
        environment: Environment,
        turns: Collection[str],
        held: Callable[[str, str], AbstractAsyncContextManager[LiveSession]],
        run: Callable[[LiveSession, RunningTurn], None],
        go_on: Callable[[LiveSession], Awaitable[None]],
    ) -> None:
        self._environment = environment
        self._turns = turns
        self._held = held
        self._run = run
        self._go_on = go_on
        # Set when this node stops: then it takes nothing over any more.
        self.over = False

    async def walk(self) -> None:
        """Take over the turns that nobody runs, and begin what waits behind nothing. Raises `Unavailable`."""
        for workspace in await self._environment.database.workspaces():
            if self.over:
                return
            async with self._environment.database.transact(workspace) as connection:
                left = await orphans(connection, self._environment.node, list(self._turns))
                waiting = await unbegun(connection)
            for turn in left:
                await self._take_over(workspace, turn)
            for session in waiting:
                with suppress(NotFound):
                    async with self._held(workspace, session) as live:
                        live.queueing = True
                        await self._go_on(live)

    async def _take_over(self, workspace: str, turn: TurnRow) -> None:
        try:
            async with self._held(workspace, turn.session) as session:
                running = await take_over(session, turn)
                if running is not None:
                    self._run(session, running)
                else:
                    await self._go_on(session)
        except NotFound:  # the session was deleted: nobody can read the answer
            async with self._environment.database.transact(workspace) as connection:
                await discard(connection, turn)
        except Unavailable:
            raise
        except Exception:
            _log.exception("turn %s could not be taken over", turn.id)


async def take_over(session: LiveSession, orphan: TurnRow) -> RunningTurn | None:
    """Take a turn from a node that is gone. Gives the turn where it runs anew (the caller runs it); else it has ended,
    or somebody was faster. Raises `NotFound` where the session is gone."""
    environment = session.environment
    async with session.lock:
        if session.own is not None and session.own.id == orphan.id:
            return None  # it was just beginning
        async with environment.database.transact(session.workspace) as connection:
            journal = await session.journal(connection)
            turn = await adopt(connection, orphan, environment.node)
            if turn is None:
                return None
            message = (await messages_by_id(connection, session.id, [turn.message]))[turn.message]
            await environment.hot.fence(turn.id, turn.epoch)
            start = await _end_or_begin_anew(environment, connection, journal, turn, message)
            bounds = await environment.budgets.bounds(connection, session.workspace, turn.user, session.assistant)
            made = await journal.close()
        session.turn = None
        session.publish(made, journal.leaf, journal.title)
        if start is None:
            _log.warning("turn %s was left by its node and has ended with what it had shown", turn.id)
            return None
        _log.warning("turn %s was left by its node before it showed anything; it runs anew", turn.id)
        if message.parts:
            # It went on from these, and only a snapshot says so: a window that saw its first start would drop them.
            session.ring.jump(session.ring.rev)
        session.turn = RunningTurn(session, start, message, turn.user, block=turn.block, bounds=bounds)
        return session.turn


async def _end_or_begin_anew(
    environment: Environment, connection: AsyncConnection, journal: Journal, turn: TurnRow, message: Message
) -> TurnStart | None:
    before = await shown_before(connection, turn.message)
    runs = (await frames_after(connection, {turn.id: 0})).get(turn.id, [])
    parts, seq = follow(before, 0, runs)
    tail = await environment.hot.tail(turn.id, turn.epoch - 1, seq)
    parts, seq = follow(parts, seq, tail or ())
    # Where the hot log does not answer, somebody may have seen a word: it is not said twice.
    untouched = tail is not None and seq == 0 and not await has_called(connection, turn.id)
    if untouched and turn.epoch <= RUNS and not turn.stop_asked:
        return journal.start_anew(turn.id, turn.epoch, message)
    answer = Answer(with_states(parts, await states_of(connection, turn.message)), seq=seq)
    await _close_calls(environment, connection, turn.id, answer, parts)
    answer.settle(environment.catalogue.kinds)
    status: EndStatus = "stopped" if turn.stop_asked else "interrupted"
    shown = said_anew(answer.parts, environment.catalogue.kinds)
    # An answer that was done already stays so: only a block of it was to change.
    ended = replace(message, status=status if turn.block is None else "done", parts=shown)
    await journal.end_turn(turn.id, turn.epoch, seq, status, ended, None)
    return None


async def _close_calls(
    environment: Environment, connection: AsyncConnection, turn: str, answer: Answer, parts: Sequence[Part]
) -> None:
    """End the calls that nobody runs any more. None is begun again: what a tool that acts has done, nobody knows."""
    tools = environment.catalogue.tools
    shown = {part.call for part in parts if isinstance(part, ToolPart) and part.status == "running"}
    for call in await calls_begun(connection, turn):
        if call.call not in shown:
            tool = tools.get(call.tool)
            answer.tool_start(call.call, call.tool, tool.title if tool else call.tool, call.input)
            shown.add(call.call)
    for part in answer.parts:
        if isinstance(part, ToolPart) and part.status == "running":
            tool = tools.get(part.tool)
            answer.broken_off(part, MAY_HAVE_RUN if tool is None or tool.effect != "reads" else None)


MAY_HAVE_RUN: Final = "Broken off; it may have run. Look before you do it again."
