"""The edge: whatever arrives becomes a frame, or a `ProtocolError` in words. Never anything else."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opsloom_protocol.codec import REF_CHARS, decode_client, decode_server, encode
from opsloom_protocol.errors import ProtocolError
from opsloom_protocol.frames import (
    CLIENT_TYPES,
    SERVER_TYPES,
    Act,
    ClientFrame,
    Feedback,
    Hello,
    Ping,
    Send,
    ServerFrame,
)

from protocol.fixtures import FOLDER

FRAMES = [step["frame"] for path in sorted(FOLDER.glob("*.json")) for step in json.loads(path.read_text())["steps"]]
DEEP = b"[" * 100_000

REFUSED: dict[str, tuple[bytes | str, str, str | None]] = {
    "nothing": (b"", "This is not JSON.", None),
    "words": (b"hello", "This is not JSON.", None),
    "half": (b'{"type":"ping","ref":"a"', "This is not JSON.", None),
    "two frames": (b'{"type":"ping","ref":"a"}{"type":"ping","ref":"b"}', "This is not JSON.", None),
    "byte order mark": (b'\xef\xbb\xbf{"type":"ping","ref":"a"}', "This is not JSON.", None),
    "raw control character": (b'{"type":"ping","ref":"a\x00"}', "This is not JSON.", None),
    "lone surrogate, escaped": (b'{"type":"ping","ref":"\\ud800"}', "This is not JSON.", None),
    "lone surrogate, raw": ('{"type":"ping","ref":"\ud800"}', "This is not UTF-8.", None),
    "latin-1": (b'{"type":"send","ref":"a","text":"caf\xe9"}', "This is not UTF-8.", None),
    "UTF-16": ('{"type":"ping","ref":"a"}'.encode("utf-16"), "This is not JSON.", None),
    "null": (b"null", "A frame is a JSON object with a `type`.", None),
    "list": (b"[]", "A frame is a JSON object with a `type`.", None),
    "string": (b'"ping"', "A frame is a JSON object with a `type`.", None),
    "no type": (b'{"ref":"a"}', "The frame has no `type`.", "a"),
    "null type": (b'{"type":null,"ref":"a"}', "The frame has no `type`.", "a"),
    "number as type": (b'{"type":5,"ref":"a"}', "There is no frame of type '5'.", "a"),
    "unknown type": (b'{"type":"sing","ref":"a"}', "There is no frame of type 'sing'.", "a"),
    "server's type": (b'{"type":"welcome","ref":"a"}', "There is no frame of type 'welcome'.", "a"),
    "long type": (b'{"type":"' + b"x" * 5000 + b'"}', f"There is no frame of type '{'x' * 40}'.", None),
    "missing field": (b'{"type":"send","ref":"a"}', "Not a valid `send`: Object missing required field `text`.", "a"),
    "wrong field": (
        b'{"type":"send","ref":"a","text":1}',
        "Not a valid `send`: Expected `str`, got `int` - at `$.text`.",
        "a",
    ),
    "ref is a number": (
        b'{"type":"ping","ref":5}',
        "Not a valid `ping`: Expected `str`, got `int` - at `$.ref`.",
        None,
    ),
    "no ref": (b'{"type":"ping"}', "Not a valid `ping`: Object missing required field `ref`.", None),
    "empty ref": (b'{"type":"ping","ref":""}', "`ref` must have 1 to 200 characters.", None),
    "long ref": (b'{"type":"ping","ref":"' + b"r" * 201 + b'"}', "`ref` must have 1 to 200 characters.", None),
    "feedback of two": (
        b'{"type":"feedback","ref":"a","message":"m","value":2}',
        "Not a valid `feedback`: Invalid enum value 2 - at `$.value`.",
        "a",
    ),
    "U+0000": (b'{"type":"send","ref":"a","text":"a\\u0000b"}', "Text may not hold the character U+0000.", "a"),
    "U+0000 deep": (
        b'{"type":"act","ref":"a","block":"b","action":"x","values":{"\\u0000":1}}',
        "Text may not hold the character U+0000.",
        "a",
    ),
    "huge number": (
        b'{"type":"act","ref":"a","block":"b","action":"x","values":1e999}',
        "Not a valid `act`: Number out of range - at `$.values`.",
        "a",
    ),
    "deep": (
        b'{"type":"act","ref":"a","block":"b","action":"x","values":' + DEEP,
        "The frame is nested too deeply.",
        None,
    ),
    "deep in the unknown": (b'{"type":"ping","ref":"a","x":' + DEEP, "The frame is nested too deeply.", None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_and_in_which_words(name: str) -> None:
    raw, words, ref = REFUSED[name]
    with pytest.raises(ProtocolError) as caught:
        decode_client(raw)
    assert (caught.value.text, caught.value.ref) == (words, ref)


def test_text_is_taken_as_bytes_are() -> None:
    assert decode_client('{"type":"send","ref":"a","text":"Grüße 🎈"}') == Send(ref="a", text="Grüße 🎈")
    assert decode_client('{"type":"send","ref":"a","text":"Grüße 🎈"}'.encode()) == Send(ref="a", text="Grüße 🎈")


def test_an_escaped_backslash_before_u0000_is_text() -> None:
    assert decode_client(rb'{"type":"send","ref":"a","text":"\\u0000 and \\\\u0000"}') == Send(
        ref="a", text=r"\u0000 and \\u0000"
    )
    with pytest.raises(ProtocolError):
        decode_client(rb'{"type":"send","ref":"a","text":"\\\u0000"}')


def test_unknown_fields_are_ignored() -> None:
    assert decode_client(b'{"type":"ping","ref":"a","colour":"red","n":{"deep":[1]}}') == Ping(ref="a")


def test_the_longest_ref() -> None:
    frame = Ping(ref="r" * REF_CHARS)
    assert decode_client(encode(frame)) == frame


def test_a_server_type_of_the_future_is_skipped() -> None:
    assert decode_server(b'{"type":"mood","seq":4,"mood":{"deep":[1,2]}}') is None


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b'{"type":null}', b'{"type":"text.delta"}', b'{"type":"pong","ref":1}', b"\xff"]
)
def test_what_a_server_may_not_say(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_server(raw)


@pytest.mark.parametrize("frame", FRAMES, ids=lambda f: str(f["type"]))
def test_every_published_server_frame_makes_the_round_trip(frame: dict[str, Any]) -> None:
    decoded = decode_server(json.dumps(frame))
    if frame["type"] not in SERVER_TYPES:
        assert decoded is None
        return
    assert decoded is not None
    again = encode(decoded)
    assert decode_server(again) == decoded
    assert json.loads(again).items() <= frame.items()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TYPES = st.sampled_from(sorted(CLIENT_TYPES | SERVER_TYPES))
FIELD_NAMES = (
    "ref text message block action values turn value comment client cursor session assistant key ticket parent files "
    "kinds rev seq part ops version source status ms call title leaf messages more state epoch model retry_ms"
)
FIELDS = st.sampled_from(FIELD_NAMES.split())


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_never_raise_anything_else(raw: bytes) -> None:
    _decodes_or_refuses(raw)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=200))
def test_text_never_raises_anything_else(raw: str) -> None:
    _decodes_or_refuses(raw)


@settings(max_examples=1000, deadline=None)
@given(TYPES | JSON, st.dictionaries(FIELDS, JSON, max_size=8))
def test_objects_never_raise_anything_else(kind: Any, fields: dict[str, Any]) -> None:
    _decodes_or_refuses(json.dumps({"type": kind, **fields}))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(FRAMES), st.integers(0, 400), st.binary(min_size=0, max_size=3))
def test_damaged_frames_never_raise_anything_else(frame: dict[str, Any], at: int, damage: bytes) -> None:
    raw = json.dumps(frame).encode()
    _decodes_or_refuses(raw[:at] + damage + raw[at + len(damage) :])


def _decodes_or_refuses(raw: bytes | str) -> None:
    for decode in (decode_client, decode_server):
        with suppress(ProtocolError):
            frame = decode(raw)
            if frame is not None:
                encode(frame)


CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
TEXT = st.text(CHARACTERS)
FINITE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
REF = st.text(CHARACTERS, min_size=1, max_size=REF_CHARS)


@settings(max_examples=300, deadline=None)
@given(REF, TEXT, FINITE, st.sampled_from([-1, 0, 1]))
def test_client_frames_make_the_round_trip(ref: str, text: str, values: Any, value: Any) -> None:
    frames: list[ClientFrame] = [
        Send(ref=ref, text=text, parent=None),
        Send(ref=ref, text=text),
        Act(ref=ref, block=text, action=text, values=values),
        Feedback(ref=ref, message=text, value=value, comment=text),
    ]
    for frame in frames:
        assert decode_client(encode(frame)) == frame


def test_an_absent_parent_is_not_null() -> None:
    assert json.loads(encode(Send(ref="a", text="x"))) == {"type": "send", "ref": "a", "text": "x"}
    assert json.loads(encode(Send(ref="a", text="x", parent=None)))["parent"] is None
    assert isinstance(decode_client(b'{"type":"hello","client":{"name":"x","version":"1"}}'), Hello)


def test_types_are_the_unions_own() -> None:
    assert len(CLIENT_TYPES) == 11
    assert len(SERVER_TYPES) == 20
    assert msgspec.json.Decoder(ServerFrame) is not None
