"""The bridge to pydantic-ai: our tools as a toolset of one agent run.

Wrong arguments go back to the model before anything starts. The start of a call is committed before it runs, its end
before the model sees the result; a failure is a result in words, and only a stop or a database that does not
answer ends the run.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn

from opsloom_blocks import BlockError
from pydantic_ai import RunContext
from pydantic_ai.exceptions import ApprovalRequired, CallDeferred, ModelRetry, ToolFailed
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool

from opsloom_server.store.blocks import Question
from opsloom_server.tools.approving import CHANGED, binding, request
from opsloom_server.tools.arguments import arguments, words
from opsloom_server.tools.calls import RunningCalls
from opsloom_server.tools.carrying import carry_out
from opsloom_server.tools.events import ToolEvent
from opsloom_server.tools.parsing import JSON_OBJECT, what_was_read
from opsloom_server.tools.running import Shown, with_call
from opsloom_server.tools.tool import RETRIES, HasSink, Tool, ToolContext, ToolSink

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
        # Of several calls at once, people are asked about the first one first.
        self._in_order = asyncio.Lock()
        # Text from outside is in what the model knows: it may be somebody else's wish that it follows.
        self._tainted = context.tainted

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
        """Run one call. Raises `CallDeferred` or `ApprovalRequired` (metadata: `block`, `kind`, `question`) where a
        person is asked, `ToolFailed` where it did not work; a cancellation ends the call as `stopped` and goes on."""
        found = self._tools[name]
        try:
            args = arguments(found, tool_args)
        except BlockError:
            if not (events := found.instead(what_was_read(tool_args))):
                raise
            found, args = Instead(found, events), None
        sink = ctx.deps.sink
        context = with_call(self._context, ctx.tool_call_id or name, self._shown)
        approval = None
        if ctx.tool_call_approved:
            approval = self._approved(found, args, context, ctx.tool_call_metadata)
        elif found.effect != "reads":
            async with self._in_order:
                if await self._asks(found, sink):
                    self._ask(found, args, context, sink)
        self._tainted = self._tainted or found.untrusted
        outcome = await carry_out(found, args, context, sink, self._shown, self._calls, approval)
        if outcome.asked is not None:
            question = Question(call=context.call, expires_in=outcome.expires_in)
            asked = outcome.asked
            raise CallDeferred({"block": asked.id, "kind": asked.kind, "question": question}, kind="question")
        if outcome.status != "ok":
            raise ToolFailed(str(outcome.value))
        return outcome.value

    async def _asks(self, tool: Tool, sink: ToolSink) -> bool:
        """Whether a person has to allow this call."""
        return tool.danger or self._distrusted(tool) or not await sink.may_run(tool.name)

    def _distrusted(self, tool: Tool) -> bool:
        """Whether it could carry away what somebody's text made the model want."""
        return self._tainted and tool.effect in ("sends", "fetches")

    def _ask(self, tool: Tool, args: Any, context: ToolContext, sink: ToolSink) -> NoReturn:
        try:
            block, question = request(tool, args, context, always=not self._distrusted(tool))
        except BlockError as error:
            raise ToolFailed(f"{tool.name} was not run: nobody can be asked to allow this. {error.text}") from None
        self._shown.add(block)
        sink.show(block)
        raise ApprovalRequired({"block": block.id, "kind": block.kind, "question": question})

    def _approved(self, tool: Tool, args: Any, context: ToolContext, approved: Any) -> str:
        """The block that allows the call, if it is for this very one."""
        if not isinstance(approved, dict) or approved["binding"] != binding(tool, args, context):
            raise ToolFailed(CHANGED)
        return str(approved["block"])


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
