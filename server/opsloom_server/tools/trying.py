"""One call of a tool by itself: by a person who tries it, by a test of whoever wrote it."""

from typing import Any

from opsloom_server.store.ids import new_id
from opsloom_server.tools.arguments import arguments
from opsloom_server.tools.aside import Aside
from opsloom_server.tools.calls import RunningCalls
from opsloom_server.tools.carrying import sound
from opsloom_server.tools.running import Outcome, Shown, run_call, with_call
from opsloom_server.tools.tool import Tool, ToolContext, ToolSink


async def try_tool(
    tool: Tool, given: dict[str, Any], context: ToolContext | None = None, sink: ToolSink | None = None
) -> Outcome:
    """Run it with these arguments (plain values), whatever its effect: `status`, the `value` that a model would be
    given, the `summary` that people would read. Raises `BlockError` where the arguments do not fit."""
    args = arguments(tool, given)
    where = context or ToolContext(workspace="ws_default")
    shown = Shown(where.kinds, where.shown)
    outcome = await run_call(
        tool, args, with_call(where, where.call or new_id("try"), shown), sink or Aside(), shown, RunningCalls()
    )
    return sound(outcome)
