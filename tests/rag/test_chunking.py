"""Chunks: their place in the text is exact, they fit the embedder, they know their headings and pages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opsloom_rag.chunking import RoughCounter, embedded_text, split
from opsloom_rag.embedding.minilm import MiniLM
from opsloom_rag.loading import Heading, Loaded, load
from opsloom_rag.passages import Content

from rag.papers import WordEmbedder, pdf

SENTENCE = "The server keeps every answer, and a reader that was away gets the part it missed. "
LINES = st.sampled_from(
    [
        "# Top",
        "## Part",
        "### Piece",
        "",
        "",
        "words " * 30,
        SENTENCE * 4,
        "- item one",
        "| a | b |",
        "```",
        "漢字" * 40,
        "x" * 300,
        "👋 é",
    ]
)


def loaded(text: str, markup: str = "markdown", **more: object) -> Loaded:
    return Loaded(title="Doc", text=text, media_type="text/markdown", markup=markup, **more)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=120)
@given(st.lists(LINES, min_size=1, max_size=40), st.sampled_from(["markdown", "plain"]))
def test_places_are_exact_and_nothing_is_too_long(lines: list[str], markup: str) -> None:
    document = loaded("\n".join(lines), markup)
    counter = WordEmbedder()
    pieces = split(document, counter)
    for piece in pieces:
        assert document.text[piece.start : piece.end] == piece.text
        assert piece.text.strip()
    for counted, piece in zip(counter.count([embedded_text(piece) for piece in pieces]), pieces, strict=True):
        assert counted <= counter.tokens
        assert counted <= piece.tokens
    starts = [piece.start for piece in pieces]
    assert starts == sorted(starts)
    covered = "".join(piece.text for piece in pieces)
    assert "".join(covered.split()) == "".join(document.text.split()), "nothing is lost, nothing twice"


async def test_each_chunk_carries_the_path_of_its_headings(minilm: MiniLM) -> None:
    text = f"# Guide\n\n{SENTENCE * 9}\n\n## Install\n\n### Linux\n\n{SENTENCE * 9}\n\n## Use\n\n{SENTENCE * 9}\n"
    pieces = split(await load(Content(data=text.encode(), name="a.md")), minilm)
    assert [piece.title for piece in pieces] == ["Guide", "Guide \u203a Install", "Guide \u203a Use"]
    assert pieces[1].text.startswith("## Install")


def test_a_long_path_is_shortened_and_a_long_title_cut(minilm: MiniLM) -> None:
    headings = [Heading(0, level, f"A heading of level {level} with a good many words in it") for level in range(1, 6)]
    path = split(loaded("words", headings=headings), minilm)[0].title
    assert path == "Doc \u203a A heading of level 5 with a good many words in it"
    giant = Loaded(title="long " * 400, text=SENTENCE * 40, media_type="text/plain", markup="plain")
    pieces = split(giant, minilm)
    assert max(minilm.count([embedded_text(piece) for piece in pieces])) <= minilm.tokens


def test_dense_text_is_cut_by_tokens(minilm: MiniLM) -> None:
    text = "服务器保存每个答案。" * 300 + "0x1f,0x2e;" * 300
    pieces = split(loaded(text, "plain"), minilm)
    assert max(minilm.count([embedded_text(piece) for piece in pieces])) <= minilm.tokens
    assert "".join(piece.text for piece in pieces) == text
    assert min(piece.tokens for piece in pieces[:-1]) > 100, "no crumbs"


def test_a_short_rest_joins_its_neighbour(minilm: MiniLM) -> None:
    text = SENTENCE * 12 + "The end."
    assert len(text) > 1_000
    assert len(split(loaded(text, "plain"), minilm)) == 1


async def test_pages(minilm: MiniLM) -> None:
    document = await load(Content(data=pdf(["\n".join([SENTENCE] * 8), "\n".join([SENTENCE] * 8), "The last one."])))
    pieces = split(document, minilm)
    assert pieces[0].page == 1
    assert {piece.page for piece in pieces} >= {1, 2}
    for piece in pieces:
        number = max(page for page, start in document.pages if start <= piece.start)
        assert piece.page == number


@pytest.mark.parametrize("text", ["One line.", "a"])
def test_small_documents_are_one_chunk(text: str) -> None:
    assert [piece.text for piece in split(loaded(text), RoughCounter())] == [text]
