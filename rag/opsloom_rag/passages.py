"""What goes in and what comes out: plain values, no I/O."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct

from opsloom_rag.errors import RagError


class Content(Struct, frozen=True, kw_only=True):
    """A document as it was handed over. `name` is a file's name or an address; it never decides the type."""

    data: bytes
    name: str = ""
    title: str | None = None
    url: str | None = None


class Piece(Struct, frozen=True, kw_only=True):
    """A chunk of a document: `text` is exactly the stored text's code points from `start` to `end`."""

    title: str
    text: str
    start: int
    end: int
    page: int | None = None
    tokens: int = 0


class Passage(Struct, frozen=True, kw_only=True):
    """A chunk that was found. `score` is 0 to 1 within one result list; `cosine` and `bm25` are what it was made of."""

    chunk: str
    document: str
    knowledge_base: str
    title: str
    text: str
    score: float
    start: int
    end: int
    page: int | None = None
    url: str | None = None
    cosine: float = 0.0
    bm25: float = 0.0


class Quote(NamedTuple):
    """Words out of a document, verbatim: its text's code points from `start` to `end`."""

    text: str
    start: int
    end: int


Stage = Literal["loading", "splitting", "embedding", "storing", "ready"]


class IngestProgress(Struct, frozen=True, kw_only=True):
    """`done` of `total` chunks in this stage (0 of 0 where nothing is counted); `share` is 0 to 1 of the whole."""

    stage: Stage
    done: int = 0
    total: int = 0
    share: float = 0.0


class Ingested(Struct, frozen=True, kw_only=True):
    """What became of one of many documents: its number of chunks, or why it could not be read or stored."""

    document: str
    chunks: int = 0
    error: RagError | None = None
