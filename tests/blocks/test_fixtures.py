"""`blocks/fixtures/<kind>.json`, which the browser's tests read as well: what is valid, what is not and where, and what
comes of an action."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from opsloom_blocks import BLOCKS, BlockError, act, make_block, plain, schema, validate

FOLDER = Path(__file__).parents[2] / "blocks" / "fixtures"
FIXTURES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
VALID = {f"{kind}: {one['name']}": (kind, one) for kind, them in FIXTURES.items() for one in them["valid"]}
INVALID = {f"{kind}: {one['name']}": (kind, one) for kind, them in FIXTURES.items() for one in them["invalid"]}
ACTS = {f"{kind}: {at}": (kind, one) for kind, them in FIXTURES.items() for at, one in enumerate(them["acts"])}


def test_every_kind_has_its_fixture() -> None:
    assert set(FIXTURES) == set(BLOCKS)
    for kind, found in FIXTURES.items():
        assert found["kind"] == kind
        assert len(found["valid"]) >= 2
        assert len(found["invalid"]) >= 3
        done = {one["action"] for one in found["acts"] if "kept" in one}
        assert done == set(BLOCKS[kind].actions)


@pytest.mark.parametrize(("kind", "one"), VALID.values(), ids=VALID)
def test_valid_data_travel_unchanged_and_are_said_in_words(kind: str, one: dict[str, Any]) -> None:
    assert plain(validate(kind, one["data"])) == one["data"]
    block = make_block(kind, one["data"], "blk_1")
    assert block.data == one["data"]
    assert block.fallback == one["fallback"]
    jsonschema.Draft202012Validator(schema(BLOCKS[kind])).validate(one["data"])


@pytest.mark.parametrize(("kind", "one"), INVALID.values(), ids=INVALID)
def test_invalid_data_are_refused_with_the_place(kind: str, one: dict[str, Any]) -> None:
    with pytest.raises(BlockError) as caught:
        validate(kind, one["data"])
    assert [issue.path for issue in caught.value.issues] == one["issues"]
    assert all(issue.text.strip() for issue in caught.value.issues)


@pytest.mark.parametrize(("kind", "one"), ACTS.values(), ids=ACTS)
def test_an_action_is_kept_or_refused(kind: str, one: dict[str, Any]) -> None:
    (data,) = [valid["data"] for valid in FIXTURES[kind]["valid"] if valid["name"] == one["on"]]
    block = make_block(kind, data, "blk_1")
    running = one["action"] in BLOCKS[kind].cancels
    if "issues" in one:
        with pytest.raises(BlockError) as caught:
            act(block, one["action"], one["values"], running=running)
        assert [issue.path for issue in caught.value.issues] == one["issues"]
        return
    acted = act(block, one["action"], one["values"], running=running)
    assert acted.state.status == ("open" if one["action"] in BLOCKS[kind].handled else "answered")
    assert acted.state.values == one["kept"]
    assert acted.summary == one["summary"]
