"""PostgreSQL with pgvector: exact vectors and BM25 side by side, found by one statement.

No approximate index in this version. To about 50,000 chunks a base the exact scan takes some 10 ms, misses nothing
and filters by workspace before it ranks; an HNSW index lost a third of the passages of bases that grow topic by topic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import uuid4

import numpy as np
from msgspec import json
from numpy.typing import NDArray
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_rag.errors import NoSuchBase, NoSuchDocument
from opsloom_rag.passages import Passage
from opsloom_rag.stores import statements
from opsloom_rag.stores.protocol import Base, Document, Indexed, Transact
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
        self, workspace: str, knowledge_base: str, documents: Sequence[Indexed], *, create: bool = True
    ) -> None:
        async with self._transact(workspace) as connection:
            base = await _base(connection, workspace, knowledge_base)
            # The rows are written first: their locks make a second ingest of the same document wait here.
            await _write(connection, workspace, base, [each.document for each in documents], create)
            gone = await _delete_chunks(connection, workspace, [each.document.id for each in documents])
            made = Size(0, 0)
            rows = [row for each in documents for row in _chunk_rows(each)]
            for start in range(0, len(rows), SLICE):
                columns = zip(*rows[start : start + SLICE], strict=True)
                values = {"workspace": workspace, "knowledge_base": base.id, "base": base.number}
                result = await connection.execute(
                    statements.INSERT_CHUNKS, values | dict(zip(_CHUNK_COLUMNS, map(list, columns), strict=True))
                )
                made = made.plus(Size(*result.one()))
            await _count(connection, workspace, base.id, made.minus(gone))

    async def remove(self, workspace: str, document: str) -> bool:
        async with self._transact(workspace) as connection:
            row = documents.c.workspace_id == workspace, documents.c.id == document
            base = await connection.scalar(select(documents.c.knowledge_base_id).where(*row).with_for_update())
            if base is None:
                return False
            gone = await _delete_chunks(connection, workspace, [document])
            await connection.execute(delete(documents).where(*row))
            await _count(connection, workspace, base, Size(0, 0).minus(gone))
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


class Size(NamedTuple):
    """What BM25 has to know of a set of chunks: how many, and their words."""

    chunks: int
    length: int

    def plus(self, other: Size) -> Size:
        return Size(self.chunks + other.chunks, self.length + other.length)

    def minus(self, other: Size) -> Size:
        return Size(self.chunks - other.chunks, self.length - other.length)


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


async def _write(
    connection: AsyncConnection, workspace: str, base: Base, given: Sequence[Document], create: bool
) -> None:
    """Insert or update the documents' rows as ready; a row of the same id elsewhere is not touched."""
    mine = documents.c.workspace_id == workspace, documents.c.knowledge_base_id == base.id
    if not create:
        ids = [document.id for document in given]
        there = await connection.execute(select(documents.c.id).where(documents.c.id.in_(ids), *mine).with_for_update())
        if len(there.all()) != len(ids):
            raise NoSuchDocument("This document was removed while it was being read.")
    columns = zip(*(_document_row(document) for document in given), strict=True)
    values = {"workspace": workspace, "knowledge_base": base.id}
    written = await connection.execute(
        statements.WRITE_DOCUMENTS, values | dict(zip(_DOCUMENT_COLUMNS, map(list, columns), strict=True))
    )
    if len(written.all()) != len(given):
        raise NoSuchDocument("A document of this id lies in another knowledge base.")


async def _delete_chunks(connection: AsyncConnection, workspace: str, given: Sequence[str]) -> Size:
    """What is gone now; the vectors go with their chunks."""
    result = await connection.execute(statements.DELETE_CHUNKS, {"documents": list(given), "workspace": workspace})
    return Size(*result.one())


async def _count(connection: AsyncConnection, workspace: str, base: str, more: Size) -> None:
    """Comes last: the base's one row of statistics is locked from here to the commit, which follows at once."""
    values = {"knowledge_base": base, "workspace": workspace, "chunks": more.chunks, "length": more.length}
    await connection.execute(statements.COUNT_CHUNKS, values)


_DOCUMENT_COLUMNS = ("ids", "titles", "urls", "media_types", "bytes", "sha256s", "texts", "pages")


def _document_row(given: Document) -> tuple[object, ...]:
    pages = json.encode(given.pages).decode()
    return given.id, given.title, given.url, given.media_type, given.bytes, given.sha256, given.text, pages


_CHUNK_COLUMNS = ("ids", "documents", "positions", "titles", "texts", "starts", "ends", "pages", "vectors")


def _chunk_rows(indexed: Indexed) -> Iterator[tuple[object, ...]]:
    for position, piece in enumerate(indexed.pieces):
        vector = None if indexed.vectors is None else vector_text(indexed.vectors[position])
        chunk, document = f"chk_{uuid4().hex}", indexed.document.id
        yield chunk, document, position, piece.title, piece.text, piece.start, piece.end, piece.page, vector
