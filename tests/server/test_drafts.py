"""Drafts of blocks in an answer, without a server: any pieces, any moments of looking, any end."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from opsloom_blocks import BLOCKS, make_block, plain
from opsloom_protocol.frames import BlockPatch, BlockRender, LiveFrame
from opsloom_protocol.messages import Block, BlockPart, Part, ToolPart
from opsloom_protocol.state import apply_part
from opsloom_server.stream import Answer
from opsloom_server.tools.blocks import ShowBlock
from opsloom_server.tools.drafts import Drafts

TOOLS = [ShowBlock(kind) for kind in BLOCKS.values()]
KINDS = list(BLOCKS)


class Window:
    """An answer and what a client makes of its frames; they agree after each look."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.drafts = Drafts(TOOLS, self.answer, BLOCKS)
        self.parts: tuple[Part, ...] = ()
        self.frames: list[LiveFrame] = []

    def look(self) -> None:
        for frame in self.answer.take():
            self.parts = apply_part(self.parts, frame)
            self.frames.append(frame)
        assert self.parts == self.answer.parts
        assert [frame.seq for frame in self.frames] == list(range(1, len(self.frames) + 1))

    def run(self, call: str, kind: str, data: Any) -> Block:
        """The call runs, as the toolset does it."""
        self.answer.tool_start(call, f"show_{kind}", "Show")
        block = self.answer.show(make_block(kind, data, self.drafts.block_of(call) or f"blk_of_{call}"))
        self.answer.tool_end(call, "ok", None, 1)
        self.look()
        return block


@st.composite
def writings(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, str]]]:
    """Some kinds, and the pieces of their examples in the order of writing: one call after the other, or in turn."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))
    pieces: list[tuple[int, str]] = []
    for at, kind in enumerate(kinds):
        text = json.dumps(plain(BLOCKS[kind].example))
        size = draw(st.integers(5, 200))
        pieces += [(at, text[begin : begin + size]) for begin in range(0, len(text), size)]
    return kinds, pieces


@settings(max_examples=150, deadline=None)
@given(written=writings(), looks=st.sets(st.integers(0, 400)), ends=st.integers(0, 2_000))
def test_at_every_look_frames_and_answer_agree(
    written: tuple[list[str], list[tuple[int, str]]], looks: set[int], ends: int
) -> None:
    kinds, pieces = written
    window = Window()
    window.drafts.response()
    begun: set[int] = set()
    for moment, (at, piece) in enumerate(pieces[:ends]):
        if at not in begun:
            begun.add(at)
            window.drafts.call(f"call_{at}", f"{'ask' if BLOCKS[kinds[at]].waits else 'show'}_{kinds[at]}", piece)
        else:
            window.drafts.arguments(f"call_{at}", piece)
        if moment in looks:
            window.look()
    if len(pieces) <= ends:
        window.drafts.ended()
        for at, kind in enumerate(kinds):
            shown = window.run(f"call_{at}", kind, BLOCKS[kind].example)
            assert shown.data == plain(BLOCKS[kind].example)
        blocks = [part.block for part in window.parts if isinstance(part, BlockPart)]
        assert [block.kind for block in blocks] == kinds
        assert [block.data for block in blocks] == [plain(BLOCKS[kind].example) for kind in kinds]
        assert [type(part) for part in window.parts] == [ToolPart, BlockPart] * len(kinds)
    window.answer.finish("stopped")
    window.look()
    for part in window.parts:
        assert not isinstance(part, ToolPart) or part.status != "running"
        if isinstance(part, BlockPart):
            assert not part.block.growing
            assert part.block.fallback
    versions: dict[int, int] = {}
    for frame in window.frames:
        if isinstance(frame, BlockRender | BlockPatch):
            version = frame.block.version if isinstance(frame, BlockRender) else frame.version
            assert version >= versions.get(frame.part, 1)
            versions[frame.part] = version


def test_a_draft_never_opens_after_its_response() -> None:
    window = Window()
    window.drafts.response()
    window.drafts.call("one", "search_knowledge", '{"query": "x"}')
    window.drafts.call("two", "show_notice", '{"text": "Hello there"')
    window.look()
    assert window.parts == ()  # the search comes first
    window.drafts.arguments("two", "}")
    window.drafts.ended()
    window.look()
    assert window.parts == ()
    assert window.run("two", "notice", {"text": "Hello there"}).version == 1
    window.drafts.response()
    window.look()
    assert len(window.parts) == 2
