"""The whole way: files in, passages out, with progress; and what a failure on the way leaves behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from opsloom_rag import embedding
from opsloom_rag.embedding.minilm import MiniLM
from opsloom_rag.errors import EmbedderDiffers, EmbedderFailed, EmbedderMissing, LoadError, NoSuchBase, NoSuchDocument
from opsloom_rag.knowledge import Knowledge
from opsloom_rag.passages import Content, IngestProgress
from opsloom_rag.quoting import best_quote
from opsloom_rag.stores import Transact
from opsloom_rag.stores.tables import documents
from sqlalchemy import select

from rag.conftest import Bases
from rag.papers import WordEmbedder, pdf

GUIDE = """# Opsloom

Opsloom is a chat server. It answers from your documents.

## On your website

To embed the chat on a website, put the loader's script into the page. It opens in an iframe of its own.

```html
<script src="/widget.js"></script>
```

## Keys

An API key is shown once. Keep it like a password: whoever has it may ask for you.

## Limits

A person may send 20 messages a minute. Files may have 20 MiB.
"""


class Broken(WordEmbedder):
    """Fails when it is asked for the second time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += 1
        if self.asked > 1:
            raise EmbedderFailed("The embedder is away.")
        return await super().embed_documents(texts)

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        raise EmbedderFailed("The embedder is away.")


async def exhaust(steps: AsyncIterator[IngestProgress]) -> list[IngestProgress]:
    return [progress async for progress in steps]


async def ingest(
    knowledge: Knowledge, workspace: str, base: str, document: str, data: str | bytes
) -> list[IngestProgress]:
    content = Content(data=data.encode() if isinstance(data, str) else data, name="guide.md", url="https://x.example/g")
    return await exhaust(knowledge.ingest(workspace, base, document, content))


async def test_a_question_finds_its_passage_and_a_quote_that_stands_there(
    transact: Transact, bases: Bases, workspace: str, minilm: MiniLM
) -> None:
    knowledge = Knowledge(transact, minilm)
    base = await bases.make(workspace, minilm.name)
    await ingest(knowledge, workspace, base, "guide", GUIDE)
    question = "How do I embed the chat on my website?"
    first, *_ = await knowledge.search(workspace, [base], question)
    assert first.title == "Opsloom \u203a On your website"
    quote, start, end = best_quote(question, first)
    assert quote == "To embed the chat on a website, put the loader's script into the page."
    async with transact(workspace) as connection:
        row = (await connection.execute(select(documents).where(documents.c.id == "guide"))).one()
    assert row.text[start:end] == quote
    assert row.text[first.start : first.end] == first.text
    assert (row.status, row.progress, row.media_type, row.title) == ("ready", 1, "text/markdown", "Opsloom")
    assert (row.error, row.source, row.bytes, len(row.sha256)) == (None, None, len(GUIDE.encode()), 64)
    # Without a word in common, by meaning.
    found = await knowledge.search(workspace, [base], "secret credentials for programs")
    assert found[0].title == "Opsloom \u203a Keys"


async def test_pages_of_a_pdf_reach_the_passage(
    transact: Transact, workspace: str, base: str, words: WordEmbedder
) -> None:
    knowledge = Knowledge(transact, words)
    filler = "\n".join(["Nothing of interest stands in this line of the report, as in the others."] * 30)
    await ingest(knowledge, workspace, base, "report", pdf([filler, filler + "\nThe zebra lives on page two.", filler]))
    found = await knowledge.search(workspace, [base], "zebra", 1)
    assert [passage.page for passage in found] == [2]


async def test_progress_moves_forward_and_ends_ready(
    transact: Transact, workspace: str, base: str, words: WordEmbedder
) -> None:
    steps = await ingest(Knowledge(transact, words), workspace, base, "long", "\n\n".join([GUIDE] * 20))
    assert [step.stage for step in steps][:2] == ["loading", "splitting"]
    assert [step.stage for step in steps][-2:] == ["storing", "ready"]
    assert {step.stage for step in steps[2:-2]} == {"embedding"}
    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert steps[-1].done == steps[-1].total == words.embedded > 32


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4 broken", b"\x89PNG\r\n\x1a\n123"])
async def test_a_file_that_cannot_be_read_leaves_the_earlier_version(
    transact: Transact, workspace: str, base: str, words: WordEmbedder, data: bytes
) -> None:
    knowledge = Knowledge(transact, words)
    await ingest(knowledge, workspace, base, f"kept-{len(data)}", GUIDE)
    with pytest.raises(LoadError):
        await ingest(knowledge, workspace, base, f"kept-{len(data)}", data)
    assert await knowledge.search(workspace, [base], "website")


async def test_an_embedder_that_fails_halfway_leaves_the_earlier_version(
    transact: Transact, workspace: str, base: str, words: WordEmbedder
) -> None:
    await ingest(Knowledge(transact, words), workspace, base, "half", "The earlier version speaks of zebras.")
    broken = Knowledge(transact, Broken())
    with pytest.raises(EmbedderFailed):
        await ingest(broken, workspace, base, "half", "\n\n".join([GUIDE] * 20))
    found = await broken.search(workspace, [base], "zebra")
    assert [passage.text for passage in found] == ["The earlier version speaks of zebras."], "by words alone"


async def test_an_abandoned_ingest_changes_nothing(
    transact: Transact, workspace: str, base: str, words: WordEmbedder
) -> None:
    knowledge = Knowledge(transact, words)
    async for progress in knowledge.ingest(workspace, base, "left", Content(data=GUIDE.encode())):
        if progress.stage == "storing":
            break
    assert await knowledge.search(workspace, [base], "website") == []


async def test_without_weights_search_goes_by_words_and_says_so(
    transact: Transact, workspace: str, base: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing() -> MiniLM:
        raise EmbedderMissing("The language model is not installed. Run `opsloom setup-model`.")

    monkeypatch.setitem(embedding.EMBEDDERS, embedding.DEFAULT, missing)
    knowledge = await Knowledge.open(transact)
    assert knowledge.embedder is None
    assert knowledge.notice is not None
    assert "setup-model" in knowledge.notice
    assert "by words alone" in caplog.text
    await ingest(knowledge, workspace, base, "plain", GUIDE)
    (first, *_) = await knowledge.search(workspace, [base], "embed on a website")
    assert first.title.endswith("On your website")
    assert first.cosine == 0


async def test_a_base_of_another_embedder_is_refused_before_the_work(
    transact: Transact, workspace: str, bases: Bases, words: WordEmbedder
) -> None:
    other = await bases.make(workspace, "another")
    with pytest.raises(EmbedderDiffers, match="OPSLOOM_EMBEDDER"):
        await ingest(Knowledge(transact, words), workspace, other, "x", GUIDE)
    with pytest.raises(NoSuchBase):
        await ingest(Knowledge(transact, words), workspace, "kb_of_nobody", "x", GUIDE)
    assert words.embedded == 0


async def test_empty_questions_and_odd_limits(
    transact: Transact, workspace: str, base: str, words: WordEmbedder
) -> None:
    knowledge = Knowledge(transact, words)
    await ingest(knowledge, workspace, base, "odd", GUIDE)
    assert await knowledge.search(workspace, [base], " \x00\n") == []
    assert await knowledge.search(workspace, [], "website") == []
    assert len(await knowledge.search(workspace, [base], "website", 0)) == 1
    assert 1 < len(await knowledge.search(workspace, [base], "website " * 5_000, 10_000)) <= 50


async def test_many_documents_at_once(transact: Transact, workspace: str, base: str, words: WordEmbedder) -> None:
    knowledge = Knowledge(transact, words)
    items = [(f"many-{number}", Content(data=f"Note {number} about topic{number}.".encode())) for number in range(600)]
    items[7] = ("many-7", Content(data=b"\x89PNG\r\n\x1a\n\x00"))
    outcomes = [outcome async for outcome in knowledge.ingest_many(workspace, base, items)]
    assert {outcome.document for outcome in outcomes} == {name for name, _ in items}
    assert [outcome.document for outcome in outcomes if outcome.error] == ["many-7"]
    assert sum(outcome.chunks for outcome in outcomes) == 599 == words.embedded
    for number in (0, 300, 599):
        (first, *_) = await knowledge.search(workspace, [base], f"topic{number}")
        assert first.document == f"many-{number}"
    assert await knowledge.remove(workspace, "many-0")
    assert await knowledge.remove_base(workspace, base)


async def test_one_of_many_that_was_removed_stops_nobody_else(
    transact: Transact, workspace: str, base: str, words: WordEmbedder
) -> None:
    knowledge = Knowledge(transact, words)
    for name in ("first", "last"):
        await ingest(knowledge, workspace, base, name, f"The earlier {name} one.")
    items = [(name, Content(data=f"The newer {name} one.".encode())) for name in ("first", "gone", "last")]
    outcomes = [outcome async for outcome in knowledge.ingest_many(workspace, base, items, create=False)]
    assert {outcome.document: outcome.error and outcome.error.code for outcome in outcomes} == {
        "first": None,
        "gone": "not_found",
        "last": None,
    }
    found = await knowledge.search(workspace, [base], "newer earlier")
    assert {passage.text for passage in found} == {"The newer first one.", "The newer last one."}


async def test_what_was_removed_meanwhile_stays_removed(
    transact: Transact, workspace: str, base: str, words: WordEmbedder
) -> None:
    knowledge = Knowledge(transact, words)
    await ingest(knowledge, workspace, base, "fleeting", GUIDE)
    steps = knowledge.ingest(workspace, base, "fleeting", Content(data=b"New words."), create=False)
    assert (await anext(steps)).stage == "loading"
    await knowledge.remove(workspace, "fleeting")
    with pytest.raises(NoSuchDocument):
        await exhaust(steps)
    assert await knowledge.search(workspace, [base], "website new words") == []
