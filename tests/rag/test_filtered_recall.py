"""A search in a few bases among many finds what it would find in those alone: no index is filtered after the fact."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from opsloom_rag.passages import Piece
from opsloom_rag.stores import STORES, Document, Indexed, Transact, VectorStore

from rag.conftest import Bases
from rag.papers import WordEmbedder

CHUNKS = 2_000
DIMENSIONS = 384
TOPICS = 20
LIMIT = 10
# The share of the workspace's chunks that lies in each base, and the bases that make up 1 %, 10 % and all of it.
SHARES = (0.01, 0.09, 0.9)
FILTERS = {"1 %": 1, "10 %": 2, "100 %": 3}


def around(centres: NDArray[np.floating], count: int, chance: np.random.Generator) -> NDArray[np.float16]:
    """Unit vectors near the centres, one topic after the other, as a base grows. Half precision, as they are stored."""
    near = np.repeat(centres, -(-count // TOPICS), axis=0)[:count] + 0.6 * chance.normal(size=(count, DIMENSIONS))
    halves: NDArray[np.float16] = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float16)
    return halves


def document(name: str, vectors: NDArray[np.float16]) -> Indexed:
    """A chunk for each vector; its text is its name, which no question has a word of."""
    texts = [f"{name}-{number:05}" for number in range(len(vectors))]
    starts = [number * 20 for number in range(len(vectors))]
    pieces = [
        Piece(title="t", text=text, start=start, end=start + len(text), page=None)
        for text, start in zip(texts, starts, strict=True)
    ]
    whole = "\n".join(texts)
    row = Document(id=name, title="t", text=whole, media_type="text/plain", bytes=1, sha256="", url=None)
    return Indexed(row, pieces, vectors)


@pytest.mark.parametrize("make", STORES.values(), ids=STORES)
async def test_a_filter_hides_no_passage(
    make: Callable[[Transact], VectorStore], transact: Transact, workspace: str, bases: Bases
) -> None:
    store = make(transact)
    chance = np.random.default_rng(21)
    centres = 0.3 + chance.normal(size=(TOPICS, DIMENSIONS))
    every = around(centres, CHUNKS, chance)
    names: list[str] = []
    texts: list[str] = []
    ids: list[str] = []
    ends = np.round(np.cumsum(SHARES) * CHUNKS).astype(int)
    # Each base has something of every topic.
    mixed = chance.permutation(CHUNKS)
    for number, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        own = np.sort(mixed[start:end])
        one = document(f"d{number}", every[own])
        ids.append(await bases.make(workspace))
        await store.replace(workspace, ids[-1], [one])
        texts += [piece.text for piece in one.pieces]
        names += [ids[-1]] * len(own)
    vectors = every[np.concatenate([np.sort(mixed[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)])]
    embedder = WordEmbedder().name
    for share, count in FILTERS.items():
        inside = np.array([name in ids[:count] for name in names])
        found = wanted = 0
        for question in around(centres, TOPICS, chance).astype(np.float32):
            likeness = np.where(inside, vectors.astype(np.float32) @ question, -2)
            best = {texts[place] for place in np.argsort(-likeness)[:LIMIT]}
            passages = await store.search(workspace, ids[:count], "nothing", question, embedder, LIMIT)
            assert len(passages) == LIMIT, share
            found += len(best & {passage.text for passage in passages})
            wanted += LIMIT
        assert found / wanted >= 0.95, f"{share}: {found} of {wanted}"
