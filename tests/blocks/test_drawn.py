"""Random data of every kind: what is valid is shown and said, what is broken is refused with the place."""

import json
import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from blocks.drawing import data_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opsloom_blocks import BLOCKS, BlockError, make_block, plain, schema, validate
from opsloom_protocol.codec import decode_server, encode
from opsloom_protocol.frames import BlockRender

APP_DATA = re.compile(r"(^|/data)/data(/|$)")
"""Where an app's own figures stand, at the top or in a block that holds it: whatever JSON they are."""

# Nested kinds are drawn deep, and one that a rule forbids is drawn again.
drawn = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def checked(kind: str, data: Any) -> Any:
    """The data as they are shown; None where a rule across fields forbids them."""
    try:
        return plain(validate(kind, data))
    except BlockError:
        return None


def refused(kind: str, data: Any) -> list[str]:
    """The places that are wrong."""
    try:
        validate(kind, data)
    except BlockError as error:
        return [issue.path for issue in error.issues]
    return []


def spots(value: Any, path: str = "") -> list[str]:
    """Pointers to everything below the top."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, item in inner:
        place = f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"
        found += [place, *spots(item, place)]
    return found


def broken(value: Any, steps: list[str], by: Any) -> Any:
    if not steps:
        return by
    head = steps[0].replace("~1", "/").replace("~0", "~")
    if isinstance(value, dict):
        return {key: broken(item, steps[1:], by) if key == head else item for key, item in value.items()}
    return [broken(item, steps[1:], by) if str(at) == head else item for at, item in enumerate(value)]


def leads_to(path: str, place: str) -> bool:
    """Whether a pointer names the place, something in it, or what holds it."""
    return all(one in (other, "*") for one, other in zip(path.split("/"), place.split("/"), strict=False))


@pytest.mark.parametrize("kind", BLOCKS)
@drawn
@given(draw=st.data())
def test_valid_data_are_shown_and_said(kind: str, draw: st.DataObject) -> None:
    data = draw.draw(data_of(BLOCKS[kind]))
    shown = checked(kind, data)
    if shown is None:
        return
    block = make_block(kind, data, "blk_1")
    assert block.data == shown
    assert block.fallback.strip()
    assert plain(validate(kind, shown)) == shown
    assert json.loads(json.dumps(shown)) == shown
    jsonschema.Draft202012Validator(schema(BLOCKS[kind])).validate(shown)
    frame = BlockRender(seq=1, part=0, block=block)
    assert decode_server(encode(frame)) == frame


@pytest.mark.parametrize("kind", BLOCKS)
def test_what_is_drawn_is_mostly_valid(kind: str) -> None:
    """Else the test above would hold for nothing."""
    seen = []

    @settings(drawn, database=None, derandomize=True)
    @given(data=data_of(BLOCKS[kind]))
    def look(data: Any) -> None:
        seen.append(checked(kind, data) is not None)

    look()
    assert sum(seen) > len(seen) / 3


@pytest.mark.parametrize("kind", BLOCKS)
@drawn
@given(draw=st.data())
def test_broken_data_are_refused_with_the_place(kind: str, draw: st.DataObject) -> None:
    data = draw.draw(data_of(BLOCKS[kind]).filter(lambda data: checked(kind, data) is not None))
    place = draw.draw(st.sampled_from(spots(data)))
    by = draw.draw(st.sampled_from([{"no": ["such"]}, [[{}]], 5e300, "x" * 70_000]))
    paths = refused(kind, broken(data, place.split("/")[1:], by))
    if paths:
        assert any(leads_to(path, place) for path in paths), (place, paths)
    else:
        anything = "arguments" in place or APP_DATA.search(place)
        assert anything or isinstance(by, float) or (isinstance(by, str) and place.endswith("/html"))
