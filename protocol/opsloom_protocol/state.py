"""What a client holds, and how a frame changes it: pure, so that every client and the server agree.

The law: applying frames to an old state gives the same state as a fresh snapshot, over the snapshot's window of
messages.
"""

from collections.abc import Callable
from typing import assert_never

from msgspec import UNSET, Struct
from msgspec.structs import replace

from opsloom_protocol.errors import Gap, ProtocolError
from opsloom_protocol.frames import (
    Ack,
    BlockPatch,
    BlockRender,
    BlockUpdate,
    DurableFrame,
    ErrorFrame,
    GoingAway,
    LiveFrame,
    MessageAdded,
    MessageUpdate,
    Pong,
    ReasoningDelta,
    ServerFrame,
    SessionUpdate,
    Snapshot,
    SourceAdded,
    TextDelta,
    ToolEnd,
    ToolProgress,
    ToolStart,
    TurnEnd,
    TurnStart,
    Welcome,
)
from opsloom_protocol.messages import (
    Block,
    BlockPart,
    BlockState,
    Cursor,
    Message,
    MessageChange,
    Part,
    Progress,
    ReasoningPart,
    SessionInfo,
    SourcePart,
    TextPart,
    ToolPart,
    Turn,
)
from opsloom_protocol.patching import patch


class State(Struct, frozen=True, kw_only=True):
    """A session as a client sees it: the path's messages, the queued ones after them, and the running turn.

    The running answer stands only in `turn.message`.
    """

    session: SessionInfo
    rev: int = 0
    leaf: str | None = None
    messages: tuple[Message, ...] = ()
    more: bool = False
    turn: Turn | None = None

    @property
    def cursor(self) -> Cursor:
        """Where to go on from after a break."""
        if self.turn is None:
            return Cursor(rev=self.rev)
        return Cursor(rev=self.rev, turn=self.turn.id, epoch=self.turn.epoch, seq=self.turn.seq)


def apply(state: State, frame: ServerFrame) -> State:
    """The state after the frame. What was already applied changes nothing; raises `Gap` where frames are missing."""
    match frame:
        case Snapshot():
            return State(
                session=frame.session,
                rev=frame.rev,
                leaf=frame.leaf,
                messages=frame.messages,
                more=frame.more,
                turn=None if frame.turn is UNSET else frame.turn,
            )
        case Welcome():
            if frame.session.id != state.session.id:
                return State(session=frame.session)
            return state
        case Ack() | ErrorFrame() | GoingAway() | Pong():
            return state
        case MessageAdded() | MessageUpdate() | SessionUpdate() | TurnStart() | BlockUpdate() | TurnEnd():
            return _durable(state, frame)
        case _:
            return _live(state, frame)


def _durable(state: State, frame: DurableFrame) -> State:
    if frame.rev <= state.rev:
        return state
    if frame.rev != state.rev + 1:
        raise Gap(f"Revision {frame.rev} does not follow {state.rev}.")
    session = replace(state.session, rev=frame.rev)
    state = replace(state, rev=frame.rev, session=session)
    match frame:
        case MessageAdded(message=message):
            if message.status == "queued":
                return replace(state, messages=(*state.messages, message))
            return _place(state, message)
        case MessageUpdate(message=change):
            return _change(state, change)
        case SessionUpdate(title=title, leaf=leaf):
            if title is not None:
                state = replace(state, session=replace(session, title=title))
            return state if leaf is None else replace(state, leaf=leaf)
        case TurnStart():
            return _start(state, frame)
        case BlockUpdate(message=message_id, block=change):
            return _edit(state, message_id, lambda m: _set_block_state(m, change.id, change.state))
        case TurnEnd(message=message):
            if message.id in {m.id for m in state.messages}:
                messages = tuple(message if m.id == message.id else m for m in state.messages)
                return replace(state, turn=None, messages=messages)
            return replace(_place(state, message), turn=None)
        case _:
            assert_never(frame)


def _place(state: State, message: Message) -> State:
    """Put the message at its place in the path: what stood there and below it leaves the view; the queue stays last."""
    above, queue = _above(state, message.parent, message.id)
    more = message.parent is not None and (state.more or not above)
    return replace(state, leaf=message.id, messages=(*above, message, *queue), more=more)


def _above(state: State, parent: str | None, message_id: str) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """The held part of the path down to `parent`, and the queue; `message_id` itself is in neither."""
    path = tuple(m for m in state.messages if m.status != "queued" and m.id != message_id)
    queue = tuple(m for m in state.messages if m.status == "queued" and m.id != message_id)
    for index, held in enumerate(path):
        if held.parent == parent:
            return path[:index], queue
        if held.id == parent:
            return path[: index + 1], queue
    # The parent is older than the window, or the message is a root.
    return (), queue


def _change(state: State, change: MessageChange) -> State:
    held = next((m for m in state.messages if m.id == change.id), None)
    if held is None:
        return _edit(state, change.id, lambda m: _changed(m, change))
    if change.status == "withdrawn":
        return replace(state, messages=tuple(m for m in state.messages if m.id != change.id))
    if held.status == "queued" and change.status not in (UNSET, "queued"):
        return _place(state, _changed(held, change))
    return _edit(state, change.id, lambda m: _changed(m, change))


def _changed(message: Message, change: MessageChange) -> Message:
    fields = {
        name: value
        for name in ("status", "parent", "siblings", "place", "feedback")
        if (value := getattr(change, name)) is not UNSET
    }
    return replace(message, **fields)


def _start(state: State, frame: TurnStart) -> State:
    waiting = next((m for m in state.messages if m.id == frame.message), None)
    if waiting is not None:
        answer = replace(waiting, status="running", model=frame.model)
        state = replace(state, messages=tuple(m for m in state.messages if m.id != frame.message))
    else:
        above, queue = _above(state, frame.parent, frame.message)
        answer = Message(
            id=frame.message,
            role="assistant",
            parent=frame.parent,
            siblings=frame.siblings,
            place=len(frame.siblings),
            status="running",
            created_at=frame.created_at or "",
            parts=(),
            author=frame.author or UNSET,
            model=frame.model,
        )
        state = replace(state, messages=(*above, *queue))
    return replace(state, leaf=frame.message, turn=Turn(id=frame.turn, epoch=frame.epoch, seq=0, message=answer))


def _edit(state: State, message_id: str, change: Callable[[Message], Message]) -> State:
    """Change one message, wherever it stands; one outside the window is nobody's loss."""
    if state.turn is not None and state.turn.message.id == message_id:
        return replace(state, turn=replace(state.turn, message=change(state.turn.message)))
    return replace(state, messages=tuple(change(m) if m.id == message_id else m for m in state.messages))


def _set_block_state(message: Message, block_id: str, new: BlockState) -> Message:
    def edited(part: Part) -> Part:
        if isinstance(part, BlockPart) and part.block.id == block_id:
            return BlockPart(block=replace(part.block, state=new))
        return part

    return replace(message, parts=tuple(edited(p) for p in message.parts))


def _live(state: State, frame: LiveFrame) -> State:
    turn = state.turn
    if turn is None:
        raise Gap("A live frame without a running turn.")
    if frame.seq <= turn.seq:
        return state
    if frame.seq != turn.seq + 1:
        raise Gap(f"Step {frame.seq} does not follow {turn.seq}.")
    parts = apply_part(turn.message.parts, frame)
    return replace(state, turn=replace(turn, seq=frame.seq, message=replace(turn.message, parts=parts)))


def apply_part(parts: tuple[Part, ...], frame: LiveFrame) -> tuple[Part, ...]:
    """The answer's parts after a live frame. Raises `ProtocolError` where the frame does not fit the part it names."""
    if not 0 <= frame.part <= len(parts):
        raise Gap(f"Part {frame.part} is not the next one.")
    held = parts[frame.part] if frame.part < len(parts) else None
    part = _next_part(held, frame)
    return (*parts[: frame.part], part, *parts[frame.part + 1 :])


def _next_part(held: Part | None, frame: LiveFrame) -> Part:
    match frame, held:
        case TextDelta(text=text), None:
            return TextPart(text=text)
        case TextDelta(text=text), TextPart(text=before):
            return TextPart(text=before + text)
        case ReasoningDelta(text=text), None:
            return ReasoningPart(text=text)
        case ReasoningDelta(text=text), ReasoningPart(text=before, ms=ms):
            return ReasoningPart(text=before + text, ms=ms)
        case ToolStart(), None | ToolPart():
            return ToolPart(
                call=frame.call,
                tool=frame.tool,
                title=frame.title,
                status="running",
                input=frame.input,
                approval=frame.approval,
            )
        case ToolProgress(), ToolPart():
            so_far = held.progress or Progress(done=0)
            progress = Progress(
                done=so_far.done if frame.done is None else frame.done,
                total=so_far.total if frame.total is None else frame.total,
                note=so_far.note if frame.note is None else frame.note,
            )
            return replace(held, progress=progress)
        case ToolEnd(), ToolPart():
            return replace(held, status=frame.status, summary=frame.summary, ms=frame.ms)
        case BlockRender(block=block), None | BlockPart():
            return BlockPart(block=block)
        case BlockPatch(), BlockPart(block=Block() as block):
            return BlockPart(block=replace(block, version=frame.version, data=patch(block.data, frame.ops)))
        case SourceAdded(source=source), None:
            return SourcePart(source=source)
        case _:
            raise ProtocolError(f"{type(frame).__name__} does not fit part {frame.part}.")
