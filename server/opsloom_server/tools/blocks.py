"""Tools that show blocks: `show_<kind>` or `ask_<kind>` for each kind, and `update_block` to change one in place."""

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct
from opsloom_blocks import BLOCKS, BlockKind, in_words, make_block, shape
from opsloom_protocol.messages import Issue, PatchOp

from opsloom_server.store.ids import new_id
from opsloom_server.tools.events import Ask, Patch, Result, Show, ToolEvent
from opsloom_server.tools.tool import Tool, ToolContext

SHOWN = "The person sees it now; do not repeat its content in words."

SAID = "It did not fit, so the person sees it as plain text. Do not show it again."
ASKED = "It did not fit, so the person reads the question as plain text, and answers in a message."


class ShowBlock(Tool):
    """Shows one block of a kind; its arguments are the block's data."""

    sequential = True
    retries = 1

    def __init__(self, kind: BlockKind[Any]) -> None:
        self.kind = kind
        self.name = f"{'ask' if kind.waits else 'show'}_{kind.kind}"
        self.title = kind.title
        self.about = kind.about
        self.arguments = kind.data
        self.origin = "server" if BLOCKS.get(kind.kind) is kind else "extension"

    def schema(self) -> dict[str, Any]:
        return shape(self.kind)

    def check(self, args: Any) -> Sequence[Issue]:
        return self.kind.check(args)

    def visible(self, args: Any) -> Any:
        return None  # the block itself says it

    async def run(self, args: Any, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        kinds = {**context.kinds, self.kind.kind: self.kind}
        block = make_block(self.kind.kind, args, context.block or new_id("blk"), kinds)
        if self.kind.waits:
            yield Ask(block)
        else:
            yield Show(block)
            yield Result({"block": block.id, "note": SHOWN})

    def instead(self, raw: Any) -> Sequence[ToolEvent]:
        """What could be read of the data, as plain text."""
        block = in_words(raw, new_id("blk"))
        return (
            ()
            if block is None
            else (Show(block), Result({"block": block.id, "note": ASKED if self.kind.waits else SAID}))
        )


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    op: Literal["set", "append", "remove"]
    path: Annotated[
        str, Meta(max_length=200, description="JSON Pointer into the block's data: `/stages/0/status`, `/rows`")
    ]
    value: Annotated[Any, Meta(description="what to set, or what to append to a string or a list")] = UNSET


class Update(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    block: Annotated[str, Meta(max_length=100, description="the id that show_… gave")]
    ops: Annotated[list[Change], Meta(min_length=1, max_length=50)]


class UpdateBlock(Tool):
    name = "update_block"
    origin = "server"
    title = "Update what is shown"
    about = (
        "Change a block that you showed earlier in this answer, in place, instead of showing a "
        "new one: set a value, append rows or points, remove something."
    )
    arguments = Update
    sequential = True

    def check(self, args: Update) -> Sequence[Issue]:
        return [
            Issue(path=f"/ops/{at}/value", text=f"`{change.op}` needs a value.")
            for at, change in enumerate(args.ops)
            if change.op != "remove" and change.value is UNSET
        ]

    def visible(self, args: Any) -> Any:
        return None  # people see the block change

    async def run(self, args: Update, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        yield Patch(args.block, tuple(PatchOp(op=c.op, path=c.path, value=c.value) for c in args.ops))
        yield Result({"block": args.block, "version": context.shown[args.block].version})


UPDATE_BLOCK = UpdateBlock()
