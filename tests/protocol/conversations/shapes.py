"""Short words for messages and frames, so that a conversation reads like one."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct
from opsloom_protocol.frames import (
    MessageAdded,
    MessageUpdate,
    ServerFrame,
    Snapshot,
    TextDelta,
    TurnEnd,
    TurnStart,
    Welcome,
)
from opsloom_protocol.messages import (
    AssistantInfo,
    Author,
    Block,
    BlockState,
    Message,
    MessageChange,
    Part,
    SessionInfo,
    Source,
    TextPart,
    Turn,
)
from opsloom_protocol.state import State, apply

VISITOR = Author(id="usr_1", name="Visitor", kind="visitor")
ASSISTANT = Author(id="ast_1", name="Helper", kind="assistant")
MODEL = "demo"
NOW = "2026-01-02T03:04:05Z"


class Lost(Struct, frozen=True):
    """A frame that cannot be applied: the client asks for a snapshot, its state stays."""

    frame: ServerFrame


class Same(Struct, frozen=True):
    """A fresh snapshot at the place that was just reached: by the law it changes nothing."""

    frame: Snapshot


class Conversation(Struct, frozen=True, kw_only=True):
    """`steps` hold frames, some of them `Lost` or the `Same`, and raw objects that no version 1 client knows."""

    name: str
    about: str
    start: State | None = None
    steps: Sequence[ServerFrame | Lost | Same | dict[str, Any]]


def person(name: str, text: str, parent: str | None = None, **fields: Any) -> Message:
    """A visitor's message."""
    given: dict[str, Any] = {
        "role": "user",
        "parent": parent,
        "siblings": (),
        "status": "done",
        "created_at": NOW,
        "parts": (TextPart(text=text),),
        "author": VISITOR,
    }
    return Message(id=name, **(given | fields))


def answer(name: str, parent: str, *parts: Part, **fields: Any) -> Message:
    """The assistant's message."""
    given: dict[str, Any] = {
        "role": "assistant",
        "parent": parent,
        "siblings": (),
        "status": "done",
        "created_at": NOW,
        "parts": parts,
        "author": ASSISTANT,
        "model": MODEL,
    }
    return Message(id=name, **(given | fields))


def text(words: str) -> TextPart:
    return TextPart(text=words)


def welcome(session: str = "ses_1", rev: int = 0, *, resumed: bool = False, ref: str | None = None) -> Welcome:
    return Welcome(
        protocol="opsloom.v1",
        connection="con_1",
        user=VISITOR,
        assistant=AssistantInfo(slug="demo", name="Helper", greeting="Hello!", starters=(), look={}, kinds=("chart",)),
        session=SessionInfo(id=session, rev=rev),
        resumed=resumed,
        limits={"message_chars": 32768},
        ref=ref,
    )


def snapshot(
    rev: int,
    *messages: Message,
    leaf: str | None = None,
    turn: Turn | None = None,
    more: bool = False,
    title: str | None = None,
    session: str = "ses_1",
) -> Snapshot:
    """Everything, as the server would say it afresh; `leaf` is by default the last message that is not queued."""
    placed = [m.id for m in messages if m.status != "queued"]
    if leaf is None:
        leaf = turn.message.id if turn is not None else (placed[-1] if placed else None)
    return Snapshot(
        session=SessionInfo(id=session, rev=rev, title=title),
        rev=rev,
        leaf=leaf,
        messages=messages,
        more=more,
        turn=UNSET if turn is None else turn,
    )


def fresh(rev: int, *messages: Message, **more: Any) -> Same:
    return Same(snapshot(rev, *messages, **more))


def running(turn: str, message: Message, seq: int = 0, epoch: int = 1) -> Turn:
    return Turn(id=turn, epoch=epoch, seq=seq, message=msgspec.structs.replace(message, status="running"))


def added(rev: int, message: Message, ref: str | None = None) -> MessageAdded:
    return MessageAdded(rev=rev, message=message, ref=ref)


def updated(rev: int, name: str, ref: str | None = None, **changes: Any) -> MessageUpdate:
    return MessageUpdate(rev=rev, message=MessageChange(id=name, **changes), ref=ref)


def begins(
    rev: int, message: str, parent: str, turn: str = "trn_1", epoch: int = 1, siblings: tuple[str, ...] = ()
) -> TurnStart:
    return TurnStart(
        rev=rev,
        turn=turn,
        epoch=epoch,
        message=message,
        parent=parent,
        model=MODEL,
        siblings=siblings,
        created_at=NOW,
        author=ASSISTANT,
    )


def ends(rev: int, message: Message, turn: str = "trn_1") -> TurnEnd:
    status: Any = message.status
    return TurnEnd(rev=rev, turn=turn, status=status, message=message)


def says(words: Sequence[str], seq: int = 1, part: int = 0) -> list[TextDelta]:
    """One delta a word, numbered from `seq`."""
    return [TextDelta(seq=seq + at, part=part, text=word) for at, word in enumerate(words)]


def source(number: int, quote: str, **fields: Any) -> Source:
    return Source(
        id=f"src_{number}",
        number=number,
        title="Embedding",
        document="doc_1",
        chunk=f"chk_{number}",
        quote=quote,
        **fields,
    )


def block(name: str, kind: str, data: Any, fallback: str, version: int = 1, state: BlockState | None = None) -> Block:
    return Block(id=name, kind=kind, version=version, data=data, fallback=fallback, state=state)


def after(*frames: ServerFrame) -> State:
    """The state that frames lead to: where a conversation starts in the middle."""
    state = State(session=SessionInfo(id="ses_1", rev=0))
    for frame in frames:
        state = apply(state, frame)
    return state
