"""Messages, their parts, blocks and sources: the shapes that frames carry and snapshots are made of.

Optional fields that hold their default are left out on the wire.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType


class Shape(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Frozen, so that states can share them; defaults are not sent; unknown fields are ignored on receipt."""


MessageStatus = Literal["queued", "withdrawn", "running", "waiting", "done", "stopped", "failed", "interrupted"]
Role = Literal["user", "assistant"]
AuthorKind = Literal["person", "visitor", "assistant", "operator"]
ToolStatus = Literal["running", "ok", "error", "denied", "stopped"]
BlockStatus = Literal["open", "answered", "expired", "withdrawn"]


class Issue(Shape, frozen=True, kw_only=True):
    """One thing wrong with what was sent: a JSON Pointer or field name, and words."""

    path: str
    text: str


class Author(Shape, frozen=True, kw_only=True):
    id: str
    name: str
    kind: AuthorKind


class Usage(Shape, frozen=True, kw_only=True):
    """Tokens as the vendor counted them; `cost` in US dollars where the price is known.

    `cached_tokens` are those of the input that the vendor had kept from an earlier request, `reasoning_tokens` those of
    the output that were thought and not said. `estimated`: the vendor gave no figures, as where an answer was stopped,
    and the text was counted instead.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float | None = None
    estimated: bool = False


class FeedbackMark(Shape, frozen=True, kw_only=True):
    value: Literal[-1, 0, 1]
    comment: str | None = None


class MessageError(Shape, frozen=True, kw_only=True):
    code: str
    text: str


class Source(Shape, frozen=True, kw_only=True):
    """A passage that an answer rests on.

    `quote` stands verbatim in the document's stored text from `start` to `end` (code points); `page` counts from 1.
    """

    id: str
    number: int
    title: str
    document: str
    chunk: str
    quote: str
    url: str | None = None
    page: int | None = None
    start: int | None = None
    end: int | None = None


class BlockState(Shape, frozen=True, kw_only=True):
    """What people did with a block. Replaced whole, never patched. `until` is when an open one expires, if it does."""

    status: BlockStatus
    action: str | None = None
    values: Any = None
    by: str | None = None
    at: str | None = None
    until: str | None = None


class View(Struct, frozen=True, kw_only=True):
    """A block drawn by another kind, for a client that does not know its own."""

    kind: str
    data: Any


class Block(Struct, frozen=True, kw_only=True):
    """A piece of interface.

    `fallback` says the same in plain text and is never empty; `version` counts changes of `data`. `growing` says that
    its data are still being written: they may lack things, `fallback` is of what there was at first, and nobody acts.
    `view` is the same in another kind, which a client may know where it does not know this one.
    """

    id: str
    kind: str
    version: int
    data: Any
    fallback: str
    state: BlockState | None = None
    growing: bool | UnsetType = UNSET
    view: View | UnsetType = UNSET


class Grown(Shape, frozen=True, kw_only=True):
    """What a block that was growing is when it is whole, beside its data."""

    fallback: str
    state: BlockState | None = None


class FileRef(Shape, frozen=True, kw_only=True):
    id: str
    name: str
    media_type: str
    bytes: int


class Progress(Shape, frozen=True, kw_only=True):
    done: float
    total: float | None = None
    note: str | None = None


class TextPart(Struct, frozen=True, kw_only=True, tag_field="type", tag="text"):
    text: str


class ReasoningPart(Shape, tag_field="type", tag="reasoning", frozen=True, kw_only=True):
    text: str = ""
    ms: int | None = None


class BlockPart(Shape, tag_field="type", tag="block", frozen=True, kw_only=True):
    block: Block


class SourcePart(Shape, tag_field="type", tag="source", frozen=True, kw_only=True):
    source: Source


class ToolPart(Shape, tag_field="type", tag="tool", frozen=True, kw_only=True):
    """A call of a tool, as far as people are shown it; `ms` is how long it took, `approval` the block by which a person
    allowed or denied it."""

    call: str
    tool: str
    title: str
    status: ToolStatus
    input: Any = None
    progress: Progress | None = None
    summary: str | None = None
    ms: int | None = None
    approval: str | None = None


class FilePart(Shape, tag_field="type", tag="file", frozen=True, kw_only=True):
    file: FileRef


Part = TextPart | ReasoningPart | BlockPart | SourcePart | ToolPart | FilePart


class Message(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One message of the tree.

    `siblings` are the ids of the other messages in the same place, oldest first; `place` is how many of them are older
    than this one, so that a client can write "2 / 3" without comparing ids.
    """

    id: str
    role: Role
    parent: str | None
    siblings: tuple[str, ...]
    status: MessageStatus
    created_at: str
    parts: tuple[Part, ...]
    place: int = 0
    author: Author | UnsetType = UNSET
    model: str | UnsetType = UNSET
    usage: Usage | UnsetType = UNSET
    feedback: FeedbackMark | UnsetType = UNSET
    error: MessageError | UnsetType = UNSET


class MessageChange(Shape, frozen=True, kw_only=True):
    """The id of a message and the fields that changed; what is absent stays as it was.

    `parent`, `siblings` and `place` come together with the status `done`, when a message leaves the queue and takes
    its place.
    """

    id: str
    status: MessageStatus | UnsetType = UNSET
    parent: str | UnsetType | None = UNSET
    siblings: tuple[str, ...] | UnsetType = UNSET
    place: int | UnsetType = UNSET
    feedback: FeedbackMark | UnsetType = UNSET


class Turn(Struct, frozen=True, kw_only=True):
    """A running turn in a snapshot: its answer whole, as of `seq`."""

    id: str
    epoch: int
    seq: int
    message: Message


class SessionInfo(Shape, frozen=True, kw_only=True):
    """`rev` is always sent, 0 for a session that has no row yet."""

    id: str
    rev: int
    title: str | None = None


class AssistantInfo(Struct, frozen=True, kw_only=True):
    """The public part of an assistant; `kinds` are the block kinds it may show. `draft`: not as it is, but as its
    draft would have it; only those who manage the workspace are ever shown that."""

    slug: str
    name: str
    greeting: str
    starters: tuple[str, ...]
    look: dict[str, Any]
    kinds: tuple[str, ...]
    draft: bool | UnsetType = UNSET


class Cursor(Shape, frozen=True, kw_only=True):
    """How far a client has read: the last `rev`, and the last `seq` of the turn it was following."""

    rev: int
    turn: str | None = None
    epoch: int | None = None
    seq: int | None = None


class PatchOp(Struct, frozen=True, kw_only=True):
    """One change of a block's `data`; `path` is a JSON Pointer inside it. `append` adds to a string or a list."""

    op: Literal["set", "append", "remove"]
    path: str
    value: Any = UNSET
