"""Quotes: always the document's own words at their place, and the ones that answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opsloom_rag.passages import Passage
from opsloom_rag.quoting import LONGEST, best_quote

OFFSET = 1_000


def passage(text: str) -> Passage:
    return Passage(
        chunk="c", document="d", knowledge_base="k", title="T", text=text, score=1, start=OFFSET, end=OFFSET + len(text)
    )


@given(st.text(max_size=80), st.text(alphabet=st.sampled_from('aB .!?\n#|-`*é漢。1()"'), min_size=1, max_size=1_200))
def test_a_quote_is_verbatim_at_its_place(query: str, text: str) -> None:
    quote, start, end = best_quote(query, passage(text))
    assert quote == text[start - OFFSET : end - OFFSET]
    assert 1 <= len(quote) <= LONGEST


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        (
            "How long is a ticket valid?",
            "Tickets are made by the server for one visitor only. A ticket is valid for thirty seconds and opens one "
            "connection. Afterwards it is worth nothing to anybody.",
            "A ticket is valid for thirty seconds and opens one connection.",
        ),
        (
            "which port does it use",
            "## Ports\n\nSome words first, of no interest to anyone.\n\n- The port is 8000 unless the variable PORT "
            "names another one.\n- Another thing entirely that nobody needs.",
            "The port is 8000 unless the variable PORT names another one.",
        ),
        (
            "embedding documents",
            "Use e.g. The Model. It embeds the documents of all the knowledge bases you have. Done.",
            "It embeds the documents of all the knowledge bases you have.",
        ),
        ("is it safe", "Is it safe? Yes. Every row is checked. Nothing else matters here at all.", "Is it safe? Yes."),
        ("zebra", "First sentence of the passage, with some words in it. Second sentence.", None),
        ("服务器 保存", "这里没有答案。服务器 保存 每个答案并且告诉每个人。", "服务器 保存 每个答案并且告诉每个人。"),
        (
            "Grüsse aus zurich",
            "Nothing here for you to see at all, really. Viele Grüße und mehr kommen aus Zürich.",
            None,
        ),
    ],
)
def test_the_sentence_that_answers(query: str, text: str, expected: str | None) -> None:
    quote = best_quote(query, passage(text)).text
    if expected is None:
        assert quote in text
    else:
        assert quote == expected


def test_a_table_row_is_quoted_where_there_is_nothing_else() -> None:
    text = "| name | port |\n|---|---|\n| web | 8000 |\n| database | 5432 |"
    assert best_quote("What about the database?", passage(text)).text == "| database | 5432 |"
