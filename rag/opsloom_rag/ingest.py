"""A document's way into a store: load, split, embed, and only at the end replace what was there, in one transaction."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from opsloom_rag.chunking import RoughCounter, embedded_text, split
from opsloom_rag.embedding.protocol import Embedder
from opsloom_rag.errors import EmbedderDiffers
from opsloom_rag.loading import Limits, Loaded, load
from opsloom_rag.passages import Content, IngestProgress, Piece
from opsloom_rag.stores.protocol import Base, Document, VectorStore

# Texts between two words of progress: about 0.7 s on two cores.
STEP = 32
# Of the whole time, loading and splitting take some 2 %, storing 5, embedding the rest.
LOADED, SPLIT, EMBEDDED = 0.01, 0.02, 0.95


class Prepared(Struct, frozen=True):
    """A document that was read and cut; what is left costs time, not judgement."""

    document: Document
    pieces: Sequence[Piece]


def check(base: Base, embedder: Embedder | None) -> None:
    """Raise EmbedderDiffers where new vectors would not be comparable with those that lie there."""
    if embedder is not None and base.embedder != embedder.name:
        raise EmbedderDiffers(
            f"This knowledge base was made with the embedder {base.embedder!r}; this server runs {embedder.name!r}. "
            "Set OPSLOOM_EMBEDDER to the former, or make a new knowledge base."
        )


async def ingest(
    store: VectorStore,
    embedder: Embedder | None,
    limits: Limits,
    workspace: str,
    knowledge_base: str,
    document: str,
    content: Content,
) -> AsyncIterator[IngestProgress]:
    """Yield progress, last `ready`, when it is committed. Raise RagError; then the earlier version stands as it was.

    Memory: the file, its text, and 768 bytes of vector a chunk (8 MB for the longest document).
    """
    check(await store.base(workspace, knowledge_base), embedder)
    yield IngestProgress(stage="loading")
    loaded = await load(content, limits)
    yield IngestProgress(stage="splitting", share=LOADED)
    prepared = await prepare(loaded, content, knowledge_base, document, embedder)
    total = len(prepared.pieces)
    vectors = None
    if embedder is not None:
        vectors = np.empty((total, embedder.dimensions), np.float16)
        order = by_length(prepared.pieces)
        for start in range(0, total, STEP):
            share = SPLIT + (EMBEDDED - SPLIT) * start / total
            yield IngestProgress(stage="embedding", done=start, total=total, share=share)
            await embed_into(vectors, embedder, prepared.pieces, order[start : start + STEP])
    yield IngestProgress(stage="storing", done=total, total=total, share=EMBEDDED)
    await store.replace(workspace, prepared.document, prepared.pieces, vectors)
    yield IngestProgress(stage="ready", done=total, total=total, share=1.0)


async def prepare(
    loaded: Loaded, content: Content, knowledge_base: str, document: str, embedder: Embedder | None
) -> Prepared:
    """Cut a loaded document into chunks, in a thread (0.1 s for 450 kB)."""
    pieces = await asyncio.to_thread(split, loaded, embedder or RoughCounter())
    return Prepared(
        Document(
            id=document,
            knowledge_base=knowledge_base,
            title=loaded.title,
            text=loaded.text,
            media_type=loaded.media_type,
            bytes=len(content.data),
            sha256=hashlib.sha256(content.data).hexdigest(),
            url=content.url,
            pages=loaded.pages,
        ),
        pieces,
    )


def by_length(pieces: Sequence[Piece]) -> list[int]:
    """Indexes, longest first: neighbours in a batch are then padded little, and memory peaks at the start."""
    return sorted(range(len(pieces)), key=lambda index: -pieces[index].tokens)


async def embed_into(
    vectors: NDArray[np.float16], embedder: Embedder, pieces: Sequence[Piece], indexes: Sequence[int]
) -> None:
    """Fill the rows of `vectors` that these indexes name."""
    vectors[indexes] = await embedder.embed_documents([embedded_text(pieces[index]) for index in indexes])
