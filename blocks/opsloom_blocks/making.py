"""Blocks made, changed and acted on, always checked against their kind."""

import logging
from collections.abc import Iterable
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from opsloom_protocol.errors import ProtocolError
from opsloom_protocol.messages import Block, BlockState, BlockStatus, Issue, PatchOp, View
from opsloom_protocol.patching import patch

from opsloom_blocks.catalogue import BLOCKS
from opsloom_blocks.content import plain, read, schema_of
from opsloom_blocks.errors import BlockError, NotOpen, UnknownKind
from opsloom_blocks.kind import BlockKind, Kinds
from opsloom_blocks.nesting import Holder, Part

log = logging.getLogger("opsloom.blocks")


class Acted(Struct, frozen=True, kw_only=True):
    """What came of an action: the block's new state (without `by` and `at`, which the caller knows), and words."""

    state: BlockState
    summary: str


def kind_of(name: str, kinds: Kinds) -> BlockKind[Any]:
    """Raises `UnknownKind`."""
    if name not in kinds:
        raise UnknownKind(name)
    return kinds[name]


def validate(kind: str, raw: Any, kinds: Kinds = BLOCKS) -> Struct:
    """`raw` as the kind's struct, with the rules across fields checked. Raises `BlockError` with every issue."""
    found = kind_of(kind, kinds)
    data: Struct = read(found.data, plain(raw) if isinstance(raw, Struct) else raw)
    if issues := found.check(data):
        raise BlockError(issues)
    completed: Struct = found.complete(data)
    return completed


def make_block(kind: str, data: Any, id: str, kinds: Kinds = BLOCKS) -> Block:  # noqa: A002
    """A block to show, from plain values or from the kind's struct. Raises `BlockError`."""
    checked = validate(kind, data, kinds)
    found = kinds[kind]
    state = BlockState(status="open") if found.actions else None
    return Block(
        id=id,
        kind=kind,
        version=1,
        data=plain(checked),
        fallback=_words(found, checked),
        state=state,
        view=_view(found, checked, kinds),
    )


def patched(block: Block, ops: Iterable[PatchOp], kinds: Kinds = BLOCKS) -> Block:
    """The block after the ops: `data` exactly as a client will have it, `version` one higher, `fallback` anew.

    Raises `BlockError` where an op leads nowhere or what comes out does not fit the kind.
    """
    try:
        data = patch(block.data, ops)
    except ProtocolError as error:
        raise BlockError([Issue(path="", text=error.text)]) from None
    checked = validate(block.kind, data, kinds)
    kind = kinds[block.kind]
    return replace(
        block,
        version=block.version + 1,
        data=data,
        fallback=_words(kind, checked),
        view=_view(kind, checked, kinds),
    )


def act(block: Block, action: str, values: Any, kinds: Kinds = BLOCKS, *, running: bool = False) -> Acted:
    """What a person did with a block, checked against the block's own data; `running` is whether its answer is being
    written. Raises `BlockError` with pointers into `values`, `NotOpen` where nothing is asked any more."""
    found = kind_of(block.kind, kinds)
    if block.state is None:
        raise NotOpen("There is nothing to do here.")
    if block.state.status != "open":
        raise NotOpen(f"This was {block.state.status} already." if block.state.status != "expired" else "It expired.")
    if action not in found.actions:
        raise BlockError([Issue(path="", text=f"A {block.kind} block has no action {action[:40]!r}.")])
    if action in found.cancels and not running:
        raise NotOpen("This is over already.")
    data = validate(block.kind, block.data, kinds)
    kept, issues = found.check_action(data, action, read(found.actions[action], {} if values is None else values))
    if issues:
        raise BlockError(issues)
    status: BlockStatus = "open" if action in found.handled else "answered"
    state = BlockState(status=status, action=action, values=plain(kept))
    return Acted(state=state, summary=found.summary(data, action, kept))


def settled(block: Block, kinds: Kinds = BLOCKS) -> Block:
    """The block of an answer that is written: what could be done only meanwhile is no longer offered."""
    found = kinds.get(block.kind)
    if (
        found is None
        or block.state is None
        or block.state.status != "open"
        or not found.actions.keys() <= found.cancels
    ):
        return block
    return replace(block, state=None)


def schema(kind: BlockKind[Any]) -> dict[str, Any]:
    """The JSON Schema of a kind's `data`, with its words and its example."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **shape(kind),
        "description": kind.about,
    }


def shape(kind: BlockKind[Any]) -> dict[str, Any]:
    """The JSON Schema of a kind's `data` as a model gets it; one that holds others names those it may hold."""
    found = schema_of(kind.data, example=kind.example)
    if isinstance(kind, Holder):
        found["$defs"][Part.__name__]["properties"]["kind"]["enum"] = kind.holds
    return found


def describe(kinds: Kinds = BLOCKS) -> list[dict[str, Any]]:
    """The catalogue as it is published: `{kind, schema, example, fallback}` each."""
    return [
        {"kind": k.kind, "schema": schema(k), "example": plain(k.example), "fallback": _words(k, k.example)}
        for k in kinds.values()
    ]


def view(kind: BlockKind[Any], data: Struct, kinds: Kinds) -> View | None:
    """The data drawn by another kind, checked by that one. Raises `BlockError`, and what the kind's own code raises."""
    drawn = None if kind.actions else kind.drawn(data)
    return None if drawn is None else View(kind=drawn.kind, data=plain(validate(drawn.kind, drawn.data, kinds)))


def _view(kind: BlockKind[Any], data: Struct, kinds: Kinds) -> View | UnsetType:
    """The same; a kind that cannot draw these data is read in words."""
    try:
        return view(kind, data, kinds) or UNSET
    except Exception:
        log.exception("a block of kind %s could not be drawn", kind.kind)
        return UNSET


def _words(kind: BlockKind[Any], data: Struct) -> str:
    """Never empty, whatever a kind's author returns."""
    return kind.fallback(data).strip() or f"[{kind.kind}]"
