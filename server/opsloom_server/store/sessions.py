"""The list of conversations: search, pages, deletion. What is said in one stands in ``conversations``."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import and_, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.tables.assistants import assistants
from opsloom_server.store.tables.conversation import messages, sessions

__all__ = ["ListedSession", "drop_deleted", "find", "mark_deleted", "page", "session_of_message"]

# Long enough for a running turn to notice that its session is gone.
GRACE = text("interval '1 hour'")


class ListedSession(Struct, frozen=True):
    """A conversation in a list. ``assistant`` is the slug; ``draft``: it is held with that one's draft."""

    id: str
    title: str | None
    assistant: str
    user: str
    created_at: datetime
    updated_at: datetime
    draft: bool


_COLUMNS = (
    sessions.c.id,
    sessions.c.title,
    assistants.c.slug,
    sessions.c.user_id,
    sessions.c.created_at,
    sessions.c.updated_at,
    sessions.c.draft,
)
_LISTED = (
    select(*_COLUMNS)
    .join(assistants, assistants.c.id == sessions.c.assistant_id)
    .where(sessions.c.deleted_at.is_(None))
)


# The texts of its messages alone, not the JSON round them.
_WRITTEN = text(
    """
    EXISTS (SELECT 1 FROM messages m, jsonb_array_elements(m.parts) part
             WHERE m.session_id = sessions.id AND m.status <> 'withdrawn'
               AND part ->> 'type' = 'text' AND part ->> 'text' ILIKE :like)
    """
)


async def find(connection: AsyncConnection, session: str) -> ListedSession | None:
    """Return a conversation of this workspace, whoever's it is."""
    row = (await connection.execute(_LISTED.where(sessions.c.id == session))).one_or_none()
    return None if row is None else ListedSession(*row)


async def page(
    connection: AsyncConnection,
    limit: int,
    after: tuple[datetime, str] | None,
    *,
    user: str | None,
    assistant: str | None = None,
    words: str | None = None,
) -> list[ListedSession]:
    """Return conversations, the last used first, after a place in that order.

    Of one user or of all, with one assistant (id or slug), with ``words`` in the title or in what was written.
    """
    query = _LISTED.order_by(sessions.c.updated_at.desc(), sessions.c.id.desc()).limit(limit)
    if user is not None:
        query = query.where(sessions.c.user_id == user)
    if assistant is not None:
        query = query.where(or_(assistants.c.slug == assistant, assistants.c.id == assistant))
    if words:
        like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(or_(sessions.c.title.ilike(like), _WRITTEN.bindparams(like=like)))
    if after is not None:
        at, last = after
        query = query.where(or_(sessions.c.updated_at < at, and_(sessions.c.updated_at == at, sessions.c.id < last)))
    return [ListedSession(*row) for row in (await connection.execute(query)).all()]


async def session_of_message(connection: AsyncConnection, message: str) -> ListedSession | None:
    """Return the conversation in which this message stands."""
    query = _LISTED.join(messages, messages.c.session_id == sessions.c.id).where(messages.c.id == message)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else ListedSession(*row)


async def mark_deleted(connection: AsyncConnection, session: str) -> bool:
    """Take a conversation out of sight at once; its rows go with the next ``drop_deleted``."""
    gone = await connection.execute(
        update(sessions)
        .where(sessions.c.id == session, sessions.c.deleted_at.is_(None))
        .values(deleted_at=func.now())
        .returning(sessions.c.id)
    )
    return gone.scalar() is not None


async def drop_deleted(connection: AsyncConnection) -> int:
    """Delete the rows of conversations that were deleted an hour ago; return how many conversations."""
    gone = await connection.execute(delete(sessions).where(sessions.c.deleted_at < func.now() - GRACE))
    return gone.rowcount
