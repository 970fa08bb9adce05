"""Model events in, live frames out: the answer as it grows. No socket, no clock, no await.

Text is merged before it is numbered: what `text` brought between two calls of `take` leaves as one frame, so every
connection sees the same frames and a hole in `seq` always means loss.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from msgspec.structs import replace
from opsloom_blocks import BLOCKS, Kinds, as_left, grown, said
from opsloom_protocol.frames import (
    BlockPatch,
    BlockRender,
    LiveFrame,
    ReasoningDelta,
    SourceAdded,
    TextDelta,
    ToolEnd,
    ToolProgress,
    ToolStart,
)
from opsloom_protocol.messages import (
    Block,
    BlockPart,
    BlockState,
    Part,
    PatchOp,
    ReasoningPart,
    Source,
    SourcePart,
    TextPart,
    ToolPart,
    ToolStatus,
)
from opsloom_protocol.state import apply_part

# "[3]", "[3, 4]". Three digits: nobody cites a thousand passages, and "[2024]" is a year.
_CITED: Final = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3}){0,9})\]")
# As much text as can hold the longest mark that the next delta may close.
_TAIL: Final = 64


class Draft(Protocol):
    """A block that the model still writes."""

    call: str
    tool: str
    title: str
    block: str
    opened: bool

    def open(self) -> Block | None:
        """The block as far as it is written; None while there is nothing to show."""
        ...

    def take(self) -> list[PatchOp]:
        """What was written since the last look, once it is open."""
        ...


class Answer:
    """One answer: takes what happens, gives numbered frames, and knows its parts as of the last frame given."""

    def __init__(self, parts: Sequence[Part] = (), *, seq: int = 0) -> None:
        self.seq = seq
        # The parts as of `seq`. The open text part is kept as pieces, since adding to a long string copies it.
        self._parts: list[Part] = list(parts)
        self._pieces: list[str] = []
        # The part that text goes to, and its kind; None when the next text opens a part of its own.
        self._open: int | None = None
        self._kind: type[TextPart] | type[ReasoningPart] = TextPart
        self._pending: list[str] = []
        self._out: list[LiveFrame] = []
        self._count = len(self._parts)
        self._calls: dict[str, int] = {}
        self._drafts: dict[str, Draft] = {}  # by block; asked what is new when frames are taken
        self._blocks: dict[str, int] = {
            part.block.id: index for index, part in enumerate(self._parts) if isinstance(part, BlockPart)
        }
        # Passages that were found, by chunk and by number; those that stand in the answer.
        self._found: dict[str, Source] = {
            part.source.chunk: part.source for part in self._parts if isinstance(part, SourcePart)
        }
        self._numbers: dict[int, Source] = {source.number: source for source in self._found.values()}
        self._cited: set[int] = set(self._numbers)
        self._tail = ""

    # ------------------------------------------------------------------------------------------ what happens

    def text(self, text: str, *, new_part: bool = False) -> None:
        self._say(text, TextPart, new_part)

    def reasoning(self, text: str, *, new_part: bool = False) -> None:
        self._say(text, ReasoningPart, new_part)

    def _say(self, text: str, kind: type[TextPart] | type[ReasoningPart], new_part: bool) -> None:
        if "\x00" in text:  # PostgreSQL stores no NUL
            text = text.replace("\x00", "\ufffd")
        if not text:
            if new_part:
                self._close()
            return
        if new_part or self._open is None or kind is not self._kind:
            self._close()
            self._open, self._kind = self._next(), kind
        self._pending.append(text)

    def tool_start(
        self,
        call: str,
        tool: str,
        title: str,
        input: Any = None,  # noqa: A002
        *,
        approval: str | None = None,
        again: bool = False,
    ) -> None:
        """A call begins, in a part of its own, or, `again`, in that of the last call of this name."""
        if call in self._calls:
            return  # it has had its line since people saw it being written
        self._close()
        held = self._ended(call) if again else None
        part = self._calls[call] = self._next() if held is None else held
        self._put(
            ToolStart(seq=self._number(), part=part, call=call, tool=tool, title=title, input=input, approval=approval)
        )

    def tool_progress(
        self, call: str, done: float | None = None, total: float | None = None, note: str | None = None
    ) -> None:
        self._flush()
        self._put(ToolProgress(seq=self._number(), part=self._calls[call], done=done, total=total, note=note))

    def tool_end(self, call: str, status: ToolStatus, summary: str | None, ms: int) -> None:
        self._flush()
        part = self._calls.pop(call, None)
        if part is not None:
            self._put(ToolEnd(seq=self._number(), part=part, status=status, summary=summary, ms=ms))

    def show(self, block: Block) -> Block:
        """Show a block, or show it anew in its place where it is known; gives it as it stands then.

        What a person did with it stays. Of one that was growing only what is still missing travels.
        """
        self._close()
        if not block.growing:
            self._drafts.pop(block.id, None)
        part = self._blocks.get(block.id)
        if (known := self.block(block.id)) is not None and known.state is not None and known.state.status != "open":
            block = replace(block, state=known.state)
        if part is None:
            part = self._blocks[block.id] = self._next()
            self._put(BlockRender(seq=self._number(), part=part, block=block))
            return block
        held = self.block(block.id)
        if held is not None and held.growing:
            block = replace(block, version=held.version + 1)
            if not block.growing and block.kind == held.kind:
                ops, end = grown(held, block)
                version = held.version + bool(ops)
                self._put(BlockPatch(seq=self._number(), part=part, version=version, ops=tuple(ops), grown=end))
                return replace(block, version=version)
        self._put(BlockRender(seq=self._number(), part=part, block=block))
        return block

    def draft(self, draft: Draft) -> None:
        """Something was written on a block; what there is to see of it comes with the next frames."""
        self._drafts[draft.block] = draft

    def take_over(self, call: str, after: str) -> None:
        """A call writes anew what an earlier one got wrong, in its place."""
        if after in self._calls:
            self._calls[call] = self._calls.pop(after)

    def put_away(self, call: str, block_id: str, *, kinds: Kinds = BLOCKS) -> None:
        """A call got its block wrong and no other one writes it anew: what was seen of it stays as plain text."""
        self.tool_end(call, "stopped", None, 0)
        held = self.block(block_id)
        if held is not None and held.growing:
            self.show(said(held, kinds))

    def block(self, block_id: str) -> Block | None:
        """The block as it stands, or None where this answer shows none by that id."""
        index = self._blocks.get(block_id)
        part = self._parts[index] if index is not None else None
        return part.block if isinstance(part, BlockPart) else None

    def act(self, block_id: str, state: BlockState) -> None:
        """A person did something with a block; the frame that says so is not one of these."""
        index = self._blocks.get(block_id)
        if index is not None and (block := self.block(block_id)) is not None:
            self._parts[index] = BlockPart(block=replace(block, state=state))

    def patch(self, block_id: str, ops: Iterable[PatchOp]) -> None:
        """Change a block in place.

        Raises `KeyError` for a block that is not shown here, `ProtocolError` for a path that leads nowhere.
        """
        self._flush()
        index = self._blocks[block_id]
        held = self._parts[index]
        assert isinstance(held, BlockPart)
        frame = BlockPatch(seq=self.seq + 1, part=index, version=held.block.version + 1, ops=tuple(ops))
        apply_part(tuple(self._parts), frame)  # raises before anything is numbered
        self.seq += 1
        self._put(frame)

    def found(self, source: Source) -> int:
        """A passage that the model may cite; the same chunk keeps its number. It is shown once the text cites it."""
        known = self._found.get(source.chunk)
        if known is not None:
            return known.number
        number = max(self._numbers, default=0) + 1
        numbered = replace(source, number=number)
        self._found[source.chunk] = self._numbers[number] = numbered
        return number

    def finish(self, stopped: ToolStatus = "stopped", *, uncited: int = 3, kinds: Kinds = BLOCKS) -> None:
        """Close what an error or a stop left open. A block that was being written stays as it is where that is sound,
        else as plain text.

        Where passages were found and the text cites none, the best `uncited` of them are shown all the same: the answer
        rests on them, whatever the model wrote.
        """
        self._look(opening=False)
        for call in list(self._calls):
            self.tool_end(call, stopped, None, 0)
        self.settle(kinds)
        self._flush()
        if not self._cited and any(isinstance(part, TextPart) for part in self._parts):
            for number in sorted(self._numbers)[:uncited]:
                self._cite(number)

    def broken_off(self, part: ToolPart, summary: str | None) -> None:
        """Close a call that a lost turn left running."""
        self._calls[part.call] = self._parts.index(part)
        self.tool_end(part.call, "stopped", summary, 0)

    def settle(self, kinds: Kinds) -> None:
        """Leave each block that was being written sound, or as plain text."""
        self._drafts.clear()
        for part in list(self._parts):
            if isinstance(part, BlockPart) and part.block.growing:
                self.show(as_left(part.block, kinds))

    # ------------------------------------------------------------------------------------------ what comes out

    def take(self) -> list[LiveFrame]:
        """Every frame since the last call, numbered; the parts stand as of the last of them."""
        self._look()
        self._flush()
        out, self._out = self._out, []
        return out

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts as of `seq`; what waits to be merged is not in them (call `take` first)."""
        self._fold()
        return tuple(self._parts)

    # ------------------------------------------------------------------------------------------ inside

    def _look(self, *, opening: bool = True) -> None:
        """What was written on blocks since the last look."""
        for draft in list(self._drafts.values()):
            if draft.opened:
                if ops := draft.take():
                    self.patch(draft.block, ops)
            elif opening and (block := draft.open()) is not None:
                self.tool_start(draft.call, draft.tool, draft.title)
                self.show(block)

    def _next(self) -> int:
        self._count += 1
        return self._count - 1

    def _ended(self, call: str) -> int | None:
        """The last part of this call."""
        return next(
            (
                index
                for index, part in reversed(list(enumerate(self._parts)))
                if isinstance(part, ToolPart) and part.call == call
            ),
            None,
        )

    def _number(self) -> int:
        self.seq += 1
        return self.seq

    def _close(self) -> None:
        self._flush()
        self._fold()
        self._open = None
        self._tail = ""

    def _flush(self) -> None:
        """Number the text that waits, as one frame."""
        if not self._pending:
            return
        assert self._open is not None
        text = self._pending[0] if len(self._pending) == 1 else "".join(self._pending)
        self._pending.clear()
        self.seq += 1
        if self._open == len(self._parts):
            self._parts.append(self._kind(text=""))
        self._pieces.append(text)
        if self._kind is TextPart:
            self._out.append(TextDelta(seq=self.seq, part=self._open, text=text))
            if self._numbers:
                self._look_for_citations(text)
        else:
            self._out.append(ReasoningDelta(seq=self.seq, part=self._open, text=text))

    def _fold(self) -> None:
        if self._pieces and self._open is not None:
            held = self._parts[self._open]
            assert isinstance(held, TextPart | ReasoningPart)
            self._parts[self._open] = replace(held, text=held.text + "".join(self._pieces))
            self._pieces.clear()

    def _put(self, frame: LiveFrame) -> None:
        self._parts[:] = apply_part(tuple(self._parts), frame)
        self._out.append(frame)

    def _look_for_citations(self, text: str) -> None:
        seen = self._tail + text
        if "]" in text:
            for mark in _CITED.finditer(seen):
                for number in mark.group(1).split(","):
                    self._cite(int(number))
        self._tail = seen[-_TAIL:]

    def _cite(self, number: int) -> None:
        source = self._numbers.get(number)
        if source is not None and number not in self._cited:
            self._cited.add(number)
            self._put(SourceAdded(seq=self._number(), part=self._next(), source=source))
