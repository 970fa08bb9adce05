"""Every vendor's stream, end to end: real SDK, real wire format, the sink as the turn sees it."""

from __future__ import annotations

import asyncio
import time

import pytest
from opsloom_server.models import Models, Stop, Stopped
from opsloom_server.models.seam.feed import Feed
from server.models.runs import KINDS, MODELS, Deps, Sink, run
from vendors import Cut, Pause, Reasoning, ScriptedVendor, Text, ToolCall, Usage

pytestmark = pytest.mark.parametrize("kind", KINDS)
ANSWER = "The quick brown fox jumps over the lazy dog, twice."


async def test_text_and_usage(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([Text(ANSWER), Usage(21, 9)])
    deps = Deps()
    result = await run(await models.ready(MODELS[kind]), deps)
    assert result.output == ANSWER
    assert deps.sink.parts == [("text", ANSWER)]
    assert (result.usage.input_tokens, result.usage.output_tokens) == (21, 9)
    assert vendor.requests[0].model == MODELS[kind].partition(":")[2]


async def test_text_arrives_while_it_streams(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([Text(ANSWER, delay=0.005)])
    deps = Deps()
    await run(await models.ready(MODELS[kind]), deps)
    assert deps.sink.parts == [("text", ANSWER)]
    assert deps.sink.calls >= 8


async def test_reasoning_then_parallel_tools_then_text(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script(
        [
            Reasoning("I should add these numbers."),
            Text("Let me see."),
            ToolCall("add", {"a": 1, "b": 2}),
            ToolCall("add", {"a": 30, "b": 40}),
        ]
    )
    vendor.script([Text("They are 3 and 70.")])
    deps = Deps()
    result = await run(await models.ready(MODELS[kind]), deps)
    assert result.output == "They are 3 and 70."
    assert deps.sink.parts == [
        ("reasoning", "I should add these numbers."),
        ("text", "Let me see."),
        ("text", "They are 3 and 70."),
    ]
    assert len(vendor.requests) == 2
    assert "70" in str(vendor.requests[1].body)


async def test_stop_closes_the_stream_and_keeps_the_text(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([Text("one two three four five six", delay=0.01), Pause(20.0), Text("never")])
    deps = Deps()
    stop = Stop()
    task = asyncio.create_task(run(await models.ready(MODELS[kind]), deps, stop=stop))
    while deps.sink.of("text") != "one two three four five six":
        await asyncio.sleep(0.01)
    stopped = time.monotonic()
    stop.ask()
    with pytest.raises(Stopped) as caught:
        await task
    await asyncio.wait_for(vendor.requests[0].gone.wait(), 1.0)
    closed = vendor.requests[0].closed_at
    assert closed is not None
    assert closed - stopped < 1.0
    partial = caught.value.added[-1]
    assert partial.kind == "response"
    assert "".join(part.content for part in partial.parts if part.part_kind == "text") == "one two three four five six"
    assert partial.state == "interrupted"

    vendor.script([Text("seven")], when="go on")
    again = Deps(Sink())
    result = await run(await models.ready(MODELS[kind]), again, "go on", history=caught.value.added)
    assert result.output == "seven"
    assert "one two three four five six" in str(vendor.requests[-1].body)


async def test_a_cut_keeps_what_came(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([Text("one two three"), Cut()])
    deps = Deps()
    with pytest.raises(Exception, match=r".") as caught:
        await run(await models.ready(MODELS[kind]), deps)
    assert deps.sink.of("text") == "one two three"
    assert "Cancelled" not in type(caught.value).__name__
    assert len(vendor.requests) == 1  # never asked again once something was shown


async def test_deltas_go_round_the_framework(
    kind: str, vendor: ScriptedVendor, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The point of the seam, counted: 200 tokens are 200 calls of the sink, and no more than a few events."""
    seen = 0
    take = Feed.take

    def counting(self: Feed, event: object) -> None:
        nonlocal seen
        seen += 1
        take(self, event)

    monkeypatch.setattr(Feed, "take", counting)
    # Slow enough that no read brings many tokens at once.
    vendor.script([Reasoning(tokens=[" hm"] * 100, delay=0.001), Text(tokens=[" yes"] * 100, delay=0.001)])
    deps = Deps()
    await run(await models.ready(MODELS[kind]), deps)
    assert deps.sink.parts == [("reasoning", " hm" * 100), ("text", " yes" * 100)]
    assert deps.sink.calls >= 100
    assert seen <= 10
