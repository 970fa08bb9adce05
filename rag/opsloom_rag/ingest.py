"""Documents' way into a store: load, split, embed, and only at the end replace what was there, in one transaction."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from opsloom_rag.chunking import RoughCounter, embedded_text, split
from opsloom_rag.embedding.protocol import Embedder
from opsloom_rag.errors import EmbedderDiffers, LoadError, NoSuchDocument
from opsloom_rag.loading import Limits, Loaded, load
from opsloom_rag.passages import Content, Ingested, IngestProgress, Piece
from opsloom_rag.stores.protocol import Document, Indexed, VectorStore

# Texts between two words of progress: about 0.7 s on two cores.
STEP = 32
# Of the whole time, loading and splitting take some 2 %, storing 5, embedding the rest.
LOADED, SPLIT, EMBEDDED = 0.01, 0.02, 0.95
# Small documents are worked off together until they make this many chunks: enough to embed chunks of one length
# together, few enough to commit every 6 s and to hold 1 MB.
GROUP = 256


class Ingestion:
    """A store, an embedder (None: documents will be found by words alone) and the limits of what is read."""

    def __init__(self, store: VectorStore, embedder: Embedder | None, limits: Limits) -> None:
        self._store = store
        self._embedder = embedder
        self._limits = limits

    async def one(
        self, workspace: str, knowledge_base: str, document: str, content: Content, *, create: bool
    ) -> AsyncIterator[IngestProgress]:
        """Yield progress, last `ready`, when it is committed. Raise RagError; then the earlier version stands.

        Memory: the file, its text, and 768 bytes of vector a chunk (8 MB for the longest document).
        """
        await self._check(workspace, knowledge_base)
        yield IngestProgress(stage="loading")
        loaded = await load(content, self._limits)
        yield IngestProgress(stage="splitting", share=LOADED)
        pieces = await self._split(loaded)
        total = len(pieces)
        vectors = None
        if self._embedder is not None:
            vectors = np.empty((total, self._embedder.dimensions), np.float16)
            order = _by_length(pieces)
            for start in range(0, total, STEP):
                share = SPLIT + (EMBEDDED - SPLIT) * start / total
                yield IngestProgress(stage="embedding", done=start, total=total, share=share)
                await _embed(vectors, self._embedder, pieces, order[start : start + STEP])
        yield IngestProgress(stage="storing", done=total, total=total, share=EMBEDDED)
        indexed = Indexed(_document(document, loaded, content), pieces, vectors)
        await self._store.replace(workspace, knowledge_base, [indexed], create=create)
        yield IngestProgress(stage="ready", done=total, total=total, share=1.0)

    async def many(
        self, workspace: str, knowledge_base: str, items: Iterable[tuple[str, Content]], *, create: bool
    ) -> AsyncIterator[Ingested]:
        """Yield what became of each document, in groups as they are committed; what cannot be read stops nobody else.

        Small documents are embedded together, and stored while the next are embedded. No document's id comes twice.
        """
        await self._check(workspace, knowledge_base)
        group: list[tuple[Document, Sequence[Piece]]] = []
        storing: asyncio.Task[list[Ingested]] | None = None
        try:
            for document, content in items:
                try:
                    loaded = await load(content, self._limits)
                except LoadError as error:
                    yield Ingested(document=document, error=error)
                    continue
                group.append((_document(document, loaded, content), await self._split(loaded)))
                if sum(len(pieces) for _, pieces in group) >= GROUP:
                    ready, group = await self._embed_group(group), []
                    for outcome in await storing if storing else ():
                        yield outcome
                    storing = asyncio.create_task(self._store_group(workspace, knowledge_base, ready, create))
            if group:
                last = await self._embed_group(group)
                for outcome in await storing if storing else ():
                    yield outcome
                storing = asyncio.create_task(self._store_group(workspace, knowledge_base, last, create))
            for outcome in await storing if storing else ():
                yield outcome
        finally:
            if storing is not None and not storing.done():
                storing.cancel()
                await asyncio.wait([storing])

    async def _check(self, workspace: str, knowledge_base: str) -> None:
        """Raise EmbedderDiffers where new vectors would not be comparable with those that lie there."""
        base = await self._store.base(workspace, knowledge_base)
        if self._embedder is not None and base.embedder != self._embedder.name:
            raise EmbedderDiffers(
                f"This knowledge base was made with the embedder {base.embedder!r}; this server runs "
                f"{self._embedder.name!r}. Set OPSLOOM_EMBEDDER to the former, or make a new knowledge base."
            )

    async def _split(self, loaded: Loaded) -> list[Piece]:
        return await asyncio.to_thread(split, loaded, self._embedder or RoughCounter())

    async def _embed_group(self, group: Sequence[tuple[Document, Sequence[Piece]]]) -> list[Indexed]:
        if self._embedder is None:
            return [Indexed(document, pieces, None) for document, pieces in group]
        pieces = [piece for _, each in group for piece in each]
        vectors = np.empty((len(pieces), self._embedder.dimensions), np.float16)
        await _embed(vectors, self._embedder, pieces, _by_length(pieces))
        ends = np.cumsum([len(each) for _, each in group])[:-1]
        return [
            Indexed(document, own, part) for (document, own), part in zip(group, np.split(vectors, ends), strict=True)
        ]

    async def _store_group(
        self, workspace: str, knowledge_base: str, group: Sequence[Indexed], create: bool
    ) -> list[Ingested]:
        """All in one transaction; one by one only where a document was removed meanwhile, which is no other's fault."""
        try:
            await self._store.replace(workspace, knowledge_base, group, create=create)
        except NoSuchDocument as error:
            if len(group) == 1:
                return [Ingested(document=group[0].document.id, error=error)]
            apart = [await self._store_group(workspace, knowledge_base, [each], create) for each in group]
            return [outcome for outcomes in apart for outcome in outcomes]
        return [Ingested(document=each.document.id, chunks=len(each.pieces)) for each in group]


def _document(document: str, loaded: Loaded, content: Content) -> Document:
    return Document(
        id=document,
        title=loaded.title,
        text=loaded.text,
        media_type=loaded.media_type,
        bytes=len(content.data),
        sha256=hashlib.sha256(content.data).hexdigest(),
        url=content.url,
        pages=loaded.pages,
    )


def _by_length(pieces: Sequence[Piece]) -> list[int]:
    """Indexes, longest first: neighbours in a batch are then padded little, and memory peaks at the start."""
    return sorted(range(len(pieces)), key=lambda index: -pieces[index].tokens)


async def _embed(
    vectors: NDArray[np.float16], embedder: Embedder, pieces: Sequence[Piece], indexes: Sequence[int]
) -> None:
    """Fill the rows of `vectors` that these indexes name."""
    vectors[indexes] = await embedder.embed_documents([embedded_text(pieces[index]) for index in indexes])
