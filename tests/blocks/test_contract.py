"""What holds for every kind, also for one that is added tomorrow."""

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
from opsloom_blocks import (
    BLOCKS,
    BlockError,
    BlockKind,
    act,
    describe,
    make_block,
    plain,
    publishing,
    schema,
    validate,
)
from opsloom_protocol.codec import decode_server, encode
from opsloom_protocol.frames import BlockRender

every_kind = pytest.mark.parametrize("kind", BLOCKS.values(), ids=BLOCKS)


READ = ("label", "title", "prompt", "text", "alt", "caption", "description", "subtitle", "note")


def labels(value: Any) -> set[str]:
    """Every text that stands under a name of which people read the value."""
    if isinstance(value, dict):
        own = {value[key] for key in READ if isinstance(value.get(key), str) and value[key]}
        return own.union(*(labels(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(labels(item) for item in value))
    return set()


@every_kind
def test_the_example_is_valid_and_travels_unchanged(kind: BlockKind[Any]) -> None:
    data = plain(kind.example)
    assert json.loads(json.dumps(data)) == data
    assert validate(kind.kind, data) == kind.example
    assert plain(validate(kind.kind, data)) == data


@every_kind
def test_a_block_survives_the_wire(kind: BlockKind[Any]) -> None:
    frame = BlockRender(seq=1, part=0, block=make_block(kind.kind, kind.example, "blk_1"))
    assert decode_server(encode(frame)) == frame
    assert frame.block.version == 1
    assert (frame.block.state is not None) == bool(kind.actions)


@every_kind
def test_the_fallback_says_what_the_block_says(kind: BlockKind[Any]) -> None:
    text = kind.fallback(kind.example)
    assert text.strip() == text
    assert labels(plain(kind.example))
    for label in labels(plain(kind.example)):
        assert label in text


@every_kind
def test_the_schema_is_json_schema_and_agrees_with_the_struct(kind: BlockKind[Any]) -> None:
    found = schema(kind)
    jsonschema.Draft202012Validator.check_schema(found)
    validator = jsonschema.Draft202012Validator(found)
    assert found["type"] == "object"
    for example in found["examples"]:
        validator.validate(example)
    broken = {**plain(kind.example), "no_such_field": 1}
    assert not validator.is_valid(broken)
    with pytest.raises(BlockError, match="no_such_field"):
        validate(kind.kind, broken)


@every_kind
@pytest.mark.parametrize("raw", [None, 5, "text", [], {}, {"title": 5}, {"title": float("inf")}, object(), {1: {2}}])
def test_anything_else_is_refused_in_words(kind: BlockKind[Any], raw: object) -> None:
    with pytest.raises(BlockError) as caught:
        validate(kind.kind, raw)
    assert caught.value.issues
    assert all(issue.text for issue in caught.value.issues)


@every_kind
def test_what_is_too_large_is_refused(kind: BlockKind[Any]) -> None:
    with pytest.raises(BlockError, match="at most 1048576"):
        validate(kind.kind, {"title": "x" * 1_100_000})


@every_kind
def test_the_words_for_the_model_are_there(kind: BlockKind[Any]) -> None:
    assert len(kind.about) > 40
    assert kind.title
    assert kind.waits <= bool(kind.actions)
    for action, shape in kind.actions.items():
        jsonschema.Draft202012Validator.check_schema(msgspec.json.schema(shape))
        with pytest.raises(BlockError):
            act(make_block(kind.kind, kind.example, "blk_1"), action, {"unknown": 1})


def test_the_published_schemas_are_not_stale() -> None:
    assert publishing.PATH.read_text(encoding="utf-8") == publishing.text(), "python -m opsloom_blocks.publishing"
    assert publishing.published()["confirm"]["actions"]["allow"]["properties"]["scope"]["enum"] == ["always", "once"]


def test_the_catalogue_is_published_in_full() -> None:
    items = describe()
    asking, showing = "choices form confirm", "table chart metrics progress tasks notice error code sql"
    media, holding = "image file audio video link map app", "card carousel accordion tabs layout"
    assert [item["kind"] for item in items] == f"{asking} {showing} {media} {holding}".split()
    for item in items:
        assert set(item) == {"kind", "schema", "example", "fallback"}
        jsonschema.validate(item["example"], item["schema"])
        assert item["fallback"]
    json.dumps(items)
