"""Blocks in a terminal: every kind is shown, in its width, and what is drawn says what the data say."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from opsloom_client.drawing import _width, drawn
from opsloom_client.screen import Screen, cleaned
from opsloom_protocol.messages import Block, BlockPart, Message, View

FOLDER = Path(__file__).parents[2] / "blocks" / "fixtures"
CASES = {
    f"{path.stem}: {one['name']}": Block(id="b", kind=path.stem, version=1, data=one["data"], fallback=one["fallback"])
    for path in sorted(FOLDER.glob("*.json"))
    for one in json.loads(path.read_text(encoding="utf-8"))["valid"]
}


class Out(io.StringIO):
    def __init__(self, live: bool) -> None:
        super().__init__()
        self.live = live

    def isatty(self) -> bool:
        return self.live


def show(kind: str, data: Any, width: int = 60) -> str:
    return drawn(Block(id="b", kind=kind, version=1, data=data, fallback="in words"), width)


@pytest.mark.parametrize("block", CASES.values(), ids=CASES)
@pytest.mark.parametrize("width", [20, 80, 200])
def test_every_kind_is_shown(block: Block, width: int) -> None:
    text = drawn(cleaned(block), width)
    assert text.strip()
    if text != block.fallback and block.kind in ("table", "chart"):
        # A title may be long; everything below it keeps to the width.
        assert all(_width(line) <= width for line in text.splitlines()[1:])


def test_a_table_stands_in_columns() -> None:
    columns = [{"key": "a", "label": "Region"}, {"key": "n", "label": "Orders", "type": "number", "unit": "pcs"}]
    rows = [{"a": "North", "n": 124}, {"a": "東京", "n": 9.5}, {"a": None, "n": None}]
    assert show("table", {"title": "Sales", "columns": columns, "rows": rows, "total": 9}).splitlines() == [
        "Sales",
        "Region  Orders (pcs)",
        "──────  ────────────",
        "North            124",
        "東京             9.5",
        "-                  -",
        "… and 6 more rows",
    ]
    narrow = show("table", {"columns": columns, "rows": [{"a": "A very long name of a region", "n": 1}]}, 24)
    assert narrow.splitlines()[2] == "A very lon…            1"
    many = [{"key": f"c{at}", "label": f"Column {at}"} for at in range(20)]
    assert show("table", {"columns": many, "rows": []}) == "in words"


def test_a_chart_is_bars_or_a_line() -> None:
    chart = {"title": "Orders", "type": "bar", "labels": ["May", "June"], "series": [{"name": "N", "values": [10, 5]}]}
    assert show("chart", chart, 20).splitlines() == ["Orders", "May  10 ████████████", "June  5 ██████"]
    below = show("chart", {**chart, "series": [{"name": "N", "values": [-10, None]}]}, 20).splitlines()
    assert below == ["Orders", "May  -10 ███████████", "June   -"]
    line = {**chart, "type": "line", "series": [{"name": "N", "values": [0, None, 7]}]}
    assert show("chart", line) == "Orders\nN  ▁ █ 0 → 7"
    assert show("chart", {**chart, "type": "scatter"}) == "in words"


def test_progress_is_a_bar_with_stages() -> None:
    stages = [{"label": "Read", "status": "done"}, {"label": "Write", "status": "running", "done": 0.5}]
    text = show("progress", {"title": "Work", "stages": stages, "note": "Page 2"}, 18)
    assert text.splitlines() == ["Work", "[███████▌··] 75 %", "✓ Read", "· Write", "Page 2"]
    assert show("progress", {"title": "Work"}) == "Work"


@pytest.mark.parametrize("data", [None, {}, {"columns": 5}, {"columns": [], "rows": []}, []])
@pytest.mark.parametrize("kind", ["table", "chart", "progress", "sql", "spaceship"])
def test_what_is_not_understood_is_said_in_its_own_words(kind: str, data: Any) -> None:
    assert show(kind, data).strip()


EVIL = "a\x1b]0;title\x07b\x1b[2Jc\rd\x9b5ne\u202ef\x00"


def poisoned(value: Any) -> Any:
    """The value with something evil in each of its texts that names nothing."""
    if isinstance(value, dict):
        fixed = ("key", "type", "status", "kind", "direction")
        return {key: item if key in fixed else poisoned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item) for item in value]
    return f"{value}{EVIL}" if isinstance(value, str) else value


@pytest.mark.parametrize("block", CASES.values(), ids=CASES)
def test_nothing_drawn_can_steer_the_terminal(block: Block) -> None:
    evil = replace(block, data=poisoned(block.data), fallback=poisoned(block.fallback))
    for live in (True, False):
        out = Out(live)
        view = Screen(out)
        message = Message(
            id="a",
            role="assistant",
            parent="q",
            siblings=(),
            created_at="",
            status="done",
            parts=(BlockPart(block=evil),),
        )
        view.update(message)
        view.end(message)
        assert out.getvalue().strip()
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out.getvalue())


def test_a_kind_that_is_not_known_is_drawn_by_its_view() -> None:
    view = View(kind="table", data={"columns": [{"key": "a", "label": "A"}], "rows": [{"a": "x"}]})
    unknown = Block(id="b", kind="weather", version=1, data={}, fallback="in words", view=view)
    assert drawn(unknown, 60).splitlines() == ["A", "─", "x"]
    assert drawn(replace(unknown, view=View(kind="radar", data={})), 60) == "in words"


@pytest.mark.parametrize("live", [True, False])
def test_a_block_is_printed_when_it_is_whole(live: bool) -> None:
    """Paper does not grow."""
    data: dict[str, Any] = {"columns": [{"key": "a", "label": "A"}], "rows": []}
    half = Block(id="b", kind="table", version=1, data=data, fallback="A", growing=True)
    whole = Block(id="b", kind="table", version=3, data={**data, "rows": [{"a": "x"}]}, fallback="A\nx")
    out = Out(live=live)
    view = Screen(out)
    for block in (half, replace(half, version=2), whole):
        status = "done" if block is whole else "running"
        view.update(replace(EMPTY, parts=(BlockPart(block=block),), status=status))
        assert ("x" in out.getvalue()) == (block is whole)
    view.end(replace(EMPTY, parts=(BlockPart(block=whole),)))
    assert out.getvalue().count("x") == 1


EMPTY = Message(id="a", role="assistant", parent="q", siblings=(), created_at="", parts=(), status="done")
