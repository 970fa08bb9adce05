"""The published conversations: fresh, complete, and followed by Python's reducer."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from opsloom_protocol.codec import decode_server
from opsloom_protocol.errors import ProtocolError
from opsloom_protocol.frames import SERVER_TYPES, Snapshot, TurnEnd
from opsloom_protocol.state import State, apply

from protocol import fixtures
from protocol.conversations import CONVERSATIONS
from protocol.conversations.shapes import Conversation

FILES = sorted(fixtures.FOLDER.glob("*.json"))


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def start_of(fixture: dict[str, Any]) -> State:
    return fixtures.NOTHING if fixture["start"] is None else msgspec.convert(fixture["start"], State)


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda c: c.name)
def test_file_is_not_stale(conversation: Conversation) -> None:
    path = fixtures.FOLDER / f"{conversation.name}.json"
    assert path.read_text(encoding="utf-8") == fixtures.text(conversation), (
        "run `python -m protocol.fixtures` in tests/"
    )


def test_names_are_unique_and_no_file_is_left_over() -> None:
    assert sorted(c.name for c in CONVERSATIONS) == sorted(path.stem for path in FILES)


def test_every_server_frame_occurs() -> None:
    seen = {step["frame"]["type"] for path in FILES for step in load(path)["steps"]}
    assert seen >= SERVER_TYPES


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_python_follows(path: Path) -> None:
    fixture = load(path)
    state = start_of(fixture)
    for step in fixture["steps"]:
        frame = decode_server(json.dumps(step["frame"]))
        if "gap" in step:
            assert frame is not None
            with pytest.raises(ProtocolError):
                apply(state, frame)
            continue
        state = state if frame is None else apply(state, frame)
        assert fixtures.as_json(state) == step["state"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_frame_applied_twice_changes_nothing(path: Path) -> None:
    fixture = load(path)
    state = start_of(fixture)
    for step in fixture["steps"]:
        frame = decode_server(json.dumps(step["frame"]))
        if frame is None or "gap" in step:
            continue
        state = apply(state, frame)
        if "seq" in step["frame"] and state.turn is None:
            continue
        assert apply(state, frame) == state


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_an_old_beginning_replayed_changes_nothing(path: Path) -> None:
    """What a broken proxy might do: after each step all durable frames since the last snapshot come again."""
    fixture = load(path)
    state = start_of(fixture)
    heard: list[Any] = []
    for step in fixture["steps"]:
        frame = decode_server(json.dumps(step["frame"]))
        if frame is None or "gap" in step:
            continue
        heard = [] if isinstance(frame, Snapshot) or step["frame"]["type"] == "welcome" else heard
        state = apply(state, frame)
        if "rev" in step["frame"] and not isinstance(frame, Snapshot):
            heard.append(frame)
        for again in heard:
            assert apply(state, again) == state


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_live_frames_build_the_answer_that_the_end_confirms(path: Path) -> None:
    """The message of `turn.end` was written by hand: the deltas before it must lead to the same."""
    fixture = load(path)
    state = start_of(fixture)
    live = False
    for step in fixture["steps"]:
        frame = decode_server(json.dumps(step["frame"]))
        if frame is None or "gap" in step:
            continue
        if isinstance(frame, TurnEnd) and live and frame.rev == state.rev + 1:
            assert state.turn is not None
            known_at_the_end = {"usage": msgspec.UNSET, "error": msgspec.UNSET, "status": "running"}
            assert msgspec.structs.replace(frame.message, **known_at_the_end) == state.turn.message
        live = "seq" in step["frame"] or (live and "rev" in step["frame"])
        state = apply(state, frame)
