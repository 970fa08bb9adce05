"""Data that fit no kind, in words: readable, short, and never a failure."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opsloom_blocks import in_words
from opsloom_blocks.words import WORDS_CHARS, spoken

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)


@settings(max_examples=150, deadline=None)
@given(raw=VALUES)
def test_any_json_is_said_or_nothing(raw: Any) -> None:
    text = spoken(raw)
    assert "\0" not in text
    assert text == text.strip()
    assert len(text) <= WORDS_CHARS + 1
    block = in_words(raw, "blk_1")
    assert (block is None) == (text == "")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ({"rows": [{"name": "North", "n": 5.0}], "title": "Orders"}, "Orders\nrows:\n  - North\n    n: 5"),
        ({"ok": True, "none": None, "list": []}, "ok: yes"),
        (["a", ["b", ["c"]]], "- a\n- - b\n  - - c"),
        ("Just this", "Just this"),
        ({}, ""),
        (float("nan"), ""),
        (10**400, ""),
    ],
)
def test_in_words(raw: Any, text: str) -> None:
    assert spoken(raw) == text


def test_what_is_long_or_deep_is_cut() -> None:
    assert spoken(["word " * 10] * 1000).endswith("…")
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    assert spoken(deep) == ""
    assert spoken("x" * 10_000) == "x" * WORDS_CHARS + "…"
