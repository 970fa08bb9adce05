"""Blocks that people see while the model still writes the call that shows them.

Which of a response's calls may be seen, and where: a call opens only after every call before it, so the parts of an
answer stand in the order in which the calls would have run; a call that is refused leaves its place to the next call of
the same tool, and what no call takes up is said in plain text.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from opsloom_blocks import GrowingBlock, Kinds
from opsloom_protocol.messages import Block, PatchOp

from opsloom_server.store.ids import new_id
from opsloom_server.tools.blocks import ShowBlock
from opsloom_server.tools.tool import Tool


class DraftSink(Protocol):
    """Where drafts are seen: the turn. Nothing here waits."""

    def draft(self, draft: "Draft") -> None:
        """More has been written; ask the draft with the next frame what is new."""
        ...

    def take_over(self, call: str, after: str) -> None:
        """A call has the place of an earlier one that was refused: its line, its block."""
        ...

    def put_away(self, call: str, block: str) -> None:
        """Nobody takes up a refused call: say what it showed in plain text."""
        ...


class Draft:
    """One call that shows a block, as it is written. `block` is the id that the block has, or will have."""

    def __init__(
        self, call: str, tool: ShowBlock, before: Sequence["Draft | None"], refused: "Draft | None", kinds: Kinds
    ) -> None:
        self.call = call
        self.tool = tool.name
        self.title = tool.title
        self.block: str = refused.block if refused is not None else new_id("blk")
        self.last = True  # of its response, so far
        self.over = False  # the response is: what has not opened is shown when it runs
        self.opened = False
        self.has_place = refused is not None  # people see its block, or that of the call before it
        self._before = before
        self._growing = GrowingBlock(tool.kind, self.block, kinds)

    def write(self, text: str) -> None:
        self._growing.write(text)

    def open(self) -> Block | None:
        """The block as far as it is written, once; None while there is nothing to show."""
        if self.over or not all(draft is not None and draft.settled for draft in self._before):
            return None
        if self._growing.whole and self.last:
            return None  # it runs in a moment, and is shown then
        block = self._growing.open()
        if block is None:
            return None
        self.opened = self.has_place = True
        return block

    def take(self) -> list[PatchOp]:
        """What was written since the last look."""
        return self._growing.take()

    @property
    def settled(self) -> bool:
        """Whether what comes after it knows its place: it has one itself, or will be refused."""
        return self.has_place or self._growing.unfit


class Drafts:
    """The calls of one run, response by response: a `CallSink` of its models."""

    def __init__(self, tools: Sequence[Tool], sink: DraftSink, kinds: Kinds) -> None:
        self._tools: Mapping[str, ShowBlock] = {tool.name: tool for tool in tools if isinstance(tool, ShowBlock)}
        self._sink = sink
        self._kinds = kinds
        self._response: list[Draft | None] = []  # its calls in order; None for one that shows no block
        self._by_call: dict[str, Draft] = {}
        self._refused: list[Draft] = []  # shown, told to be wrong, and not taken up yet

    def response(self) -> None:
        self._response = []

    def call(self, call: str, tool: str, text: str) -> None:
        for earlier in self._response:
            if earlier is not None and earlier.last:
                earlier.last = False
                self._sink.draft(earlier)
        found = self._tools.get(tool)
        if found is None:
            self._response.append(None)
            self._by_call.pop(call, None)  # vendors may give an id again in the next response
            return
        refused = next((draft for draft in self._refused if draft.tool == tool), None)
        draft = Draft(call, found, tuple(self._response), refused, self._kinds)
        self._response.append(draft)
        self._by_call[call] = draft
        if refused is not None:
            self._refused.remove(refused)
            self._sink.take_over(call, refused.call)
        if text:
            self.arguments(call, text)

    def arguments(self, call: str, text: str) -> None:
        draft = self._by_call.get(call)
        if draft is not None:
            draft.write(text)
            self._sink.draft(draft)

    def ended(self) -> None:
        for draft in self._response:
            if draft is not None:
                draft.over = True
        for draft in self._refused:
            self._sink.put_away(draft.call, draft.block)
        self._refused.clear()

    # ------------------------------------------------------------------------------------------ for the toolset

    def block_of(self, call: str) -> str | None:
        """The id of the block that this call has on the screen, if it has one."""
        draft = self._by_call.get(call)
        return draft.block if draft is not None and draft.has_place else None

    def refused(self, call: str) -> None:
        """The call's arguments were wrong, and the model is told so."""
        draft = self._by_call.get(call)
        if draft is not None and draft.has_place:
            self._refused.append(draft)
