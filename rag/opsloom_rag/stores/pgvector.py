"""PostgreSQL with pgvector: exact vectors and BM25 side by side, found by one statement.

No approximate index in this version. To about 50,000 chunks a base the exact scan takes some 10 ms, misses nothing
and filters by workspace before it ranks; an HNSW index lost a third of the passages of bases that grow topic by topic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_rag.errors import NoSuchBase
from opsloom_rag.passages import Passage, Piece
from opsloom_rag.stores import statements
from opsloom_rag.stores.protocol import Base, Document, Transact
from opsloom_rag.stores.tables import chunk_vectors, chunks, documents, knowledge_bases, postings

# Chunks a statement: 500 are about 0.5 MB of text and 2 MB of vectors on their way to the database.
SLICE = 500


class PgVectorStore:
    """The tables of `tables.py`, through transactions that somebody else opens and secures."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def base(self, workspace: str, knowledge_base: str) -> Base:
        async with self._transact(workspace) as connection:
            return await _base(connection, workspace, knowledge_base)

    async def replace(
        self, workspace: str, document: Document, pieces: Sequence[Piece], vectors: NDArray[np.float16] | None
    ) -> None:
        async with self._transact(workspace) as connection:
            base = await _base(connection, workspace, document.knowledge_base)
            # The row is written first: its lock makes a second ingest of the same document wait here.
            await _write(connection, workspace, document)
            gone = await _delete_chunks(connection, workspace, document.id)
            made = [0, 0]
            for start in range(0, len(pieces), SLICE):
                here = slice(start, start + SLICE)
                rows = _columns(pieces[here], start, None if vectors is None else vectors[here])
                result = await connection.execute(
                    statements.INSERT_CHUNKS,
                    {
                        **rows,
                        "workspace": workspace,
                        "knowledge_base": base.id,
                        "base": base.number,
                        "document": document.id,
                    },
                )
                made = [total + more for total, more in zip(made, result.one(), strict=True)]
            await _count(connection, workspace, base.id, made[0] - gone[0], made[1] - gone[1])

    async def remove(self, workspace: str, document: str) -> bool:
        async with self._transact(workspace) as connection:
            row = documents.c.workspace_id == workspace, documents.c.id == document
            base = await connection.scalar(select(documents.c.knowledge_base_id).where(*row).with_for_update())
            if base is None:
                return False
            gone = await _delete_chunks(connection, workspace, document)
            await connection.execute(delete(documents).where(*row))
            await _count(connection, workspace, base, -gone[0], -gone[1])
            return True

    async def remove_base(self, workspace: str, knowledge_base: str) -> bool:
        async with self._transact(workspace) as connection:
            row = knowledge_bases.c.workspace_id == workspace, knowledge_bases.c.id == knowledge_base
            number = await connection.scalar(select(knowledge_bases.c.number).where(*row).with_for_update())
            if number is None:
                return False
            for table in (postings, chunk_vectors):
                await connection.execute(delete(table).where(table.c.workspace_id == workspace, table.c.base == number))
            await connection.execute(
                delete(chunks).where(chunks.c.workspace_id == workspace, chunks.c.knowledge_base_id == knowledge_base)
            )
            await connection.execute(delete(knowledge_bases).where(*row))
            return True

    async def search(
        self,
        workspace: str,
        knowledge_bases: Sequence[str],
        query: str,
        vector: NDArray[np.float32] | None,
        embedder: str | None,
        limit: int,
    ) -> list[Passage]:
        values = {"workspace": workspace, "knowledge_bases": list(knowledge_bases), "query": query, "limit": limit}
        async with self._transact(workspace) as connection:
            if vector is None or embedder is None:
                result = await connection.execute(statements.SEARCH_WORDS, values)
            else:
                values |= {"vector": vector_text(vector), "embedder": embedder}
                result = await connection.execute(statements.SEARCH, values)
            return [Passage(**row) for row in result.mappings()]


def vector_text(vector: NDArray[np.floating]) -> str:
    """pgvector's own notation; five digits are more than a half can hold."""
    return "[" + ",".join(map("%.5g".__mod__, vector.tolist())) + "]"


async def _base(connection: AsyncConnection, workspace: str, knowledge_base: str) -> Base:
    columns = knowledge_bases.c
    result = await connection.execute(
        select(columns.id, columns.number, columns.embedder).where(
            columns.workspace_id == workspace, columns.id == knowledge_base
        )
    )
    row = result.one_or_none()
    if row is None:
        raise NoSuchBase("There is no such knowledge base.")
    return Base(id=row.id, number=row.number, embedder=row.embedder)


async def _write(connection: AsyncConnection, workspace: str, document: Document) -> None:
    """Insert or update the document's row as ready; another workspace's or base's row of that id is not touched."""
    values = {
        "knowledge_base_id": document.knowledge_base,
        "title": document.title,
        "url": document.url,
        "media_type": document.media_type,
        "bytes": document.bytes,
        "sha256": document.sha256,
        "status": "ready",
        "progress": 1.0,
        "error": None,
        "text": document.text,
        "pages": [list(page) for page in document.pages],
        "source": None,
        "updated_at": func.now(),
    }
    mine = documents.c.workspace_id == workspace, documents.c.knowledge_base_id == document.knowledge_base
    changed = await connection.execute(update(documents).where(documents.c.id == document.id, *mine).values(values))
    if changed.rowcount == 0:
        await connection.execute(insert(documents).values(id=document.id, workspace_id=workspace, **values))


async def _delete_chunks(connection: AsyncConnection, workspace: str, document: str) -> tuple[int, int]:
    """Chunks and lexemes that are gone now; the vectors go with their chunks."""
    result = await connection.execute(statements.DELETE_CHUNKS, {"document": document, "workspace": workspace})
    row = result.one()
    return row.chunks, row.length


async def _count(connection: AsyncConnection, workspace: str, base: str, count: int, length: int) -> None:
    """Comes last: the base's one row of statistics is locked from here to the commit, which follows at once."""
    await connection.execute(
        statements.COUNT_CHUNKS,
        {"knowledge_base": base, "workspace": workspace, "chunks": count, "length": length},
    )


def _columns(pieces: Sequence[Piece], first: int, vectors: NDArray[np.float16] | None) -> Mapping[str, object]:
    """Arrays for `unnest`. COPY would be as fast, but PostgreSQL refuses it under row-level security."""
    return {
        "ids": [f"chk_{uuid4().hex}" for _ in pieces],
        "positions": list(range(first, first + len(pieces))),
        "titles": [piece.title for piece in pieces],
        "texts": [piece.text for piece in pieces],
        "starts": [piece.start for piece in pieces],
        "ends": [piece.end for piece in pieces],
        "pages": [piece.page for piece in pieces],
        "vectors": [None] * len(pieces) if vectors is None else [vector_text(row) for row in vectors],
    }
