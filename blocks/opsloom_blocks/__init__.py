"""What can be shown: the kinds of blocks, and blocks made, changed and acted on."""

from opsloom_protocol.messages import Issue, View

from opsloom_blocks.catalogue import BLOCKS
from opsloom_blocks.content import WHOLE, Data, plain, schema_of
from opsloom_blocks.errors import BlockError, ExtensionError, NotOpen, UnknownKind
from opsloom_blocks.growing import GrowingBlock, as_left, grown, said
from opsloom_blocks.kind import BlockKind, Kinds
from opsloom_blocks.loading import load_blocks
from opsloom_blocks.making import Acted, act, describe, make_block, patched, schema, settled, shape, validate
from opsloom_blocks.nesting import Holder, Part
from opsloom_blocks.words import in_words

__all__ = [
    "BLOCKS",
    "WHOLE",
    "Acted",
    "BlockError",
    "BlockKind",
    "Data",
    "ExtensionError",
    "GrowingBlock",
    "Holder",
    "Issue",
    "Kinds",
    "NotOpen",
    "Part",
    "UnknownKind",
    "View",
    "act",
    "as_left",
    "describe",
    "grown",
    "in_words",
    "load_blocks",
    "make_block",
    "patched",
    "plain",
    "said",
    "schema",
    "schema_of",
    "settled",
    "shape",
    "validate",
]
