"""A call carried out: its start committed before it runs, its end before anybody goes on from it."""

import asyncio
import logging
import time
from typing import Any, Final

import msgspec

from opsloom_server.tools.arguments import visible
from opsloom_server.tools.calls import RunningCalls
from opsloom_server.tools.running import Outcome, Shown, run_call, settled, written
from opsloom_server.tools.tool import Tool, ToolContext, ToolSink

log = logging.getLogger("opsloom.tools")


async def carry_out(
    tool: Tool,
    args: Any,
    context: ToolContext,
    sink: ToolSink,
    shown: Shown,
    calls: RunningCalls,
    approval: str | None = None,
) -> Outcome:
    """Run the call `context.call`, which the block `approval` allowed where it asked; its result is plain JSON. A
    cancellation ends it as `stopped` and goes on."""
    call = context.call
    await sink.tool_start(call, tool.name, tool.title, visible(tool, args), approval)
    started = time.monotonic()
    stops = cancellations()
    try:
        outcome = await run_call(tool, args, context, sink, shown, calls)
        if cancellations() > stops:
            raise asyncio.CancelledError  # the tool swallowed it
        outcome = sound(outcome)
    except asyncio.CancelledError:
        ending = sink.tool_end(call, "stopped", "Stopped", since(started), None)
        await settled(asyncio.create_task(ending, name=f"stop of {tool.name}"))
        raise
    await written(sink.tool_end(call, outcome.status, outcome.summary, since(started), outcome.value))
    return outcome


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
    return msgspec.structs.replace(outcome, value=value, summary=summary)


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
