"""What retrieval asks of a store: replace a document's chunks as a whole, take them away, find the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_rag.passages import Passage, Piece

# A workspace's id -> a transaction in which only that workspace's rows exist; leaving it commits.
Transact = Callable[[str], AbstractAsyncContextManager[AsyncConnection]]


class Base(Struct, frozen=True, kw_only=True):
    """A knowledge base as the store knows it; `embedder` names the model whose vectors lie in it."""

    id: str
    number: int
    embedder: str


class Document(Struct, frozen=True, kw_only=True):
    """A document as it is stored. `pages` are (page number, its first code point in `text`)."""

    id: str
    title: str
    text: str
    media_type: str
    bytes: int
    sha256: str
    url: str | None = None
    pages: Sequence[tuple[int, int]] = ()


class Indexed(Struct, frozen=True):
    """A document with its chunks; `vectors` is [len(pieces), dimensions], or None to be found by words alone."""

    document: Document
    pieces: Sequence[Piece]
    vectors: NDArray[np.float16] | None


class VectorStore(Protocol):
    """Each method is one transaction of `workspace`; what another workspace owns is as if it were not there."""

    async def base(self, workspace: str, knowledge_base: str) -> Base:
        """Raise NoSuchBase."""
        ...

    async def replace(
        self, workspace: str, knowledge_base: str, documents: Sequence[Indexed], *, create: bool = True
    ) -> None:
        """Store these documents with their chunks in place of the ones they had, all or nothing; no id twice.

        Raise NoSuchBase; NoSuchDocument where `create` is false and one is not there (any more).
        """
        ...

    async def remove(self, workspace: str, document: str) -> bool:
        """Take a document away with all that came of it; False if it was not there."""
        ...

    async def remove_base(self, workspace: str, knowledge_base: str) -> bool:
        """Take a whole knowledge base away; False if it was not there."""
        ...

    async def search(
        self,
        workspace: str,
        knowledge_bases: Sequence[str],
        query: str,
        vector: NDArray[np.float32] | None,
        embedder: str | None,
        limit: int,
    ) -> list[Passage]:
        """The best passages first. Without `vector`, by words alone; so are bases of another embedder."""
        ...
