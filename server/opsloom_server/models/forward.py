"""The handler of every run's events: the sink gets what the fast seam did not already give it."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Protocol

from pydantic_ai import RunContext
from pydantic_ai.messages import AgentStreamEvent, PartStartEvent

from opsloom_server.models.seam.feed import CallSink, Feed, ModelSink, feeds


class HasSink(Protocol):
    """What a run's `deps` must have; they may have `calls` as well, a `CallSink`."""

    @property
    def sink(self) -> ModelSink: ...


async def forward_events(ctx: RunContext[HasSink], events: AsyncIterable[AgentStreamEvent]) -> None:
    """`event_stream_handler=` of every run. Gives `ctx.deps.sink` each text and reasoning exactly once, and
    `ctx.deps.calls` the arguments of calls as they are written.

    Events of tools that run pass: the toolset tells the sink of those itself.
    """
    calls: CallSink | None = getattr(ctx.deps, "calls", None)
    plain = Feed(ctx.deps.sink, calls)
    responding = False
    async for event in events:
        if isinstance(event, PartStartEvent) and event.index == 0 and calls is not None:
            calls.response()
            responding = True
        # Looked up with each event: the request opens only when its first event is asked for, and one stream of
        # events may stitch several requests together.
        (feeds.of(ctx.run_id) or plain).take(event)
    if responding and calls is not None:
        calls.ended()
