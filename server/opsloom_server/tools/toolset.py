"""The bridge to pydantic-ai: our tools as a toolset of one agent run.

Wrong arguments go back to the model before anything starts. The start of a call is committed before it runs, its end
before the model sees the result; a failure is a result in words, and only a stop or a database that does not
answer ends the run.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from opsloom_blocks import BlockError, plain
from opsloom_blocks.content import read
from opsloom_protocol.messages import Issue
from pydantic_ai import RunContext
from pydantic_ai.exceptions import CallDeferred, ModelRetry, ToolFailed
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool

from opsloom_server.tools.drafts import Drafts
from opsloom_server.tools.events import Show, ToolEvent
from opsloom_server.tools.parsing import JSON_OBJECT, demand_read, what_was_read
from opsloom_server.tools.running import Outcome, Shown, run_call, settled, with_call, written
from opsloom_server.tools.tool import RETRIES, HasSink, Tool, ToolContext

log = logging.getLogger("opsloom.tools")


class OpsloomToolset(AbstractToolset[HasSink]):
    """The tools of one agent run: make one a run and pass it as `toolsets=[…]`; `deps.sink` gets the events.

    `shown` seeds the blocks that the answer has already, where a waiting answer goes on. `drafts` knows which blocks
    people have seen growing.
    """

    def __init__(self, tools: Sequence[Tool], context: ToolContext, drafts: Drafts | None = None) -> None:
        self._tools: Mapping[str, Tool] = {tool.name: tool for tool in tools}
        self._entries = {tool.name: self._entry(tool) for tool in tools}
        self._context = context
        self._shown = Shown(context.kinds, context.shown)
        self._drafts = drafts

    @property
    def id(self) -> str:
        return "opsloom"

    async def get_tools(self, ctx: RunContext[HasSink]) -> dict[str, ToolsetTool[HasSink]]:
        return dict(self._entries)

    def _entry(self, tool: Tool) -> ToolsetTool[HasSink]:
        def check(ctx: RunContext[HasSink], /, **raw: Any) -> None:
            try:
                arguments(tool, raw)
            except BlockError as error:
                # Past its retries pydantic-ai would end the run; a failed result lets the model answer without it.
                if ctx.retry >= min(tool.retries, RETRIES):
                    if tool.instead(what_was_read(raw)):
                        return
                    if self._drafts is not None:
                        self._drafts.refused(ctx.tool_call_id or tool.name)
                    raise ToolFailed(f"{tool.name} was not run; its arguments are wrong. {error.text}") from None
                if self._drafts is not None:
                    self._drafts.refused(ctx.tool_call_id or tool.name)
                raise ModelRetry(words(error.issues)) from None

        return ToolsetTool(
            toolset=self,
            tool_def=definition(tool),
            max_retries=RETRIES,
            args_validator=JSON_OBJECT,
            args_validator_func=check,
        )

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[HasSink], tool: ToolsetTool[HasSink]
    ) -> Any:
        """Run one call. Raises `CallDeferred` (metadata: `block`, `kind`) where a person is asked, `ToolFailed` where
        it did not work; a cancellation ends the call as `stopped` and goes on."""
        found = self._tools[name]
        try:
            args = arguments(found, tool_args)
        except BlockError:
            if not (events := found.instead(what_was_read(tool_args))):
                raise
            found, args = Instead(found, events), None
        call = ctx.tool_call_id or name
        sink = ctx.deps.sink
        await sink.tool_start(call, name, found.title, visible(found, args))
        started = time.monotonic()
        stops = cancellations()
        try:
            block = self._drafts.block_of(call) if self._drafts is not None else None
            context = with_call(self._context, call, self._shown, block)
            outcome = await run_call(found, args, context, sink, self._shown)
            if cancellations() > stops:
                raise asyncio.CancelledError  # the tool swallowed it
            outcome = sound(outcome)
        except asyncio.CancelledError:
            ending = sink.tool_end(call, "stopped", "Stopped", since(started), None)
            await settled(asyncio.create_task(ending, name=f"stop of {name}"))
            raise
        await written(sink.tool_end(call, outcome.status, outcome.summary, since(started), outcome.value))
        if outcome.asked is not None:
            raise CallDeferred({"block": outcome.asked.id, "kind": outcome.asked.kind}, kind="question")
        if outcome.status == "error":
            raise ToolFailed(str(outcome.value))
        return outcome.value


class Instead(Tool):
    """A call whose arguments stayed wrong: what the tool does then."""

    def __init__(self, tool: Tool, events: Sequence[ToolEvent]) -> None:
        self.name, self.title, self.about, self.arguments = tool.name, tool.title, tool.about, tool.arguments
        self._events = events

    async def run(self, args: Any, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        for event in self._events:
            if isinstance(event, Show) and context.block is not None:
                yield Show(replace(event.block, id=context.block))
            else:
                yield event

    def visible(self, args: Any) -> Any:
        return None  # they fit nothing that people could be shown


@lru_cache(maxsize=512)
def definition(tool: Tool) -> ToolDefinition:
    """The tool as models are told of it. Kept, because making the schemas of seven tools takes 2 ms, a quarter of what
    a whole turn costs."""
    return ToolDefinition(
        name=tool.name, description=tool.about, parameters_json_schema=tool.schema(), sequential=tool.sequential
    )


def arguments(tool: Tool, raw: dict[str, Any]) -> Any:
    """The arguments as the tool's struct. Raises `BlockError` with every issue."""
    demand_read(raw)
    args = read(tool.arguments, raw)
    try:
        issues = tool.check(args)
    except Exception:
        log.exception("tool %s failed to check its arguments", tool.name)
        issues = [Issue(path="", text="They could not be checked because of an unexpected error.")]
    if issues:
        raise BlockError(issues)
    return args


def visible(tool: Tool, args: Any) -> Any:
    """The arguments for people; a tool that fails to say them shows none."""
    try:
        return plain(tool.visible(args))
    except Exception:
        log.exception("tool %s failed to show its arguments", tool.name)
        return None


def words(issues: Sequence[Issue]) -> str:
    """Issues for the model."""
    return "\n".join(["These arguments are not right:", *(f"- {i.path or '(all)'}: {i.text}" for i in issues)])


def sound(outcome: Outcome) -> Outcome:
    """The outcome with a value that is certainly plain JSON, and without NUL, which PostgreSQL cannot store."""
    try:
        encoded = msgspec.json.encode(outcome.value)
    except (TypeError, ValueError, RecursionError, OverflowError, msgspec.MsgspecError):
        text = "The tool gave a result that is not JSON."
        return Outcome(status="error", summary=text, value=text)
    if len(encoded) > RESULT_BYTES:
        text = f"The result has {len(encoded)} bytes; more than {RESULT_BYTES} cannot be read at once. Ask for less."
        return Outcome(status="error", summary="The result is too large", value=text)
    value = without_nul(msgspec.json.decode(encoded))
    summary = without_nul(outcome.summary)
    return replace(outcome, value=value, summary=summary)


RESULT_BYTES: Final = 262_144
"""Largest result of a call, bytes of JSON: about 65,000 tokens, half of a common model's window."""


def without_nul(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [without_nul(item) for item in value]
        case dict():
            return {without_nul(key): without_nul(item) for key, item in value.items()}
        case _:
            return value


def since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def cancellations() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0
