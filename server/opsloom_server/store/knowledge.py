"""Knowledge bases and documents, as people list and read them. Chunks and search belong to ``opsloom_rag``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import Conflict
from opsloom_server.store.ids import new_id
from opsloom_server.store.tables.assistants import assistants
from opsloom_server.store.tables.knowledge import documents, knowledge_bases

__all__ = [
    "TITLE_CHARS",
    "TO_FETCH",
    "BaseRow",
    "DocumentRow",
    "NewDocument",
    "TextWindow",
    "add_documents",
    "base_page",
    "bases_named",
    "create_base",
    "document_page",
    "find_base",
    "find_document",
    "readable_by",
    "ready_documents",
    "rename_base",
    "text_window",
]

# The mark of a document whose bytes still have to be fetched from its `url`; while its title is that url, cut to this
# many characters, nobody has given it one.
TO_FETCH = "text/uri-list"
TITLE_CHARS = 200


class BaseRow(Struct, frozen=True):
    """A knowledge base, and how many documents it holds in each state."""

    id: str
    name: str
    embedder: str
    created_at: datetime
    documents: int
    ready: int
    failed: int


class DocumentRow(Struct, frozen=True):
    """A document without its text. ``error`` is ``{code, text}`` where ``status`` is ``failed``."""

    id: str
    knowledge_base: str
    title: str
    url: str | None
    media_type: str | None
    bytes: int
    sha256: str | None
    status: str
    progress: float
    error: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


class NewDocument(Struct, frozen=True, kw_only=True):
    """What was handed in, not yet read. ``media_type`` None: the title is a file's name, for want of a better one."""

    title: str
    source: bytes
    media_type: str | None = None
    url: str | None = None
    sha256: str | None = None


class TextWindow(Struct, frozen=True):
    """A stretch of a document's stored text, in code points; ``length`` is that of the whole."""

    text: str
    start: int
    end: int
    length: int


_DOCUMENT = (
    documents.c.id,
    documents.c.knowledge_base_id,
    documents.c.title,
    documents.c.url,
    documents.c.media_type,
    documents.c.bytes,
    documents.c.sha256,
    documents.c.status,
    documents.c.progress,
    documents.c.error,
    documents.c.created_at,
    documents.c.updated_at,
)


def _document(row: Any) -> DocumentRow:
    return DocumentRow(*row)


def _bases() -> Any:
    mine = and_(
        documents.c.workspace_id == knowledge_bases.c.workspace_id,
        documents.c.knowledge_base_id == knowledge_bases.c.id,
    )
    counts = (
        select(
            func.count().label("documents"),
            func.count().filter(documents.c.status == "ready").label("ready"),
            func.count().filter(documents.c.status == "failed").label("failed"),
        )
        .where(mine)
        .lateral("counts")
    )
    return select(
        knowledge_bases.c.id,
        knowledge_bases.c.name,
        knowledge_bases.c.embedder,
        knowledge_bases.c.created_at,
        counts.c.documents,
        counts.c.ready,
        counts.c.failed,
    ).join(counts, counts.c.documents >= 0)


async def create_base(
    connection: AsyncConnection, workspace: str, name: str, embedder: str, *, key: str | None = None
) -> BaseRow:
    """Add a knowledge base. Raises Conflict where the name is taken; the transaction is then lost."""
    key = key or new_id("kb")
    try:
        made = await connection.execute(
            insert(knowledge_bases)
            .values(id=key, workspace_id=workspace, name=name, embedder=embedder)
            .returning(knowledge_bases.c.created_at)
        )
    except IntegrityError as error:
        raise _taken(name) from error
    return BaseRow(key, name, embedder, made.scalar_one(), 0, 0, 0)


async def rename_base(connection: AsyncConnection, base: str, name: str) -> None:
    """Rename a knowledge base. Raises Conflict where the name is taken."""
    try:
        await connection.execute(update(knowledge_bases).where(knowledge_bases.c.id == base).values(name=name))
    except IntegrityError as error:
        raise _taken(name) from error


async def find_base(connection: AsyncConnection, name: str) -> BaseRow | None:
    """Return a knowledge base of this workspace by id or name."""
    query = _bases().where(or_(knowledge_bases.c.id == name, knowledge_bases.c.name == name))
    rows = (await connection.execute(query.order_by(knowledge_bases.c.id != name).limit(1))).all()
    return BaseRow(*rows[0]) if rows else None


async def base_page(connection: AsyncConnection, limit: int, after: str | None) -> list[BaseRow]:
    """Return knowledge bases by name, after one."""
    query = _bases().order_by(knowledge_bases.c.name).limit(limit)
    if after is not None:
        query = query.where(knowledge_bases.c.name > after)
    return [BaseRow(*row) for row in (await connection.execute(query)).all()]


async def bases_named(connection: AsyncConnection, names: Sequence[str]) -> dict[str, str]:
    """Return the id of each of these knowledge bases, each given by id or name; what is absent is left out."""
    query = select(knowledge_bases.c.id, knowledge_bases.c.name).where(
        or_(knowledge_bases.c.id.in_(names), knowledge_bases.c.name.in_(names))
    )
    found: dict[str, str] = {}
    for row in (await connection.execute(query)).all():
        found.setdefault(row.name, row.id)
        found[row.id] = row.id
    return {name: found[name] for name in names if name in found}


async def add_documents(
    connection: AsyncConnection, workspace: str, base: str, new: Sequence[NewDocument]
) -> list[DocumentRow]:
    """Queue documents; return their rows in the same order."""
    rows = [
        {
            "id": new_id("doc"),
            "workspace_id": workspace,
            "knowledge_base_id": base,
            "title": one.title,
            "url": one.url,
            "media_type": one.media_type,
            "bytes": len(one.source),
            "sha256": one.sha256,
            "source": one.source,
        }
        for one in new
    ]
    await connection.execute(insert(documents), rows)
    wanted = select(*_DOCUMENT).where(documents.c.id.in_([row["id"] for row in rows]))
    found = {row.id: _document(row) for row in (await connection.execute(wanted)).all()}
    return [found[str(row["id"])] for row in rows]


async def find_document(connection: AsyncConnection, document: str) -> DocumentRow | None:
    """Return a document of this workspace."""
    row = (await connection.execute(select(*_DOCUMENT).where(documents.c.id == document))).one_or_none()
    return None if row is None else _document(row)


async def document_page(
    connection: AsyncConnection, base: str, limit: int, after: tuple[datetime, str] | None, status: str | None
) -> list[DocumentRow]:
    """Return a base's documents, newest first, after a place in that order; of one status, or of all."""
    query = (
        select(*_DOCUMENT)
        .where(documents.c.knowledge_base_id == base)
        .order_by(documents.c.created_at.desc(), documents.c.id.desc())
        .limit(limit)
    )
    if status is not None:
        query = query.where(documents.c.status == status)
    if after is not None:
        at, last = after
        query = query.where(or_(documents.c.created_at < at, and_(documents.c.created_at == at, documents.c.id < last)))
    return [_document(row) for row in (await connection.execute(query)).all()]


async def ready_documents(connection: AsyncConnection, base: str, prefix: str) -> dict[str, str | None]:
    """Return the SHA-256 of each document of a base whose id begins like this; None where it is not ready."""
    query = select(documents.c.id, documents.c.sha256, documents.c.status).where(
        documents.c.knowledge_base_id == base, documents.c.id.startswith(prefix, autoescape=True)
    )
    rows = (await connection.execute(query)).all()
    return {row.id: row.sha256 if row.status == "ready" else None for row in rows}


async def text_window(connection: AsyncConnection, document: str, start: int, end: int) -> TextWindow | None:
    """Return the stored text from ``start`` to ``end`` (code points), cut to what there is; None if there is none."""
    length = func.char_length(documents.c.text)
    stretch = func.substr(documents.c.text, start + 1, max(0, end - start))
    row = (await connection.execute(select(stretch, length).where(documents.c.id == document))).one_or_none()
    if row is None or row[1] is None:
        return None
    text, whole = row
    begin = min(start, whole)
    return TextWindow(text, begin, begin + len(text), whole)


async def readable_by(connection: AsyncConnection, base: str, *, only: Sequence[str] | None) -> bool:
    """Whether an assistant that uses this base is public, or one of ``only``: who may talk to it may read it."""
    query = select(assistants.c.id).where(
        assistants.c.deleted_at.is_(None), assistants.c.spec["knowledge_bases"].contains([base])
    )
    query = query.where(assistants.c.public) if only is None else query.where(assistants.c.id.in_(only))
    return (await connection.execute(query.limit(1))).scalar() is not None


def _taken(name: str) -> Conflict:
    return Conflict(f"There already is a knowledge base “{name}”. Choose another name.")
