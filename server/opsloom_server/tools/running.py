"""One call of a tool, from its first event to its end."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, Final, assert_never

from msgspec import UNSET, Struct
from msgspec.structs import replace
from opsloom_blocks import BlockError, Kinds, patched
from opsloom_protocol.messages import Block, Issue, ToolStatus

from opsloom_server.errors import OpsloomError
from opsloom_server.tools.calls import CANCELLED, RunningCalls
from opsloom_server.tools.events import Ask, Cite, Patch, Progress, Result, Show, ToolEvent
from opsloom_server.tools.tool import Tool, ToolContext, ToolSink

log = logging.getLogger("opsloom.tools")

ENDING_SECONDS: Final = 5.0
"""How long a stopped call may take to write down that it was stopped; PostgreSQL needs milliseconds."""


class Outcome(Struct, frozen=True, kw_only=True):
    """How a call ended. `value` goes to the model; `asked` is the block whose answer will be the value instead, within
    `expires_in` seconds if they are given."""

    status: ToolStatus
    summary: str | None
    value: Any = None
    asked: Block | None = None
    expires_in: float | None = None


class Shown:
    """The blocks of one answer, as they are after every patch."""

    def __init__(self, kinds: Kinds, blocks: Mapping[str, Block]) -> None:
        self._kinds = kinds
        self.blocks = dict(blocks)

    def add(self, block: Block) -> None:
        self.blocks[block.id] = block

    def change(self, event: Patch) -> tuple[Block, Block]:
        """The block before and after the change. Raises `BlockError`."""
        held = self.blocks.get(event.block_id)
        if held is None:
            raise BlockError([Issue(path="/block", text="This answer has no block with that id.")])
        changed = self.blocks[held.id] = patched(held, event.ops, self._kinds)
        return held, changed


async def run_call(
    tool: Tool, args: Any, context: ToolContext, sink: ToolSink, shown: Shown, calls: RunningCalls
) -> Outcome:
    """Run the call to its end. What the tool raises is in the outcome; raises only what the sink raises."""
    running = calls.begin(context.call)
    try:
        async with asyncio.timeout(tool.timeout) as limit:
            running.begin(limit)
            outcome = await _follow(tool, args, context, sink, shown, calls)
    except TimeoutError:
        if not limit.expired():
            raise
        outcome = None
    finally:
        calls.end(context.call, running)
    if running.cancelled and (outcome is None or outcome.status == "error"):
        return Outcome(status="stopped", summary="Cancelled", value=CANCELLED)
    if outcome is None or (limit.expired() and outcome.status == "error"):
        words = f"This took longer than {tool.timeout:g} seconds and was given up."
        return Outcome(status="error", summary=words, value=words)
    return outcome


async def _follow(
    tool: Tool, args: Any, context: ToolContext, sink: ToolSink, shown: Shown, calls: RunningCalls
) -> Outcome:
    stream: AsyncGenerator[ToolEvent, Any] = tool.run(args, context)
    async with aclosing(stream):
        reply: int | None = None
        refusal: BlockError | None = None
        while True:
            try:
                event = await (stream.asend(reply) if refusal is None else stream.athrow(refusal))
            except StopAsyncIteration:
                return Outcome(status="ok", summary=None, value="Done.")
            except (OpsloomError, BlockError) as error:
                return Outcome(status="error", summary=error.text, value=error.text)
            except Exception:
                log.exception("tool %s failed", tool.name)
                words = "This did not work because of an unexpected error."
                return Outcome(status="error", summary=words, value=words)
            reply = refusal = None
            match event:
                case Progress():
                    sink.tool_progress(context.call, event.done, event.total, event.note)
                case Show(block):
                    shown.add(sink.show(block))
                    calls.showed(context.call, block.id)
                case Patch():
                    try:
                        held, changed = shown.change(event)
                    except BlockError as error:
                        refusal = error
                    else:
                        if held.view is UNSET and changed.view is UNSET:
                            sink.patch(event.block_id, list(event.ops))
                        else:
                            sink.show(changed)  # what draws it is another with each change
                case Cite(source):
                    reply = sink.cite(source)
                case Ask(block, expires_in):
                    shown.add(sink.show(block))
                    return Outcome(status="ok", summary="Waiting for an answer", asked=block, expires_in=expires_in)
                case Result(value, summary):
                    return Outcome(status="ok", summary=summary, value=value)
                case _:
                    assert_never(event)


async def written(ending: Coroutine[Any, Any, None]) -> None:
    """Await the ending of a call so that a cancellation in the middle does not tear it: it comes through after."""
    task = asyncio.create_task(ending, name="end of a tool call")
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await settled(task)
        raise


async def settled(task: asyncio.Task[None]) -> None:
    """Wait until the task is done, whoever cancels us meanwhile, but no longer than `ENDING_SECONDS`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ENDING_SECONDS
    while not task.done():
        if loop.time() >= deadline:
            log.error("a stopped tool call could not be written down within %g s", ENDING_SECONDS)
            task.cancel()
            deadline = float("inf")
        try:
            await asyncio.wait([task], timeout=None if deadline == float("inf") else deadline - loop.time())
        except asyncio.CancelledError:
            continue  # the caller is being cancelled already and goes on with that
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a stopped tool call could not be written down", exc_info=error)


def with_call(context: ToolContext, call: str, shown: Shown, block: str | None = None) -> ToolContext:
    return replace(context, call=call, shown=shown.blocks, block=block)
