"""Patches: what the fixtures do not say (they hold the cases that both languages share)."""

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opsloom_protocol.errors import ProtocolError
from opsloom_protocol.messages import PatchOp
from opsloom_protocol.patching import patch

DATA = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "", "a/b", "~"]), inner),
    max_leaves=10,
)
TOKEN = st.sampled_from(["a", "b", "", "a~1b", "~0", "0", "1", "3", "-", "-1", "01", "x", "9" * 5000, "²", "\u0661"])
PATH = st.lists(TOKEN, max_size=4).map(lambda tokens: "".join(f"/{token}" for token in tokens)) | st.text(max_size=5)
OP = st.builds(PatchOp, op=st.sampled_from(["set", "append", "remove"]), path=PATH, value=DATA)


@settings(max_examples=500, deadline=None)
@given(DATA, st.lists(OP, max_size=4))
def test_never_another_error_and_never_a_changed_argument(data: Any, ops: list[PatchOp]) -> None:
    before = copy.deepcopy(data)
    with suppress(ProtocolError):
        patch(data, ops)
    assert data == before


@settings(max_examples=200, deadline=None)
@given(DATA, st.lists(OP, max_size=4), st.lists(OP, max_size=4))
def test_two_patches_are_one(data: Any, first: list[PatchOp], second: list[PatchOp]) -> None:
    try:
        stepwise = patch(patch(data, first), second)
    except ProtocolError:
        with pytest.raises(ProtocolError):
            patch(data, [*first, *second])
    else:
        assert patch(data, [*first, *second]) == stepwise


def test_what_is_not_on_the_path_is_shared() -> None:
    data: dict[str, Any] = {"rows": [[1], [2]], "title": {"en": "x"}}
    changed = patch(data, [PatchOp(op="append", path="/rows/1", value=3)])
    assert changed == {"rows": [[1], [2, 3]], "title": {"en": "x"}}
    assert changed["title"] is data["title"]
    assert changed["rows"][0] is data["rows"][0]
