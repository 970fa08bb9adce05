"""What the journal writes and locks, as statements that are made once."""

from typing import Any

from sqlalchemy import Table, bindparam, delete, func, insert, select, update

from opsloom_server.store.prepared import Prepared
from opsloom_server.store.tables.assistants import assistants
from opsloom_server.store.tables.conversation import (
    messages,
    requests,
    session_log,
    sessions,
    turn_log,
    turns,
)

LOCK = Prepared(
    select(
        sessions.c.id,
        sessions.c.assistant_id,
        sessions.c.user_id,
        sessions.c.title,
        sessions.c.rev,
        sessions.c.leaf,
        sessions.c.draft,
        # On the way, so that an answer begins with its assistant as it is now.
        select(assistants.c.version).where(assistants.c.id == sessions.c.assistant_id).scalar_subquery(),
    )
    .where(sessions.c.id == bindparam("session"), sessions.c.deleted_at.is_(None))
    .with_for_update()
)
CLOSE = Prepared(
    update(sessions)
    .where(sessions.c.id == bindparam("session"))
    .values(rev=bindparam("at_rev"), leaf=bindparam("at_leaf"), title=bindparam("at_title"), updated_at=func.now())
)
END_TURN = Prepared(
    update(turns)
    .where(turns.c.id == bindparam("turn"), turns.c.epoch == bindparam("of_epoch"), turns.c.status == "running")
    .values(status=bindparam("new_status"), seq=bindparam("at_seq"), ended_at=func.now())
)
END_MESSAGE = Prepared(
    update(messages)
    .where(messages.c.id == bindparam("message"))
    .values(
        status=bindparam("new_status"),
        parts=bindparam("new_parts"),
        usage=bindparam("new_usage"),
        error=bindparam("new_error"),
        history=func.coalesce(bindparam("new_history", type_=messages.c.history.type), messages.c.history),
    )
)
CLEAR_LOG = Prepared(delete(turn_log).where(turn_log.c.turn_id == bindparam("turn")))
REPLY = Prepared(
    select(requests.c.hash, requests.c.reply, requests.c.message_id).where(
        requests.c.session_id == bindparam("session"), requests.c.ref == bindparam("ref")
    )
)


def _inserting(table: Table, *columns: str, **fixed: Any) -> Prepared:
    return Prepared(insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in columns} | fixed))


ADD_SESSION = _inserting(
    sessions,
    "workspace_id",
    "assistant_id",
    "user_id",
    "draft",
    id=bindparam("session"),
    rev=bindparam("at_rev"),
    leaf=bindparam("at_leaf"),
    title=bindparam("at_title"),
)
ADD_MESSAGE = _inserting(
    messages,
    "id",
    "workspace_id",
    "session_id",
    "parent",
    "role",
    "status",
    "author",
    "parts",
    "model",
    "created_at",
)
ADD_TURN = _inserting(
    turns,
    "id",
    "workspace_id",
    "session_id",
    "message_id",
    "user_id",
    "status",
    "model",
    "owner",
    "block",
)
ADD_REQUEST = _inserting(requests, "workspace_id", "session_id", "ref", "hash", "reply", "message_id")
ADD_LOG = _inserting(session_log, "workspace_id", "session_id", "rev", "turn_id", "seq", "frame", "message_id")
