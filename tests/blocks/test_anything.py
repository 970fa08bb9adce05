"""Whatever a model or a client sends: accepted and consistent, or refused in words. Never anything else."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opsloom_blocks import BLOCKS, BlockError, act, make_block, patched, plain, schema, validate
from opsloom_protocol.messages import PatchOp
from opsloom_protocol.patching import patch

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


def in_words(error: BlockError) -> None:
    assert error.issues
    assert all(issue.text.strip() for issue in error.issues)


def spots(value: Any, path: str = "") -> list[str]:
    """Every JSON Pointer into the value."""
    found = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            found += spots(item, f"{path}/{key}")
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += spots(item, f"{path}/{index}")
    return found


@st.composite
def damaged(draw: st.DrawFn, kind: str) -> tuple[Any, list[PatchOp]]:
    """A kind's example and a few changes anywhere in it."""
    data = plain(BLOCKS[kind].example)
    ops = draw(
        st.lists(
            st.builds(
                PatchOp,
                op=st.sampled_from(["set", "append", "remove"]),
                path=st.sampled_from(spots(data)) | st.sampled_from(["/no", "rows", "/rows/-", "/stages/-", "/0/~2"]),
                value=JSON,
            ),
            min_size=1,
            max_size=3,
        )
    )
    return data, ops


@pytest.mark.parametrize("kind", BLOCKS)
@settings(max_examples=60, deadline=None)
@given(draw=st.data())
def test_a_patched_block_is_valid_or_refused(kind: str, draw: st.DataObject) -> None:
    data, ops = draw.draw(damaged(kind))
    block = make_block(kind, data, "blk_1")
    try:
        after = patched(block, ops)
    except BlockError as refused:
        in_words(refused)
        return
    assert after.data == patch(block.data, ops)
    assert after.fallback.strip()
    assert after.version == block.version + 1
    jsonschema.Draft202012Validator(schema(BLOCKS[kind])).validate(after.data)
    assert plain(validate(kind, plain(validate(kind, after.data)))) == plain(validate(kind, after.data))


@pytest.mark.parametrize("kind", BLOCKS)
@settings(max_examples=60, deadline=None)
@given(raw=JSON)
def test_any_json_as_data_or_as_values(kind: str, raw: Any) -> None:
    with pytest.raises(BlockError):
        validate(kind, raw)
    block = make_block(kind, BLOCKS[kind].example, "blk_1")
    for action in (*BLOCKS[kind].actions, "other"):
        for values in (raw, {"choices": raw}, {"values": raw}, {"choices": [raw]}, {"values": {"name": raw}}):
            try:
                done = act(block, action, values, running=action in BLOCKS[kind].cancels)
            except BlockError as refused:
                in_words(refused)
            else:
                assert done.state.status == "answered"
                assert done.summary
