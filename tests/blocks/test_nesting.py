"""Blocks inside blocks: completed, limited, changed by a pointer, and open to kinds that others add."""

import time
from pathlib import Path
from typing import Any

import pytest
from opsloom_blocks import BLOCKS, BlockError, BlockKind, Holder, load_blocks, make_block, patched, schema, validate
from opsloom_protocol.messages import PatchOp

NOTICE = {"kind": "notice", "data": {"text": "Inside"}}
PAIR = """
from typing import Annotated

from msgspec import Meta
from opsloom_blocks import BlockKind, Data, Holder, Part

class Weather(Data, frozen=True, kw_only=True):
    city: Annotated[str, Meta(max_length=100)]

class WeatherKind(BlockKind[Weather]):
    kind, title, about = "weather", "Show the weather", "Shows the weather of a city."
    data, example = Weather, Weather(city="Oslo")

    def fallback(self, data):
        return f"Weather of {data.city}"

class Pair(Data, frozen=True, kw_only=True):
    left: Part
    right: Part

class PairKind(Holder[Pair]):
    kind, title, about = "pair", "Show two", "Shows two blocks."
    data = Pair
    example = Pair(left=Part(kind="notice", data={"text": "Left"}), right=Part(kind="weather", data={"city": "Oslo"}))

    def fallback(self, data):
        return "\\n".join(self.words([data.left, data.right]))

BLOCKS = [WeatherKind(), PairKind]
"""


def inside(levels: int, part: dict[str, Any]) -> dict[str, Any]:
    """A layout's data with the part so many levels down."""
    data = {"items": [part]}
    for _ in range(levels - 1):
        data = {"items": [{"kind": "layout", "data": data}]}
    return data


def places(data: Any, kind: str = "layout") -> list[str]:
    with pytest.raises(BlockError) as caught:
        validate(kind, data)
    return [issue.path for issue in caught.value.issues]


def test_what_is_inside_is_completed_at_every_level() -> None:
    block = make_block("layout", inside(3, NOTICE), "blk_1")
    data = block.data["items"][0]["data"]
    assert data["direction"] == "column"
    assert data["items"][0]["data"]["items"][0]["data"] == {"text": "Inside", "tone": "info"}
    assert block.fallback == "Note: Inside"
    assert block.state is None


def test_limits_of_depth_and_number() -> None:
    assert validate("layout", inside(3, NOTICE))
    assert places(inside(4, NOTICE)) == ["/items/0/data/items/0/data/items/0/data/items/0"]
    full = [{"kind": "layout", "data": {"items": [NOTICE] * count}} for count in (20, 20, 7)]
    assert validate("layout", {"items": full})
    assert places({"items": [*full, NOTICE]}) == ["/items/3"]


def test_bombs_are_refused_quickly() -> None:
    wide: dict[str, Any] = NOTICE
    for _ in range(3):
        wide = {"kind": "layout", "data": {"items": [wide] * 20}}
    started = time.perf_counter()
    assert places(wide["data"])
    assert places(inside(150, NOTICE))
    assert time.perf_counter() - started < 1


def test_every_issue_inside_is_told_at_once() -> None:
    table = {"kind": "table", "data": {"columns": [{"key": "a", "label": "A", "type": "number"}], "rows": [{"a": "x"}]}}
    found = places({"items": [table, {"kind": "choices", "data": {}}, {"kind": "notice", "data": {}}], "weights": [1]})
    assert found == ["/weights", "/items/0/data/rows/0/a", "/items/1/kind", "/items/2/data"]


def test_a_part_is_changed_by_a_pointer_into_the_whole() -> None:
    tasks = {"kind": "tasks", "data": {"title": "Plan", "tasks": [{"label": "Look"}]}}
    block = make_block("tabs", {"tabs": [{"label": "Plan", "items": [tasks]}]}, "blk_1")
    path = "/tabs/0/items/0/data/tasks/0/status"
    after = patched(block, [PatchOp(op="set", path=path, value="done")])
    assert after.fallback == "Plan:\nPlan (1 of 1 done)\n[x] Look"
    with pytest.raises(BlockError, match=path):
        patched(block, [PatchOp(op="set", path=path, value="well")])


def test_kinds_of_others_hold_and_are_held(tmp_path: Path) -> None:
    (tmp_path / "pair.py").write_text(PAIR, encoding="utf-8")
    kinds = load_blocks(tmp_path)
    weather = {"kind": "weather", "data": {"city": "Rome"}}
    assert make_block("layout", {"items": [weather]}, "b", kinds).fallback == "Weather of Rome"
    assert (
        make_block("pair", {"left": weather, "right": NOTICE}, "b", kinds).fallback == "Weather of Rome\nNote: Inside"
    )
    assert make_block(
        "card", {"title": "t", "items": [{"kind": "pair", "data": {"left": weather, "right": weather}}]}, "b", kinds
    )
    with pytest.raises(BlockError) as caught:
        validate("pair", {"left": {"kind": "weather", "data": {"city": 5}}, "right": NOTICE}, kinds)
    assert [issue.path for issue in caught.value.issues] == ["/left/data/city"]
    assert {"weather", "pair"} <= set(schema(kinds["layout"])["$defs"]["Part"]["properties"]["kind"]["enum"])
    assert places({"items": [weather]}) == ["/items/0/kind"]  # what comes with the package stays as it is


def test_holders_know_the_whole_catalogue() -> None:
    holders: list[BlockKind[Any]] = [kind for kind in BLOCKS.values() if isinstance(kind, Holder)]
    assert [kind.kind for kind in holders] == ["card", "carousel", "accordion", "tabs", "layout"]
    assert all(set(kind.kinds) == set(BLOCKS) for kind in holders if isinstance(kind, Holder))
