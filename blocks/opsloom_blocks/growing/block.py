"""A block while its data are written, and what stays of it."""

import logging
from typing import Any, Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace
from opsloom_protocol.messages import Block, Grown, PatchOp

from opsloom_blocks.catalogue import BLOCKS
from opsloom_blocks.content import DATA_BYTES
from opsloom_blocks.errors import BlockError
from opsloom_blocks.growing.differences import differences
from opsloom_blocks.growing.plan import Fields, Inner, Items, Plan, Whole, shape_plan
from opsloom_blocks.growing.reading import Reading
from opsloom_blocks.kind import BlockKind, Kinds
from opsloom_blocks.making import make_block, settled
from opsloom_blocks.nesting import Part
from opsloom_blocks.words import WORDS_CHARS, spoken

log = logging.getLogger("opsloom.blocks")

_AGAIN: Final = 1.25
"""How much longer the data are, each time a kind is asked anew whether they may be shown: so asking stays linear."""


class GrowingBlock:
    """Its data as JSON come by `write`, in any pieces; what people see of them by `open`, once, and then `take`."""

    def __init__(self, kind: BlockKind[Any], id: str, kinds: Kinds = BLOCKS) -> None:  # noqa: A002
        self.id = id
        self._kind = kind
        self._kinds = kinds
        self._is_drawn = type(kind).drawn is not BlockKind.drawn  # it would have to be drawn anew with each letter
        self._plan = shape_plan(kind.data)
        self._reading = Reading(self._plan, kinds)
        self._pieces: list[str] = []
        self._chars = 0
        self._asked = 0

    @property
    def whole(self) -> bool:
        """Whether the last character has come."""
        self._read()
        return self._reading.whole

    @property
    def unfit(self) -> bool:
        """Whether it will never be right."""
        self._read()
        return self._reading.unfit

    def write(self, text: str) -> None:
        """More of the JSON. Costs nothing: it is read when somebody looks."""
        self._pieces.append(text)

    def open(self) -> Block | None:
        """The block as far as its data have come; None where that is nothing to show yet."""
        self._read()
        if not self._reading.ready or self._is_drawn or self._chars < self._asked * _AGAIN:
            return None
        self._asked = self._chars
        try:
            if not self._kind.early(built(self._plan, self._reading.value)):
                return None
        except Exception:  # it may count on what has not come yet
            log.debug("a block of kind %s does not open yet", self._kind.kind, exc_info=True)
            return None
        fallback = _words(self._kind, self._plan, self._reading.value)
        if fallback is None:
            return None
        return Block(
            id=self.id,
            kind=self._kind.kind,
            version=1,
            data=self._reading.show(),
            fallback=fallback,
            growing=True,
        )

    def take(self) -> list[PatchOp]:
        """What has come since the last look; only once it is open."""
        self._read()
        return self._reading.take()

    def _read(self) -> None:
        if self._pieces and not self._reading.unfit:
            text = "".join(self._pieces)
            self._chars += len(text)
            if self._chars <= DATA_BYTES:  # what is longer is refused when it is whole
                self._reading.write(text)
        self._pieces.clear()


def grown(held: Block, block: Block) -> tuple[list[PatchOp], Grown]:
    """What makes the whole `block` of the growing one that people see."""
    return differences(held.data, block.data), Grown(fallback=block.fallback, state=block.state)


def as_left(block: Block, kinds: Kinds = BLOCKS) -> Block:
    """What stays of a block that nobody goes on writing: itself, if it is sound as it stands and asks for nothing,
    else what it says as plain text."""
    kind = kinds.get(block.kind)
    if kind is not None and kind.actions.keys() <= kind.cancels:
        try:
            return settled(replace(make_block(block.kind, block.data, block.id, kinds), version=block.version), kinds)
        except BlockError:
            pass
    return said(block, kinds)


def said(block: Block, kinds: Kinds = BLOCKS) -> Block:
    """A growing block as plain text: in the words of its kind, as far as it came."""
    kind = kinds.get(block.kind)
    words = None if kind is None else _words(kind, shape_plan(kind.data), block.data)
    text = words or spoken(block.data) or block.fallback
    return replace(block, kind="text", data={"text": text}, fallback=text, state=None, growing=UNSET)


def _words(kind: BlockKind[Any], plan: Fields, data: Any) -> str | None:
    """The kind's own words for data that have come in part; None where it counts on what has not."""
    try:
        return kind.fallback(built(plan, data)).strip()[:WORDS_CHARS] or None
    except Exception:
        log.debug("a block of kind %s has no words yet", kind.kind, exc_info=True)
        return None


def built(plan: Plan, value: Any) -> Any:
    """A value that has come in part as its struct; what has not come and may be left out has its default."""
    match plan:
        case Fields():
            return plan.shape(
                **{plan.fields[key].name: built(plan.fields[key].plan, item) for key, item in value.items()}
            )
        case Items():
            return [built(plan.item, item) for item in value]
        case Inner():
            return Part(kind=value["kind"], data=value["data"])
        case Whole():
            return msgspec.convert(value, plan.annotation)
        case _:
            return value
