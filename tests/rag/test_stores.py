"""Stores: the contract that every entry of STORES keeps, and BM25 against its formula, after any history."""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from opsloom_rag.errors import NoSuchBase, NoSuchDocument
from opsloom_rag.passages import Passage, Piece
from opsloom_rag.stores import STORES, Document, Indexed, Transact, VectorStore
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from rag.conftest import Bases
from rag.papers import WordEmbedder
from rag.test_docs import code

COFFEE = "The café in Zürich sells coffee beans."
PAGES = "Rows are kept in pages of eight kilobytes."
DOG = "A dog runs across the wide park."


# The store that docs/stores-adding.md adds keeps the contract like the others.
MAKERS = {**STORES, "docs": code("stores-adding.md")["PhraseStore"]}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, transact: Transact) -> VectorStore:
    made: VectorStore = MAKERS[request.param](transact)
    return made


async def indexed(document: str, texts: Sequence[str], embedder: WordEmbedder | None = None) -> Indexed:
    """A document whose chunks are these texts, one after the other."""
    whole = "\n".join(texts)
    pieces, start = [], 0
    for each in texts:
        pieces.append(Piece(title="Doc", text=each, start=start, end=start + len(each), page=1))
        start += len(each) + 1
    vectors = None if embedder is None else (await embedder.embed_documents(texts)).astype(np.float16)
    row = Document(
        id=document, title="Doc", text=whole, media_type="text/plain", bytes=1, sha256="", url="https://x.example"
    )
    return Indexed(row, pieces, vectors)


async def find(
    store: VectorStore, workspace: str, bases: Sequence[str], query: str, limit: int = 5, vectors: bool = True
) -> list[Passage]:
    embedder = WordEmbedder()
    vector = await embedder.embed_query(query) if vectors else None
    return await store.search(workspace, bases, query, vector, embedder.name if vectors else None, limit)


async def test_finds_what_was_stored(store: VectorStore, workspace: str, base: str, words: WordEmbedder) -> None:
    await store.replace(workspace, base, [await indexed("stored", [COFFEE, PAGES, DOG], words)])
    for query, expected in (("cafe in zurich", COFFEE), ("page", PAGES), ("Dogs running", DOG)):
        first, *rest = await find(store, workspace, [base], query)
        assert first.text == expected
        assert first.score > max((passage.score for passage in rest), default=0)
        assert 0 <= first.score <= 1
    (first, *_) = await find(store, workspace, [base], "page")
    assert (first.document, first.knowledge_base, first.title, first.page) == ("stored", base, "Doc", 1)
    assert (first.start, first.end, first.url) == (len(COFFEE) + 1, len(COFFEE) + 1 + len(PAGES), "https://x.example")
    assert first.bm25 > 0
    assert first.cosine > 0


async def test_by_words_alone(store: VectorStore, workspace: str, base: str) -> None:
    await store.replace(workspace, base, [await indexed("words", [COFFEE, PAGES])])
    (only,) = await find(store, workspace, [base], "coffee", vectors=False)
    assert (only.text, only.score, only.cosine) == (COFFEE, 1, 0)
    assert [passage.text for passage in await find(store, workspace, [base], "coffee")] == [COFFEE]
    assert await find(store, workspace, [base], "the of and", vectors=False) == []
    assert await find(store, workspace, [base], "elephant", vectors=False) == []


async def test_replacing_and_removing(store: VectorStore, workspace: str, base: str, words: WordEmbedder) -> None:
    await store.replace(workspace, base, [await indexed("changing", [COFFEE, DOG], words)])
    await store.replace(workspace, base, [await indexed("changing", [PAGES], words)])
    assert [passage.text for passage in await find(store, workspace, [base], "coffee dog pages")] == [PAGES]
    assert await store.remove(workspace, "changing")
    assert not await store.remove(workspace, "changing")
    assert await find(store, workspace, [base], "coffee dog pages") == []


async def test_several_bases_and_none(store: VectorStore, workspace: str, bases: Bases, words: WordEmbedder) -> None:
    one, two = [await bases.make(workspace) for _ in range(2)]
    await store.replace(workspace, one, [await indexed("in-one", [COFFEE], words)])
    await store.replace(workspace, two, [await indexed("in-two", ["Coffee grows in Ethiopia."], words)])
    assert {passage.knowledge_base for passage in await find(store, workspace, [one, two], "coffee")} == {one, two}
    assert {passage.knowledge_base for passage in await find(store, workspace, [two], "coffee")} == {two}
    assert await find(store, workspace, ["kb_of_nobody"], "coffee") == []
    assert await store.remove_base(workspace, one)
    assert not await store.remove_base(workspace, one)
    assert {passage.knowledge_base for passage in await find(store, workspace, [one, two], "coffee")} == {two}
    with pytest.raises(NoSuchBase):
        await store.base(workspace, one)


async def test_another_workspace_sees_and_changes_nothing(
    store: VectorStore, workspace: str, base: str, words: WordEmbedder
) -> None:
    await store.replace(workspace, base, [await indexed("mine", [COFFEE], words)])
    for stranger in ("ws_stranger", ""):
        assert await find(store, stranger, [base], "coffee") == []
        assert not await store.remove(stranger, "mine")
        assert not await store.remove_base(stranger, base)
        with pytest.raises(NoSuchBase):
            await store.replace(stranger, base, [await indexed("mine", [PAGES], words)])
    assert [passage.text for passage in await find(store, workspace, [base], "coffee")] == [COFFEE]


async def test_bases_of_another_embedder_are_found_by_words(
    store: VectorStore, workspace: str, bases: Bases, words: WordEmbedder
) -> None:
    other = await bases.make(workspace, "another-embedder")
    document = await indexed("other", [COFFEE])
    vectors = np.ones((1, 7), np.float16)  # seven numbers: comparing them would be an error
    await store.replace(workspace, other, [Indexed(document.document, document.pieces, vectors)])
    mine = await bases.make(workspace)
    await store.replace(workspace, mine, [await indexed("mine-too", [DOG], words)])
    found = await find(store, workspace, [other, mine], "coffee")
    assert [(passage.text, passage.cosine) for passage in found if passage.knowledge_base == other] == [(COFFEE, 0)]


async def test_a_removed_document_is_not_made_again(store: VectorStore, workspace: str, base: str) -> None:
    with pytest.raises(NoSuchDocument):
        await store.replace(workspace, base, [await indexed("gone", [COFFEE])], create=False)
    assert await find(store, workspace, [base], "coffee") == []


async def test_an_id_of_another_base_is_refused(store: VectorStore, workspace: str, bases: Bases) -> None:
    one, two = [await bases.make(workspace) for _ in range(2)]
    await store.replace(workspace, one, [await indexed("elsewhere", [COFFEE])])
    with pytest.raises(NoSuchDocument):
        await store.replace(workspace, two, [await indexed("elsewhere", [DOG])])
    assert [passage.text for passage in await find(store, workspace, [one, two], "coffee dog")] == [COFFEE]


async def test_hostile_words_are_only_words(store: VectorStore, workspace: str, base: str) -> None:
    await store.replace(workspace, base, [await indexed("quoted", [COFFEE])])
    for query in ("'; DROP TABLE chunks; --", "coffee & | ! <-> ( :*", "\\", "%", "a" * 5_000, "🙂"):
        await find(store, workspace, [base], query)
    assert len(await find(store, workspace, [base], "coffee & | ! ( :*")) == 1


async def test_two_at_once_on_one_document(store: VectorStore, workspace: str, base: str, words: WordEmbedder) -> None:
    versions = [await indexed("contested", [f"Version {number} of it."] * (number + 1), words) for number in range(6)]
    await asyncio.gather(*(store.replace(workspace, base, [version]) for version in versions))
    found = await find(store, workspace, [base], "version", limit=20)
    assert len({passage.text for passage in found}) == 1


VOCABULARY = ["alpha", "bravo", "delta", "gamma", "kilo", "lima", "omega", "tango", "zulu"]


async def test_word_scores_follow_the_formula_after_any_history(
    store: VectorStore, engine: AsyncEngine, workspace: str, bases: Bases
) -> None:
    """Insert, replace and remove at random; then every BM25 score is what the definition gives for what is left."""
    one, two = [await bases.make(workspace) for _ in range(2)]
    chance = random.Random(5)
    left: dict[str, tuple[str, list[str]]] = {}
    for step in range(60):
        document = f"history-{chance.randrange(12)}"
        if document in left and chance.random() < 0.3:
            await store.remove(workspace, document)
            del left[document]
            continue
        base = left[document][0] if document in left else chance.choice([one, two])
        texts = [" ".join(chance.choices(VOCABULARY, k=chance.randint(1, 12))) for _ in range(chance.randint(1, 4))]
        await store.replace(workspace, base, [await indexed(document, texts)])
        left[document] = (base, texts)
        assert step < 60
    async with engine.connect() as connection:
        rows = await connection.execute(
            text("SELECT chunks, length FROM knowledge_stats WHERE workspace_id = :id"), {"id": workspace}
        )
        texts = [each for _, chunks in left.values() for each in chunks]
        assert sum(row.chunks for row in rows) == len(texts)
    for searched in ([one], [two], [one, two]):
        corpus = [f"doc {each}" for base, chunks in left.values() if base in searched for each in chunks]
        for query in ("alpha", "alpha zulu kilo", "omega omega tango"):
            found = await find(store, workspace, searched, query, limit=50, vectors=False)
            expected = sorted((score for score in bm25(corpus, query) if score), reverse=True)
            assert sorted((passage.bm25 for passage in found), reverse=True) == pytest.approx(expected)
            assert [passage.score for passage in found] == sorted((passage.score for passage in found), reverse=True)


def bm25(corpus: Sequence[str], query: str) -> list[float]:
    counts = [Counter(each.split()) for each in corpus]
    mean = sum(count.total() for count in counts) / len(counts)
    scores = [0.0] * len(corpus)
    for word in set(query.split()):
        holding = sum(word in count for count in counts)
        rarity = math.log(1 + (len(counts) - holding + 0.5) / (holding + 0.5))
        for index, count in enumerate(counts):
            frequency = count[word]
            scores[index] += rarity * frequency * 2.2 / (frequency + 1.2 * (0.25 + 0.75 * count.total() / mean))
    return scores


async def test_removing_leaves_no_rows_behind(
    store: VectorStore, engine: AsyncEngine, workspace: str, bases: Bases, words: WordEmbedder
) -> None:
    base = await bases.make(workspace)
    await store.replace(workspace, base, [await indexed(f"left-{number}", [COFFEE, DOG], words) for number in range(3)])
    await store.remove(workspace, "left-0")
    await store.remove_base(workspace, base)
    async with engine.connect() as connection:
        for table in ("documents", "chunks", "chunk_vectors", "postings", "knowledge_stats"):
            count = text(f"SELECT count(*) FROM {table} WHERE workspace_id = :id")
            assert await connection.scalar(count, {"id": workspace}) == 0, table


async def test_the_vectors_lie_in_their_rows(engine: AsyncEngine) -> None:
    statement = """SELECT attstorage FROM pg_attribute
                   WHERE attrelid = 'chunk_vectors'::regclass AND attname = 'embedding'"""
    async with engine.connect() as connection:
        storage = await connection.scalar(text(statement))
    assert storage in ("p", b"p")
