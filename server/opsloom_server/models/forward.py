"""The handler of every run's events: the sink gets what the fast seam did not already give it."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Protocol

from pydantic_ai import RunContext
from pydantic_ai.messages import AgentStreamEvent

from opsloom_server.models.seam.feed import Feed, ModelSink, feeds


class HasSink(Protocol):
    """What a run's `deps` must have."""

    @property
    def sink(self) -> ModelSink: ...


async def forward_events(ctx: RunContext[HasSink], events: AsyncIterable[AgentStreamEvent]) -> None:
    """`event_stream_handler=` of every run. Gives `ctx.deps.sink` each text and reasoning exactly once.

    Events of tools pass: the toolset tells the sink of those itself.
    """
    plain = Feed(ctx.deps.sink)
    async for event in events:
        # Looked up with each event: the request opens only when its first event is asked for, and one stream of
        # events may stitch several requests together.
        (feeds.of(ctx.run_id) or plain).take(event)
