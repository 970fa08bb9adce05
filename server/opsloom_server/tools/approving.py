"""Tools that act ask first: what a person is shown, what their answer binds, and what may run once they answered."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from opsloom_blocks import BlockError, make_block, plain
from opsloom_protocol.messages import Block
from pydantic_ai import ToolApproved, ToolDenied
from pydantic_ai.messages import ToolCallPart

from opsloom_server.store.blocks import Approval, Question
from opsloom_server.store.ids import new_id
from opsloom_server.tools.arguments import arguments, consequence, visible
from opsloom_server.tools.parsing import parsed
from opsloom_server.tools.tool import Due, Tool, ToolContext, ToolSink

CONSEQUENCE_CHARS: Final = 1_000
"""As many as a `confirm` block takes."""

GONE: Final = "It was not run: this assistant may no longer use it."
CHANGED: Final = "It was not run: this is not what the person allowed."
VOID: Final = "It was not run: the person's approval does not hold any more. Ask again if it is still wanted."


class Verdict(Struct, frozen=True, kw_only=True):
    """What became of a request for approval: the block, what its answer lets run where it is `allowed`, and `words` for
    the model where it is not."""

    block: Block
    approval: Approval
    allowed: bool
    words: str


def binding(tool: Tool, args: Any, context: ToolContext) -> bytes:
    """What an approval is for: this tool as it is, these arguments, in this answer of this session. SHA-256."""
    bound = [tool.name, plain(args), context.answer, context.session]
    if tool.edition:
        bound.append(tool.edition)
    return hashlib.sha256(msgspec.json.encode(bound, order="deterministic")).digest()


def request(tool: Tool, args: Any, context: ToolContext, *, always: bool) -> tuple[Block, Question]:
    """What the person is shown: the tool and all of its arguments. Raises `BlockError` for more than one can read."""
    shown = visible(tool, args)
    offered = always and not tool.danger
    data: dict[str, Any] = {
        "title": tool.title[:200],
        "tool": tool.name,
        "arguments": shown if isinstance(shown, dict) else plain(args),
        "danger": tool.danger,
        "always": offered,
    }
    if words := consequence(tool, args):
        data["consequence"] = words if len(words) <= CONSEQUENCE_CHARS else words[: CONSEQUENCE_CHARS - 1] + "…"
    block = make_block("confirm", data, new_id("blk"), context.kinds)
    approval = Approval(tool=tool.name, binding=binding(tool, args, context), always=offered)
    return block, Question(call=context.call, approval=approval)


async def redeem(
    verdicts: Mapping[str, Verdict],
    calls: Sequence[ToolCallPart],
    tools: Mapping[str, Tool],
    context: ToolContext,
    sink: ToolSink,
) -> dict[str, ToolApproved | ToolDenied]:
    """What the agent may do about the calls that asked, by call. Those that run are begun: from here on they are not
    begun again, whatever happens to this node. Those that do not are shown as denied."""
    due: list[Due] = []
    refused: dict[str, str] = {}
    for part in calls:
        verdict = verdicts[part.tool_call_id]
        tool = tools.get(part.tool_name)
        if not verdict.allowed:
            refused[part.tool_call_id] = verdict.words
        elif tool is None:
            refused[part.tool_call_id] = GONE
        elif (ready := _ready(part, verdict, tool, context)) is None:
            refused[part.tool_call_id] = CHANGED
        else:
            due.append(ready)
    refused |= await sink.begin_allowed(due) if due else {}
    for part in calls:
        if (words := refused.get(part.tool_call_id)) is not None:
            verdict = verdicts[part.tool_call_id]
            data = verdict.block.data
            sink.tool_denied(
                part.tool_call_id,
                part.tool_name,
                data["title"],
                data["arguments"],
                _summary(verdict, words),
                verdict.block.id,
            )
    return {
        part.tool_call_id: ToolDenied(refused[part.tool_call_id]) if part.tool_call_id in refused else ToolApproved()
        for part in calls
    }


def _ready(part: ToolCallPart, verdict: Verdict, tool: Tool, context: ToolContext) -> Due | None:
    """The call, if it is the very one that was allowed."""
    try:
        args = arguments(tool, parsed(part.args))
    except BlockError:
        return None
    bound = binding(tool, args, context)
    if bound != verdict.approval.binding or tool.name != verdict.approval.tool:
        return None
    return Due(call=part.tool_call_id, tool=tool.name, input=visible(tool, args), block=verdict.block.id, binding=bound)


def _summary(verdict: Verdict, words: str) -> str:
    """For people: they know their own reason."""
    state = verdict.block.state
    if verdict.allowed:
        return words
    if state is None or state.status != "answered":
        return "Not answered in time"
    reason = (state.values or {}).get("reason")
    return f"Denied: {reason}" if reason else "Denied"
