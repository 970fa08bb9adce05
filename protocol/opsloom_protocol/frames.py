"""The two tagged unions: what a client may say and what a server may say.

Names and fields are the wire contract (`README.md` beside this package's root). Durable frames carry `rev`, live
frames `seq`.
"""

from typing import Any, Literal, get_args

from msgspec import UNSET, Struct, UnsetType

from opsloom_protocol.errors import ErrorCode
from opsloom_protocol.messages import (
    AssistantInfo,
    Author,
    Block,
    BlockState,
    Cursor,
    Issue,
    Message,
    MessageChange,
    PatchOp,
    SessionInfo,
    Source,
    ToolStatus,
    Turn,
)

PROTOCOL = "opsloom.v1"
"""The WebSocket sub-protocol, and `welcome.protocol`."""


class Frame(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type"):
    """Frozen; a field that holds its default is not sent; unknown fields are ignored on receipt."""


# ---------------------------------------------------------------------------------------------- client → server


class ClientInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    version: str


class Hello(Frame, tag="hello", frozen=True, kw_only=True):
    """The first frame: who is there, where to attach, and how far this client has read."""

    client: ClientInfo
    ticket: str | None = None
    key: str | None = None
    session: str | None = None
    assistant: str | None = None
    cursor: Cursor | None = None
    kinds: tuple[str, ...] | None = None
    locale: str | None = None
    timezone: str | None = None
    context: dict[str, Any] | None = None


class Request(Frame, frozen=True, kw_only=True):
    """What gets exactly one reply. `ref` is the client's own name for it and makes it idempotent."""

    ref: str


class Open(Request, tag="open", frozen=True, kw_only=True):
    session: str | None = None
    assistant: str | None = None
    cursor: Cursor | None = None


class Send(Request, tag="send", frozen=True, kw_only=True):
    text: str
    files: tuple[str, ...] = ()
    parent: str | UnsetType | None = UNSET


class Withdraw(Request, tag="withdraw", frozen=True, kw_only=True):
    message: str


class Act(Request, tag="act", frozen=True, kw_only=True):
    block: str
    action: str
    values: Any = None


class Stop(Request, tag="stop", frozen=True, kw_only=True):
    turn: str


class Retry(Request, tag="retry", frozen=True, kw_only=True):
    message: str


class Edit(Request, tag="edit", frozen=True, kw_only=True):
    message: str
    text: str


class Choose(Request, tag="choose", frozen=True, kw_only=True):
    message: str


class Feedback(Request, tag="feedback", frozen=True, kw_only=True):
    message: str
    value: Literal[-1, 0, 1]
    comment: str | None = None


class Ping(Request, tag="ping", frozen=True, kw_only=True):
    pass


ClientFrame = Hello | Open | Send | Withdraw | Act | Stop | Retry | Edit | Choose | Feedback | Ping


# ---------------------------------------------------------------------------------------------- server → client


class Welcome(Frame, tag="welcome", frozen=True, kw_only=True):
    """Attached. `limits` are the ones a client can keep to by itself, by their setting's name in lower case."""

    protocol: str
    connection: str
    user: Author
    assistant: AssistantInfo
    session: SessionInfo
    resumed: bool
    limits: dict[str, int]
    ref: str | None = None


class Snapshot(Struct, frozen=True, kw_only=True, tag_field="type", tag="snapshot"):
    """The state as it is; replaces all that a client holds.

    `messages` are the last ones of the path from the root to `leaf`, then the queued ones; `more` says that older
    ones are to be had by REST. A running answer stands only in `turn.message`.
    """

    session: SessionInfo
    rev: int
    leaf: str | None
    messages: tuple[Message, ...]
    more: bool
    turn: Turn | UnsetType = UNSET


class Durable(Frame, frozen=True, kw_only=True):
    """Adds one to the session's revision; committed before it is sent. `ref` stands in the asker's copy only."""

    rev: int


class MessageAdded(Durable, tag="message", frozen=True, kw_only=True):
    message: Message
    ref: str | None = None


class MessageUpdate(Durable, tag="message.update", frozen=True, kw_only=True):
    message: MessageChange
    ref: str | None = None


class SessionUpdate(Durable, tag="session.update", frozen=True, kw_only=True):
    """A new title or leaf. A new leaf is always followed by a snapshot, as the path is another."""

    title: str | None = None
    leaf: str | None = None
    ref: str | None = None


class TurnStart(Durable, tag="turn.start", frozen=True, kw_only=True):
    """The answer `message` begins under `parent`, or, where it was waiting, goes on with the parts it has.

    `siblings` are the other answers under that parent, oldest first; all of them are older.
    """

    turn: str
    epoch: int
    message: str
    parent: str | None
    model: str
    siblings: tuple[str, ...] = ()
    created_at: str | None = None
    author: Author | None = None


class BlockChange(Struct, frozen=True, kw_only=True):
    id: str
    state: BlockState


class BlockUpdate(Durable, tag="block.update", frozen=True, kw_only=True):
    message: str
    block: BlockChange
    ref: str | None = None


class TurnEnd(Durable, tag="turn.end", frozen=True, kw_only=True):
    turn: str
    status: Literal["done", "stopped", "failed", "interrupted", "waiting"]
    message: Message


class Live(Frame, frozen=True, kw_only=True):
    """A step of the running answer. `part` is the 0-based index over all of its parts."""

    seq: int
    part: int


class TextDelta(Live, tag="text.delta", frozen=True, kw_only=True):
    text: str


class ReasoningDelta(Live, tag="reasoning.delta", frozen=True, kw_only=True):
    text: str


class ToolStart(Live, tag="tool.start", frozen=True, kw_only=True):
    call: str
    tool: str
    title: str
    input: Any = None
    approval: str | None = None


class ToolProgress(Live, tag="tool.progress", frozen=True, kw_only=True):
    done: float | None = None
    total: float | None = None
    note: str | None = None


class ToolEnd(Live, tag="tool.end", frozen=True, kw_only=True):
    status: ToolStatus
    ms: int
    summary: str | None = None


class BlockRender(Live, tag="block.render", frozen=True, kw_only=True):
    block: Block


class BlockPatch(Live, tag="block.patch", frozen=True, kw_only=True):
    version: int
    ops: tuple[PatchOp, ...]


class SourceAdded(Live, tag="source", frozen=True, kw_only=True):
    source: Source


class Ack(Frame, tag="ack", frozen=True, kw_only=True):
    ref: str


class ErrorFrame(Frame, tag="error", frozen=True, kw_only=True):
    """Something was refused or failed; `text` is safe to show. The connection stays unless a close code follows."""

    code: ErrorCode
    text: str
    ref: str | None = None
    retry_ms: int | None = None
    issues: list[Issue] | None = None


class GoingAway(Frame, tag="going_away", frozen=True, kw_only=True):
    retry_ms: int


class Pong(Frame, tag="pong", frozen=True, kw_only=True):
    ref: str


DurableFrame = MessageAdded | MessageUpdate | SessionUpdate | TurnStart | BlockUpdate | TurnEnd
LiveFrame = TextDelta | ReasoningDelta | ToolStart | ToolProgress | ToolEnd | BlockRender | BlockPatch | SourceAdded
ServerFrame = Welcome | Snapshot | DurableFrame | LiveFrame | Ack | ErrorFrame | GoingAway | Pong

SERVER_TYPES: frozenset[str] = frozenset(str(f.__struct_config__.tag) for f in get_args(ServerFrame))
CLIENT_TYPES: frozenset[str] = frozenset(str(f.__struct_config__.tag) for f in get_args(ClientFrame))
