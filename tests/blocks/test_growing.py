"""Blocks that are seen while their JSON is written: whatever the data, and however they are cut."""

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opsloom_blocks import (
    BLOCKS,
    WHOLE,
    BlockError,
    BlockKind,
    Data,
    GrowingBlock,
    Holder,
    Part,
    as_left,
    grown,
    make_block,
)
from opsloom_blocks.catalogue import together
from opsloom_protocol.messages import Block
from opsloom_protocol.patching import patch

from blocks import growth

FIXTURES = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parents[2] / "blocks" / "fixtures").glob("*.json"))
]
VALID = [(fixture["kind"], case["data"]) for fixture in FIXTURES for case in fixture["valid"]]
INVALID = [(fixture["kind"], case["data"]) for fixture in FIXTURES for case in fixture["invalid"]]
SHORT = [(kind, data) for kind, data in VALID if len(json.dumps(data)) < 900]


def written(pieces: list[str], kind: str, kinds: Any = BLOCKS) -> tuple[list[Block], GrowingBlock]:
    """The block as people see it after each piece, from when it opens."""
    growing = GrowingBlock(kinds[kind], "blk_1", kinds)
    seen: list[Block] = []
    for piece in pieces:
        growing.write(piece)
        if not seen:
            opened = growing.open()
            seen += [opened] if opened is not None else []
        else:
            ops = growing.take()
            assert all(op.op in ("set", "append") for op in ops)
            held = seen[-1]
            seen.append(_changed(held, ops))
    return seen, growing


def _changed(held: Block, ops: Any) -> Block:
    return Block(
        id=held.id,
        kind=held.kind,
        version=held.version + 1,
        data=patch(held.data, ops),
        fallback=held.fallback,
        growing=True,
    )


def begins(part: Any, whole: Any) -> bool:
    """Whether the one can grow into the other: texts and lists go on, keys are added."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and begins(value, whole[key]) for key, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(begins(a, b) for a, b in zip(part, whole, strict=False))
    if isinstance(part, str) and isinstance(whole, str):
        return whole.startswith(part)
    return bool(part == whole)


def cut(text: str, places: list[int]) -> list[str]:
    ends = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(ends)]


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same with the keys of its objects in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


@settings(max_examples=150, deadline=None)
@given(
    case=st.sampled_from(VALID),
    places=st.lists(st.integers(0, 100_000), max_size=30),
    dumped=st.sampled_from([{"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}]),
    seed=st.none() | st.integers(0, 1000),
)
def test_however_it_is_cut_it_becomes_what_it_is_when_it_comes_whole(
    case: tuple[str, Any], places: list[int], dumped: dict[str, Any], seed: int | None
) -> None:
    kind, data = case
    text = json.dumps(data if seed is None else shuffled(data, random.Random(seed)), **dumped)
    seen, growing = written(cut(text, places), kind)
    whole = make_block(kind, data, "blk_1")
    assert growing.whole
    assert not growing.unfit
    for block in seen:
        assert block.growing
        assert block.fallback
        assert begins(block.data, whole.data)
    if seen:
        ops, end = grown(seen[-1], whole)
        assert patch(seen[-1].data, ops) == whole.data
        assert (end.fallback, end.state) == (whole.fallback, whole.state)
        # What the last patch brings is what was left out of the data and has a default.
        assert len(ops) <= 12 or kind == "layout"


@pytest.mark.parametrize(("kind", "data"), SHORT)
def test_letter_by_letter_each_state_is_sound_or_becomes_words(kind: str, data: Any) -> None:
    seen, growing = written(list(json.dumps(data)), kind)
    assert growing.whole
    assert seen, "it opens before its last letter"
    assert seen[0] is not seen[-1]
    for block in seen[:: max(1, len(seen) // 25)]:
        left = as_left(block)
        assert not left.growing
        assert left.fallback.strip()
        assert left.kind == "text" or (left.state is None and make_block(kind, left.data, "blk_1").data == left.data)
        if BLOCKS[kind].actions.keys() - BLOCKS[kind].cancels:
            assert left.kind == "text"


@pytest.mark.parametrize(("kind", "data"), INVALID)
def test_what_is_wrong_never_breaks_and_is_shown_only_as_far_as_it_is_right(kind: str, data: Any) -> None:
    text = json.dumps(data)
    size = max(3, len(text) // 100)
    seen, _ = written([text[at : at + size] for at in range(0, len(text), size)], kind)
    with pytest.raises(BlockError):
        make_block(kind, data, "blk_1")
    for block in seen:
        assert begins(block.data, json.loads(text)) or _completed(block.data, json.loads(text))
        assert as_left(block).fallback.strip()


def _completed(part: Any, whole: Any) -> bool:
    """The same, but for the defaults of what came whole and the nulls that it leaves out."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key not in whole or _completed(value, whole[key]) for key, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(_completed(a, b) for a, b in zip(part, whole, strict=False))
    return begins(part, whole)


@settings(max_examples=100, deadline=None)
@given(
    case=st.sampled_from(SHORT),
    damage=st.lists(st.tuples(st.integers(0, 10_000), st.text(max_size=3), st.integers(0, 3)), min_size=1, max_size=3),
    places=st.lists(st.integers(0, 100_000), max_size=10),
)
def test_text_that_is_no_json_or_another_never_breaks(
    case: tuple[str, Any], damage: list[tuple[int, str, int]], places: list[int]
) -> None:
    kind, data = case
    text = json.dumps(data)
    for at, more, less in damage:
        at %= len(text) + 1
        text = text[:at] + more + text[at + less :]
    seen, growing = written(cut(text, places), kind)
    for block in seen[-1:]:
        assert as_left(block).fallback.strip()
    try:
        whole = make_block(kind, json.loads(text), "blk_1")
    except ValueError:
        return
    if seen:
        ops, _ = grown(seen[-1], whole)
        assert patch(seen[-1].data, ops) == whole.data
    assert growing.whole or growing.unfit


@settings(max_examples=100, deadline=None)
@given(words=st.text(min_size=1, max_size=40), places=st.lists(st.integers(0, 500), max_size=40), escaped=st.booleans())
def test_a_text_grows_letter_by_letter_whatever_its_letters(words: str, places: list[int], escaped: bool) -> None:
    text = json.dumps({"text": words}, ensure_ascii=escaped)
    seen, _ = written(cut(text, places), "notice")
    for block in seen:
        assert words.startswith(block.data["text"])
        assert "\0" not in block.data["text"]
        json.dumps(block.data).encode()
    if seen and "\0" not in words:
        assert seen[-1].data["text"] == words


def test_the_growth_that_both_ends_read_is_fresh() -> None:
    assert growth.PATH.read_text(encoding="utf-8") == growth.text(), "stale: run `python -m blocks.growth` in tests/"


def first(kind: str, text: str) -> Any:
    """What is seen first of it, letter by letter, and what of it had come."""
    growing = GrowingBlock(BLOCKS[kind], "blk_1")
    for at, letter in enumerate(text):
        growing.write(letter)
        if (block := growing.open()) is not None:
            return block.data, text[: at + 1]
    return None, text


def test_a_block_opens_when_what_it_cannot_be_without_is_there() -> None:
    table: dict[str, Any] = {"columns": [{"key": "a", "label": "A"}], "rows": [{"a": 1}], "title": "T"}
    data, came = first("table", json.dumps(table))
    assert data == {"columns": [{"key": "a", "label": "A", "type": "text"}], "rows": []}
    assert came.endswith('"rows": [')
    data, came = first("choices", '{"prompt": "Which?", "options": [{"id": "a", "label": "A"}, {"id"')
    assert data["options"] == [{"id": "a", "label": "A"}]
    assert came.endswith('"A"}')
    chart = '{"title": "T", "type": "bar", "labels": ["a", "b"], "series": [{"name": "s", "values": [1'
    data, _ = first("chart", chart)
    assert data["series"] == [{"name": "s", "values": []}]
    # Not with what the kind's own check refuses already.
    assert first("table", json.dumps({**table, "columns": table["columns"] * 2}))[0] is None
    assert first("chart", chart.replace("bar", "bars"))[0] is None


def test_addresses_ids_and_choices_of_words_come_whole() -> None:
    data, _ = first("link", '{"title": "Docs", "url": "https://example.com/a')
    assert data is None
    seen, _ = written(list('{"file": "fil_0123456789abcdef0123456789abcdef", "alt": "A cat'), "image")
    assert {block.data["file"] for block in seen} == {"fil_0123456789abcdef0123456789abcdef"}
    seen, _ = written(list('{"code": "x = 1", "language": "python"'), "code")
    assert {block.data.get("language") for block in seen} == {None, "python"}


def test_parts_grow_inside_as_their_own_kind_does() -> None:
    layout = {"items": [{"data": {"text": "First"}, "kind": "notice"}, {"kind": "code", "data": {"code": "x = 1"}}]}
    seen, _ = written(list(json.dumps({"direction": "row", **layout})), "layout")
    codes = [block.data["items"][1]["data"]["code"] for block in seen if len(block.data["items"]) > 1]
    assert codes[:3] == ["x", "x ", "x ="]
    assert next(len(block.data["items"]) for block in seen) == 1
    asks = {"direction": "row", "items": [{"kind": "form", "data": {"title": "No", "fields": []}}]}
    assert first("layout", json.dumps(asks))[0] is None


class Leaf(Data, frozen=True, kw_only=True):
    name: Annotated[str, WHOLE]
    note: str = ""


class Tree(Data, frozen=True, kw_only=True):
    title: str
    part: Part | None = None
    leaf: Leaf | None = None
    tree: "Tree | None" = None


class TreeKind(Holder[Tree]):
    kind = "tree"
    title = "Show a tree"
    about = "A shape that holds itself."
    data = Tree
    example = Tree(title="t")

    def fallback(self, data: Tree) -> str:
        return data.title


class Fussy(BlockKind[Leaf]):
    kind = "fussy"
    title = "Fussy"
    about = "It counts on whole data."
    data = Leaf
    example = Leaf(name="n", note="abc")

    def fallback(self, data: Leaf) -> str:
        return data.note[2]


def test_a_kind_of_ones_own_grows_without_a_word_about_it() -> None:
    kinds = together([*BLOCKS.values(), TreeKind(), Fussy()])
    data = {
        "title": "Root",
        "part": {"kind": "notice", "data": {"text": "Hello"}},
        "leaf": {"name": "oak", "note": "old"},
        "tree": {"title": "Inner", "tree": {"title": "Innermost"}},
    }
    seen, growing = written(list(json.dumps(data)), "tree", kinds)
    assert seen[-1].data == data
    assert not growing.unfit
    assert {block.data["leaf"]["name"] for block in seen if "leaf" in block.data} == {"oak"}
    assert {block.data["leaf"].get("note") for block in seen if "leaf" in block.data} >= {"o", "ol", "old"}
    # A kind whose words fail on half data opens when they do not.
    seen, _ = written(list('{"name": "x", "note": "abcdefghijkl"}'), "fussy", kinds)
    assert seen[0].fallback == "c"


def test_a_table_that_is_long_sends_each_row_once() -> None:
    rows = [{"n": n, "words": f"row {n}"} for n in range(3_000)]
    text = json.dumps({"columns": [{"key": "n", "label": "N"}, {"key": "words", "label": "W"}], "rows": rows})
    growing = GrowingBlock(BLOCKS["table"], "blk_1")
    sent: list[Any] = []
    opened = False
    for at in range(0, len(text), 97):
        growing.write(text[at : at + 97])
        if not opened:
            opened = growing.open() is not None
            continue
        for op in growing.take():
            assert (op.op, op.path) == ("append", "/rows")
            sent += op.value
    assert sent == rows
