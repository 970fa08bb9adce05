"""The way in: search, ingest, remove. Holds a store and an embedder; whoever makes it closes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence

from opsloom_rag.embedding import DEFAULT, Embedder, make_embedder
from opsloom_rag.errors import EmbedderFailed, EmbedderMissing
from opsloom_rag.ingest import Ingestion
from opsloom_rag.loading import Limits
from opsloom_rag.passages import Content, Ingested, IngestProgress, Passage
from opsloom_rag.stores import STORES, Transact, VectorStore

log = logging.getLogger(__name__)

# The embedder reads some 1,000 characters of a question; words beyond these would only slow the count of words.
QUERY_CHARS = 2_000
MOST_PASSAGES = 50


class Knowledge:
    """What a server knows how to find. Safe to use from any number of tasks."""

    def __init__(
        self,
        transact: Transact,
        embedder: Embedder | None,
        *,
        store: VectorStore | None = None,
        limits: Limits | None = None,
        notice: str | None = None,
    ) -> None:
        self.embedder = embedder
        # Why search goes by words alone, in words for an owner; None where it does not.
        self.notice = notice if embedder is None else None
        self._store = store or STORES["pgvector"](transact)
        self._ingestion = Ingestion(self._store, embedder, limits or Limits())

    @classmethod
    async def open(cls, transact: Transact, embedder: str = DEFAULT) -> Knowledge:
        """Load the embedder of that name (0.5 s); where its weights are missing, say so in `notice` and go by words."""
        try:
            return cls(transact, await asyncio.to_thread(make_embedder, embedder))
        except EmbedderMissing as missing:
            log.warning("Search goes by words alone: %s", missing.text)
            return cls(transact, None, notice=missing.text)

    async def search(self, workspace: str, knowledge_bases: Sequence[str], query: str, limit: int = 8) -> list[Passage]:
        """The best passages first, at most `limit` (1 to 50). Absent and foreign bases hold nothing."""
        query = query.replace("\x00", "").strip()[:QUERY_CHARS]
        if not query or not knowledge_bases:
            return []
        vector = None
        if self.embedder is not None:
            try:
                vector = await self.embedder.embed_query(query)
            except EmbedderFailed as failed:
                log.warning("This search goes by words alone: %s", failed.text)
        name = self.embedder.name if self.embedder is not None else None
        limit = max(1, min(limit, MOST_PASSAGES))
        return await self._store.search(workspace, knowledge_bases, query, vector, name, limit)

    def ingest(
        self, workspace: str, knowledge_base: str, document: str, content: Content, *, create: bool = True
    ) -> AsyncIterator[IngestProgress]:
        """Read a document and put it in place of its earlier version; see `ingest.Ingestion.one`.

        The document's row is written (`ready`, text, pages) in the one transaction at the end. Its other states,
        `working`, and `failed` with the RagError's code and text, are the caller's to write. Where `create` is false
        the row has to be there still at the end, else NoSuchDocument: what was removed meanwhile stays removed.
        """
        return self._ingestion.one(workspace, knowledge_base, document, content, create=create)

    def ingest_many(
        self, workspace: str, knowledge_base: str, items: Iterable[tuple[str, Content]], *, create: bool = True
    ) -> AsyncIterator[Ingested]:
        """The same for many small documents (id, content), faster: they are embedded and stored together.

        One that cannot be read, or was removed meanwhile (`create` false), comes back with its error and stops nobody
        else; other errors are raised.
        """
        return self._ingestion.many(workspace, knowledge_base, items, create=create)

    async def remove(self, workspace: str, document: str) -> bool:
        """Take a document away; False if it was not there. Only so do the statistics of search by words stay right."""
        return await self._store.remove(workspace, document)

    async def remove_base(self, workspace: str, knowledge_base: str) -> bool:
        """Take a knowledge base away with all its documents; False if it was not there."""
        return await self._store.remove_base(workspace, knowledge_base)
