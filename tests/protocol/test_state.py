"""Laws of the reducer that no single conversation shows."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opsloom_protocol.codec import decode_server, encode
from opsloom_protocol.errors import Gap
from opsloom_protocol.frames import ReasoningDelta, ServerFrame, TextDelta
from opsloom_protocol.messages import Cursor, TextPart
from opsloom_protocol.state import State, apply

from protocol.conversations.shapes import added, after, answer, begins, ends, person, says, snapshot, text, welcome

Q1 = person("msg_1", "One?")
LONG = [
    message
    for at in range(0, 100, 2)
    for message in (person(f"m{at}", "q", f"m{at - 1}" if at else None), answer(f"m{at + 1}", f"m{at}", text("a")))
]


@pytest.fixture
def running() -> State:
    return after(snapshot(1, Q1), begins(2, "msg_2", "msg_1"), *says(["Fi"]))


def test_the_cursor_says_where_to_go_on(running: State) -> None:
    assert running.cursor == Cursor(rev=2, turn="trn_1", epoch=1, seq=1)
    done = apply(running, ends(3, answer("msg_2", "msg_1", text("Fi"))))
    assert done.cursor == Cursor(rev=3)


def test_a_welcome_to_the_same_session_keeps_everything(running: State) -> None:
    assert apply(running, welcome(rev=9, resumed=True)) is running


def test_what_was_applied_comes_back_as_the_same_object(running: State) -> None:
    assert apply(running, says(["Fi"])[0]) is running
    assert apply(running, begins(2, "msg_2", "msg_1")) is running


def test_a_gap_says_what_is_missing(running: State) -> None:
    with pytest.raises(Gap, match="Step 3 does not follow 1"):
        apply(running, TextDelta(seq=3, part=0, text="x"))
    with pytest.raises(Gap, match="Revision 4 does not follow 2"):
        apply(running, added(4, person("msg_3", "?", "msg_2")))


def test_what_a_frame_does_not_touch_keeps_its_identity() -> None:
    start = after(snapshot(1, *LONG), begins(2, "msg_x", "m99"), *says(["a"]), ReasoningDelta(seq=2, part=1, text="r"))
    later = apply(start, TextDelta(seq=3, part=0, text="b"))
    assert later.messages is start.messages
    assert later.turn is not None
    assert start.turn is not None
    assert later.turn.message.parts[1] is start.turn.message.parts[1]


def test_a_long_answer_beside_a_long_path_stays_cheap() -> None:
    """4,000 deltas beside 100 messages: about 5 µs each; the bound only catches work that grows with the path."""
    state = after(snapshot(1, *LONG), begins(2, "msg_x", "m99"))
    began = time.process_time()
    for seq in range(1, 4001):
        state = apply(state, TextDelta(seq=seq, part=0, text="word "))
    assert time.process_time() - began < 0.8
    assert state.turn is not None
    assert state.turn.message.parts == (TextPart(text="word " * 4000),)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_stutter_of_the_wire_leads_to_the_same_state(data: st.DataObject) -> None:
    """Frames of one turn, each sent again any number of steps later: old ones never count."""
    frames: list[ServerFrame] = [
        snapshot(0),
        added(1, Q1),
        begins(2, "msg_2", "msg_1"),
        *says(data.draw(st.lists(st.text(max_size=3), min_size=1, max_size=8))),
    ]
    once = after(*frames)
    state = after(frames[0])
    for at, frame in enumerate(frames):
        state = apply(state, frame)
        for _ in range(data.draw(st.integers(0, 2))):
            state = apply(state, frames[data.draw(st.integers(1, at))] if at else frame)
    assert state == once


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_loss_is_noticed_or_harmless(data: st.DataObject) -> None:
    """With one frame left out, the next of its kind is a gap: never a state with a hole."""
    words = data.draw(st.lists(st.text(min_size=1, max_size=3), min_size=2, max_size=8))
    whole = answer("msg_2", "msg_1", text("".join(words)))
    frames: list[Any] = [added(1, Q1), begins(2, "msg_2", "msg_1"), *says(words), ends(3, whole)]
    lost = data.draw(st.integers(0, len(frames) - 2))
    state = after(snapshot(0))
    with_gap = False
    for at, frame in enumerate(frames):
        if at == lost:
            continue
        try:
            state = apply(state, frame)
        except Gap:
            with_gap = True
            break
    assert with_gap or state == after(snapshot(0), *frames)


def test_states_travel_through_the_codec_unchanged(running: State) -> None:
    for frame in (snapshot(3, Q1, answer("msg_2", "msg_1", text("x"))), ends(3, answer("msg_2", "msg_1", text("x")))):
        decoded = decode_server(encode(frame))
        assert decoded == frame
        assert decoded is not None
        assert apply(running, decoded) == apply(running, frame)
