"""The bridge to pydantic-ai: our tools as a toolset of one agent run.

Wrong arguments go back to the model before anything starts. The start of a call is committed before it runs, its end
before the model sees the result; a failure is a result in words, and only a stop or a database that does not
answer ends the run.
"""

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from opsloom_blocks import BlockError
from opsloom_blocks.content import read
from opsloom_protocol.messages import Issue
from pydantic_ai import RunContext
from pydantic_ai.exceptions import CallDeferred, ModelRetry, ToolFailed
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool

from opsloom_server.tools.calls import RunningCalls
from opsloom_server.tools.carrying import carry_out
from opsloom_server.tools.events import ToolEvent
from opsloom_server.tools.parsing import JSON_OBJECT, demand_read, what_was_read
from opsloom_server.tools.running import Shown, with_call
from opsloom_server.tools.tool import RETRIES, HasSink, Tool, ToolContext

log = logging.getLogger("opsloom.tools")


class OpsloomToolset(AbstractToolset[HasSink]):
    """The tools of one agent run: make one a run and pass it as `toolsets=[…]`; `deps.sink` gets the events.

    `shown` seeds the blocks that the answer has already, where a waiting answer goes on.
    """

    def __init__(self, tools: Sequence[Tool], context: ToolContext, calls: RunningCalls | None = None) -> None:
        self._tools: Mapping[str, Tool] = {tool.name: tool for tool in tools}
        self._entries = {tool.name: self._entry(tool) for tool in tools}
        self._context = context
        self._shown = Shown(context.kinds, context.shown)
        self._calls = calls or RunningCalls()

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
                    raise ToolFailed(f"{tool.name} was not run; its arguments are wrong. {error.text}") from None
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
        context = with_call(self._context, ctx.tool_call_id or name, self._shown)
        outcome = await carry_out(found, args, context, ctx.deps.sink, self._shown, self._calls)
        if outcome.asked is not None:
            raise CallDeferred({"block": outcome.asked.id, "kind": outcome.asked.kind}, kind="question")
        if outcome.status != "ok":
            raise ToolFailed(str(outcome.value))
        return outcome.value


class Instead(Tool):
    """A call whose arguments stayed wrong: what the tool does then."""

    def __init__(self, tool: Tool, events: Sequence[ToolEvent]) -> None:
        self.name, self.title, self.about, self.arguments = tool.name, tool.title, tool.about, tool.arguments
        self._events = events

    async def run(self, args: Any, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        for event in self._events:
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


def words(issues: Sequence[Issue]) -> str:
    """Issues for the model."""
    return "\n".join(["These arguments are not right:", *(f"- {i.path or '(all)'}: {i.text}" for i in issues)])
