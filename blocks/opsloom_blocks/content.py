"""Structs and plain JSON values: reading strictly, writing as it travels, describing as JSON Schema."""

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct
from opsloom_protocol.messages import Issue

from opsloom_blocks.errors import BlockError

S = TypeVar("S", bound=Struct)

DATA_BYTES: Final = 1_048_576
"""Largest `data` of a block, bytes of JSON: a table of 10,000 rows of five cells, which takes 10 ms to read. As much is
the most that is replayed to a reader who was away."""

_PLACE: Final = re.compile(r" - at `(key in )?\$(?P<path>.*)`$")
_STEP: Final = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+|\.\.\.)\]")


WHOLE: Final = Meta(extra={"whole": True})
"""For a field that must not be seen half though its type would allow it: `name: Annotated[str, WHOLE]`."""


class Data(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the shapes of blocks share: frozen, by name, and a name that is not known is an error, so that a model
    that misspells a field hears of it."""


def read(shape: type[S], raw: Any) -> S:
    """`raw` (plain values, as from JSON) as the struct. Raises `BlockError` with the first thing that does not fit."""
    try:
        return msgspec.json.decode(storable(raw), type=shape)
    except msgspec.DecodeError as error:
        raise BlockError([issue_of(error)]) from None


def storable(raw: Any) -> bytes:
    """`raw` (plain values) as JSON that can be sent and stored. Raises `BlockError` where it cannot."""
    try:
        encoded = msgspec.json.encode(raw)  # NaN becomes null, tuples lists: what is checked is what would travel
    except (TypeError, ValueError, RecursionError, OverflowError, msgspec.MsgspecError):
        raise BlockError([Issue(path="", text="This is not JSON.")]) from None
    if len(encoded) > DATA_BYTES:
        text = f"This has {len(encoded)} bytes as JSON; at most {DATA_BYTES} are accepted."
        raise BlockError([Issue(path="", text=text)])
    # A NUL is escaped as \\u0000 in JSON; two backslashes before it are a backslash in the text.
    if b"\\u0000" in encoded.replace(b"\\\\", b""):
        raise BlockError([Issue(path="", text="The character NUL cannot be stored.")])
    return encoded


def issue_of(error: msgspec.DecodeError) -> Issue:
    """msgspec's message as a pointer and a sentence."""
    text = str(error)
    path = ""
    if found := _PLACE.search(text):
        text = text[: found.start()]
        for step in _STEP.finditer(found["path"]):
            path += "/" + (step["name"] or step["index"]).replace("...", "*")
    return Issue(path=path, text=f"{text.replace('`', '')}.")


def plain(value: Any) -> Any:
    """A struct as it travels: plain dicts and lists, without the optional fields that hold nothing.

    Only fields whose default is None are left out, so every other field can be relied on.
    """
    if isinstance(value, Struct):
        return {
            field.encode_name: plain(held)
            for field in msgspec.structs.fields(value)
            if (held := getattr(value, field.name)) is not None or field.default is not None
        }
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return msgspec.to_builtins(value)


def schema_of(shape: type[Struct], *, example: Struct | None = None) -> dict[str, Any]:
    """The JSON Schema of a struct with an object on top: tools' parameters may not be a bare reference."""
    (reference,), definitions = msgspec.json.schema_components([shape], ref_template="#/$defs/{name}")
    name = reference["$ref"].rsplit("/", 1)[-1]
    top = dict(definitions.pop(name))
    if definitions:
        top["$defs"] = definitions
    if example is not None:
        top["examples"] = [plain(example)]
    return top
