"""An extension from outside: a block that is changed by its own action, and a tool that can be cancelled."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct
from opsloom_blocks import BlockKind, Data, make_block
from opsloom_protocol.messages import Block, PatchOp
from opsloom_server.errors import Unavailable
from opsloom_server.tools import Handler, Patch, Progress, Result, Show, Tool, ToolContext, ToolEvent


class Counter(Data, frozen=True, kw_only=True):
    label: str
    count: int = 0


class Add(Data, frozen=True, kw_only=True):
    by: Annotated[int, Meta(ge=1)]
    seconds: float = 0.0


class CounterKind(BlockKind[Counter]):
    kind = "counter"
    title = "Show a counter"
    about = "Shows a number that people can add to, as often as they like, without asking the assistant."
    data = Counter
    example = Counter(label="Visitors")
    actions = {"add": Add}  # noqa: RUF012
    handled = frozenset({"add"})

    def fallback(self, data: Counter) -> str:
        return f"{data.label}: {data.count}"


class Adding(Handler):
    kind = "counter"
    action = "add"
    title = "Add"

    async def run(self, block: Block, values: Add, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        if values.by == 13:
            raise Unavailable("13 brings bad luck.")
        yield Progress(note=f"Adding {values.by} for {context.user}")
        await asyncio.sleep(values.seconds)
        count = block.data["count"] + values.by
        yield Patch(block.id, (PatchOp(op="set", path="/count", value=count),))
        yield Result({"count": count}, f"Now {count}")


class Copy(Struct):
    files: int
    ledger: str


class CopyFiles(Tool):
    name = "copy_files"
    title = "Copy files"
    about = "Copies files, slowly, and says in a ledger how it ended."
    arguments = Copy

    async def run(self, args: Copy, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        ended = "closed"
        try:
            data = {"title": "Copying", "done": 0, "total": args.files}
            yield Show(make_block("progress", data, f"blk_{context.call}", context.kinds))
            await asyncio.sleep(60)
            ended = "done"
            yield Result({"copied": args.files})
        finally:
            with Path(args.ledger).open("a") as ledger:
                ledger.write(f"{ended}\n")


BLOCKS = [CounterKind()]
HANDLERS = [Adding]
TOOLS = [CopyFiles()]
