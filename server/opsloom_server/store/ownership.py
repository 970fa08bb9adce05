"""Whose a running turn is: its owner and epoch, how it is taken over, and what other nodes need to know of it.

Every write of a turn names the epoch that it was made in. Taking a turn over adds one, so whatever its old owner still
sends is refused, however late it wakes up.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import ARRAY, Text, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.tables.conversation import messages, sessions, tool_calls, turns
from opsloom_server.store.tables.nodes import nodes

__all__ = [
    "Begun",
    "Standing",
    "TurnRow",
    "adopt",
    "ask_to_stop",
    "calls_begun",
    "discard",
    "has_called",
    "orphans",
    "running",
    "running_of",
    "standings",
    "unbegun",
]

# A walk over what dead nodes left takes so many at a time.
AT_ONCE: Final = 500


class TurnRow(Struct, frozen=True):
    """A turn that the database says is running."""

    id: str
    session: str
    message: str
    user: str
    epoch: int
    owner: str
    model: str
    stop_asked: bool
    block: str | None
    """The block whose action it carries out, where it is no answer of the model's."""


class Begun(Struct, frozen=True):
    """A tool's call that was begun and has not ended. `input` is what people are shown of it."""

    call: str
    tool: str
    input: Any


class Standing(Struct, frozen=True):
    """Where a session stands: its revision, its running turn, and whether somebody asked that to stop."""

    rev: int
    turn: str | None
    stop_asked: bool


_COLUMNS: Final = (
    turns.c.id,
    turns.c.session_id,
    turns.c.message_id,
    turns.c.user_id,
    turns.c.epoch,
    turns.c.owner,
    turns.c.model,
    turns.c.stop_asked,
    turns.c.block,
)
_owner_lives: Final = select(nodes.c.id).where(nodes.c.id == turns.c.owner, nodes.c.lease_until > func.now()).exists()
_RUNNING = select(*_COLUMNS).where(turns.c.status == "running", turns.c.session_id == bindparam("session"))
_ORPHANS = (
    select(*_COLUMNS)
    .where(
        turns.c.status == "running",
        ((turns.c.owner != bindparam("node")) & ~_owner_lives)
        | ((turns.c.owner == bindparam("node")) & (turns.c.id != bindparam("mine", type_=ARRAY(Text)).all_())),
    )
    .limit(AT_ONCE)
)
_ADOPT = (
    update(turns)
    .where(
        turns.c.id == bindparam("turn"),
        turns.c.epoch == bindparam("of_epoch"),
        turns.c.status == "running",
        (turns.c.owner == bindparam("node")) | ~_owner_lives,
    )
    .values(epoch=turns.c.epoch + 1, owner=bindparam("node"))
    .returning(*_COLUMNS)
)
_DISCARD = (
    update(turns)
    .where(
        turns.c.id == bindparam("turn"),
        turns.c.epoch == bindparam("of_epoch"),
        turns.c.status == "running",
        select(sessions.c.id).where(sessions.c.id == turns.c.session_id, sessions.c.deleted_at.is_not(None)).exists(),
    )
    .values(status="interrupted", ended_at=func.now())
)
_ASK = (
    update(turns)
    .where(turns.c.id == bindparam("turn"), turns.c.session_id == bindparam("session"), turns.c.status == "running")
    .values(stop_asked=True)
)
_KNOWN = select(turns.c.id).where(turns.c.id == bindparam("turn"), turns.c.session_id == bindparam("session"))
_CALLED = select(select(tool_calls.c.call).where(tool_calls.c.turn_id == bindparam("turn")).exists())
_BEGUN = (
    select(tool_calls.c.call, tool_calls.c.tool, tool_calls.c.input)
    .where(tool_calls.c.turn_id == bindparam("turn"), tool_calls.c.status == text("'running'"))
    .order_by(tool_calls.c.started_at, tool_calls.c.call)
)
_OF_USER = select(func.count()).where(turns.c.user_id == bindparam("user"), turns.c.status == "running")
_STANDINGS = (
    select(sessions.c.id, sessions.c.rev, turns.c.id.label("turn"), func.coalesce(turns.c.stop_asked, text("false")))
    .select_from(
        sessions.outerjoin(turns, (turns.c.session_id == sessions.c.id) & (turns.c.status == text("'running'")))
    )
    .where(sessions.c.id == bindparam("sessions", type_=ARRAY(Text)).any_(), sessions.c.deleted_at.is_(None))
)
_UNBEGUN = (
    select(messages.c.session_id)
    .where(
        messages.c.status == text("'queued'"),
        ~select(turns.c.id)
        .where(turns.c.session_id == messages.c.session_id, turns.c.status == text("'running'"))
        .exists(),
    )
    .distinct()
    .limit(AT_ONCE)
)


async def running(connection: AsyncConnection, session: str) -> TurnRow | None:
    """The session's running turn, whoever owns it."""
    row = (await connection.execute(_RUNNING, {"session": session})).one_or_none()
    return None if row is None else TurnRow(*row)


async def orphans(connection: AsyncConnection, node: str, mine: Sequence[str]) -> list[TurnRow]:
    """Turns of the workspace that nobody runs: their owner's lease has run out, or it is this node and knows nothing
    of them (`mine` are those that it runs)."""
    return [TurnRow(*row) for row in await connection.execute(_ORPHANS, {"node": node, "mine": list(mine)})]


async def adopt(connection: AsyncConnection, turn: TurnRow, node: str) -> TurnRow | None:
    """Take a turn over: its epoch grows, so its old owner's writes are refused. None where somebody was faster.

    The caller holds the session's row, as every writer of its turns does.
    """
    values = {"turn": turn.id, "of_epoch": turn.epoch, "node": node}
    row = (await connection.execute(_ADOPT, values)).one_or_none()
    return None if row is None else TurnRow(*row)


async def discard(connection: AsyncConnection, turn: TurnRow) -> None:
    """End a turn of a session that was deleted: nobody can read its answer."""
    await connection.execute(_DISCARD, {"turn": turn.id, "of_epoch": turn.epoch})


async def ask_to_stop(connection: AsyncConnection, session: str, turn: str) -> Literal["asked", "over"] | None:
    """Write down that somebody wants the turn to end; its owner will see it. None where there never was such a turn."""
    values = {"session": session, "turn": turn}
    if (await connection.execute(_ASK, values)).rowcount:
        return "asked"
    return None if (await connection.execute(_KNOWN, values)).one_or_none() is None else "over"


async def has_called(connection: AsyncConnection, turn: str) -> bool:
    """Whether a tool was started in this turn. Its start is committed before it runs, so False is certain."""
    return bool((await connection.execute(_CALLED, {"turn": turn})).scalar_one())


async def calls_begun(connection: AsyncConnection, turn: str) -> list[Begun]:
    """The calls of a turn that were begun and whose end nobody noted."""
    rows = await connection.execute(_BEGUN, {"turn": turn})
    return [Begun(row.call, row.tool, msgspec.json.decode(row.input)) for row in rows]


async def running_of(connection: AsyncConnection, user: str) -> int:
    """How many turns run for a person, on all nodes."""
    return int((await connection.execute(_OF_USER, {"user": user})).scalar_one())


async def standings(connection: AsyncConnection, ids: Sequence[str]) -> Mapping[str, Standing]:
    """Where these sessions stand; those that are not there (any more) are absent."""
    rows = await connection.execute(_STANDINGS, {"sessions": list(ids)})
    return {row[0]: Standing(row[1], row[2], row[3]) for row in rows}


async def unbegun(connection: AsyncConnection) -> list[str]:
    """Sessions of the workspace where somebody waits and nothing runs: the node that should have gone on is gone."""
    return list((await connection.execute(_UNBEGUN)).scalars())
