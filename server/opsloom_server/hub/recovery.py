"""Turns whose owner died: their text is kept, they end as `interrupted`, and their session goes on."""

import logging
from collections.abc import Sequence

from msgspec.structs import replace

from opsloom_server.hub.environment import Environment
from opsloom_server.hub.live import LiveSession
from opsloom_server.store.conversations import messages_by_id
from opsloom_server.store.journal import Journal
from opsloom_server.store.turns import TurnRow, adopt, expired, renew, shown_parts
from opsloom_server.stream import Answer

_log = logging.getLogger(__name__)


async def renew_leases(environment: Environment, turns: dict[str, list[str]]) -> set[str]:
    """Renew the leases of running turns, given by workspace. Gives the turns that are no longer this node's."""
    lost: set[str] = set()
    for workspace, ids in turns.items():
        async with environment.database.transact(workspace) as connection:
            lost |= set(ids) - await renew(connection, environment.node, ids)
    return lost


async def find_orphans(environment: Environment, workspace: str, *, everyone: bool) -> Sequence[TurnRow]:
    """Turns that nobody runs any more."""
    async with environment.database.transact(workspace) as connection:
        return await expired(connection, everyone=everyone)


async def take_over(environment: Environment, session: LiveSession, turn: TurnRow) -> bool:
    """End an orphaned turn with what it had shown; False where another node was faster."""
    async with session.lock:
        async with environment.database.transact(session.workspace) as connection:
            epoch = await adopt(connection, turn, environment.node)
            if epoch is None:
                return False
            parts, seq = await shown_parts(connection, turn.id, turn.message)
            answer = Answer(parts, seq=seq)
            answer.close_tools(parts)
            message = (await messages_by_id(connection, turn.session, [turn.message]))[turn.message]
            journal = await Journal.open(connection, session.workspace, turn.session, turn=turn.id, seq=seq)
            ended = replace(message, status="interrupted", parts=answer.parts)
            await journal.end_turn(turn.id, epoch, seq, "interrupted", ended, None)
            made = await journal.close()
        session.orphan = None
        session.publish(made, journal.leaf, journal.title)
    _log.warning("turn %s was left by its node and ends as interrupted", turn.id)
    return True
