"""Documents that wait to be read: claimed, kept alive, finished. The ``documents`` rows are the queue."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.tables.knowledge import documents

__all__ = ["Claimed", "Waiting", "claim", "fail", "give_back", "keep", "progress", "waiting"]

# Whoever works on a document writes to it every two seconds; five missed in a row mean that the process is gone.
ABANDONED = text("interval '10 seconds'")


class Waiting(Struct, frozen=True):
    """A document in the queue. ``attempts``: how often somebody began and never ended."""

    id: str
    knowledge_base: str
    title: str
    url: str | None
    media_type: str | None
    bytes: int
    attempts: int


class Claimed(Struct, frozen=True):
    """A document to read, and its bytes."""

    head: Waiting
    source: bytes | None


_ATTEMPTS = func.coalesce(documents.c.error["attempts"].as_integer(), 0)
_ABANDONED_ONE = (documents.c.status == "working") & (documents.c.updated_at < func.now() - ABANDONED)
_WAITING = (
    select(
        documents.c.id,
        documents.c.knowledge_base_id,
        documents.c.title,
        documents.c.url,
        documents.c.media_type,
        documents.c.bytes,
        _ATTEMPTS,
    )
    .where(documents.c.status.in_(["queued", "working"]), or_(documents.c.status == "queued", _ABANDONED_ONE))
    .order_by(documents.c.created_at, documents.c.id)
    .with_for_update(skip_locked=True)
)


async def waiting(connection: AsyncConnection, most: int) -> list[Waiting]:
    """Return the first documents that nobody works on, locked until the transaction ends; others skip them."""
    return [Waiting(*tuple(row)) for row in (await connection.execute(_WAITING.limit(most))).all()]


async def claim(connection: AsyncConnection, chosen: Sequence[Waiting]) -> list[Claimed]:
    """Take documents that ``waiting`` returned in this transaction; return their bytes in the same order."""
    if not chosen:
        return []
    begun = func.jsonb_build_object("attempts", _ATTEMPTS + 1, type_=documents.c.error.type)
    taken = await connection.execute(
        update(documents)
        .where(documents.c.id.in_([one.id for one in chosen]))
        .values(status="working", progress=0, error=begun, updated_at=func.now())
        .returning(documents.c.id, documents.c.source)
    )
    sources = {row.id: row.source for row in taken.all()}
    return [Claimed(one, sources[one.id]) for one in chosen]


async def keep(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Say that these are still being worked on."""
    await connection.execute(_mine(ids).values(updated_at=func.now()))


async def progress(connection: AsyncConnection, document: str, share: float) -> None:
    """Write down how far a document is, 0 to 1."""
    await connection.execute(_mine([document]).values(progress=share, updated_at=func.now()))


async def fail(connection: AsyncConnection, document: str, code: str, words: str) -> None:
    """End a document as failed, with words for whoever handed it in. Its bytes go."""
    await connection.execute(
        _mine([document]).values(
            status="failed", error={"code": code, "text": words}, source=None, updated_at=func.now()
        )
    )


async def give_back(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Put documents back into the queue that were begun and not ended, through no fault of theirs."""
    await connection.execute(_mine(ids).values(status="queued", progress=0, error=None, updated_at=func.now()))


def _mine(ids: Sequence[str]) -> Any:
    """What was deleted, or is ready, stays so."""
    return update(documents).where(documents.c.id.in_(ids), documents.c.status == "working")
