"""Our runs over our seam, against the framework's own agent and models: the same script must leave the same history,
usage, errors, requests and text, however the bytes are cut and wherever the run is stopped."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import anthropic
import boto3
import openai
import pytest
from anthropic.lib.bedrock._stream_decoder import get_response_stream_shape
from botocore.config import Config
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from opsloom_server.models import Models, ModelTimeouts, Stop, Stopped, forward_events
from opsloom_server.models.seam.model import Retries, Seam
from pydantic_ai import RunCancelled
from pydantic_ai.exceptions import ContentFilterError, OutputTokenLimitExceeded, UnexpectedModelBehavior
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ToolCallPart
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.bedrock import BedrockConverseModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.profiles.anthropic import AnthropicModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.bedrock import BedrockProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RunUsage
from server.models.runs import AGENT, INSTRUCTIONS, MODELS, TOOLS, Deps, run, settings_for
from vendors import (
    Cut,
    Finish,
    Garbage,
    HttpError,
    Pause,
    Reasoning,
    Refusal,
    ScriptedVendor,
    Step,
    StreamError,
    Text,
    ToolCall,
    Usage,
    signing,
)
from vendors.wire import sent

KINDS = ("openai-chat", "openai", "anthropic", "bedrock", "bedrock-claude")  # Ollama is Chat Completions
Way = Callable[[Model, Deps, Stop], Coroutine[Any, Any, tuple[str, Sequence[ModelMessage], RunUsage]]]
TOKENS = [
    "Hel",
    "lo",
    " world",
    ".",
    "\n",
    "\n\n",
    " ",
    "ä",
    "…",
    "🧶",
    "<think>",
    "</think>",
    "[1]",
    '"',
    "\\",
    "data: x\n\n",
]


def whole(events: Iterable[bytes]) -> Iterator[bytes]:
    """All events in one chunk."""
    if joined := b"".join(events):
        yield joined


def ragged(seed: int) -> Callable[[Iterable[bytes]], Iterator[bytes]]:
    """Cut without regard to events, lines or characters."""

    def cut(events: Iterable[bytes]) -> Iterator[bytes]:
        chance = random.Random(seed)
        rest = b"".join(events)
        while rest:
            size = chance.randint(1, 400)
            yield rest[:size]
            rest = rest[size:]

    return cut


def crlf(events: Iterable[bytes]) -> Iterator[bytes]:
    """Lines end the other way, and a chunk may end between CR and LF."""
    for raw in events:
        ended = raw.replace(b"\n", b"\r\n")
        yield ended[:-1]
        yield ended[-1:]


tokens = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=8)
said: st.SearchStrategy[Step] = st.one_of(
    tokens.map(lambda t: Text(tokens=t)),
    tokens.map(lambda t: Reasoning(tokens=t)),
    tokens.map(lambda t: Reasoning(tokens=t, field="reasoning")),
    st.builds(
        lambda a, pieces: ToolCall("add", {"a": a, "b": 2}, pieces=pieces), st.integers(0, 999), st.integers(1, 12)
    ),
    st.just(ToolCall("add", raw='{"a": 1, "b"', pieces=2)),
    st.just(ToolCall("nothing", {"x": "y"})),
)
endings: st.SearchStrategy[list[Step]] = st.one_of(
    st.just([]),
    st.sampled_from(
        [
            [Usage(100, 50, 20)],
            [Finish("length")],
            [Finish("content_filter")],
            [Refusal()],
            [Cut()],
            [StreamError()],
            [StreamError("Overloaded", "overloaded_error")],
            [Garbage()],
            [HttpError(429, "slow down", "rate_limit_exceeded")],
            [HttpError(400, "bad", "context_length_exceeded")],
            [HttpError(401, "no")],
            [HttpError(500, "oops")],
        ]
    ),
)
scripts = st.builds(lambda steps, end: [*steps, *end], st.lists(said, min_size=1, max_size=4), endings)
splits = st.one_of(st.none(), st.just(whole), st.just(crlf), st.integers(0, 99).map(ragged))


def normal(kind: str, vendor: ScriptedVendor) -> Model:
    """The framework's own model, with the SDK's own reader."""
    name = MODELS[kind].partition(":")[2]
    if kind == "bedrock":  # boto3, whose calls block a thread each
        amazon = boto3.Session(signing.KEY_ID, signing.SECRET, region_name="eu-central-1").client(
            "bedrock-runtime",
            endpoint_url=vendor.bedrock_url,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=2, proxies={}),
        )
        settings = ModelSettings(cache=True)
        return BedrockConverseModel(name, provider=BedrockProvider(bedrock_client=amazon), settings=settings)
    if kind == "bedrock-claude":
        get_response_stream_shape()  # the SDK's own reader loads it on the loop, with the first event
        bedrock = anthropic.AsyncAnthropicBedrock(
            aws_access_key=signing.KEY_ID,
            aws_secret_key=signing.SECRET,
            aws_region="eu-central-1",
            base_url=vendor.bedrock_url,
            max_retries=0,
        )
        return AnthropicModel(
            name, provider=AnthropicProvider(anthropic_client=bedrock), settings=ModelSettings(cache=True)
        )
    if kind == "anthropic":
        client = anthropic.AsyncAnthropic(api_key="k", base_url=vendor.anthropic_base_url, max_retries=0)
        return AnthropicModel(
            name,
            provider=AnthropicProvider(anthropic_client=client),
            settings=ModelSettings(cache=True),
            profile=AnthropicModelProfile(supports_auto_cache=False),  # as for every address but the vendor's own
        )
    provider = OpenAIProvider(
        openai_client=openai.AsyncOpenAI(api_key="k", base_url=vendor.openai_base_url, max_retries=0)
    )
    return (
        OpenAIResponsesModel(name, provider=provider) if kind == "openai" else OpenAIChatModel(name, provider=provider)
    )


def plain(value: Any) -> Any:
    """Without what differs between any two runs."""
    if isinstance(value, dict):
        return {
            key: plain(inner)
            for key, inner in value.items()
            if key not in ("timestamp", "run_id", "conversation_id", "history_digest", "tool_call_id")
        }
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def calls_of(messages: Sequence[ModelMessage]) -> list[ToolCallPart]:
    return [part for message in messages for part in message.parts if isinstance(part, ToolCallPart)]


async def ours(model: Model, deps: Deps, stop: Stop) -> tuple[str, Sequence[ModelMessage], RunUsage]:
    """What was said, or "stopped"; the history; the usage."""
    try:
        said = await run(model, deps, stop=stop)
    except Stopped as stopped:
        return "stopped", stopped.added, stopped.usage
    return said.output, said.added, said.usage


async def theirs(model: Model, deps: Deps, stop: Stop) -> tuple[str, Sequence[ModelMessage], RunUsage]:
    """The same from the framework's own agent."""
    try:
        said = await AGENT.run(
            "Hello",
            model=model,
            deps=deps,
            instructions=INSTRUCTIONS,
            toolsets=[TOOLS],
            event_stream_handler=forward_events,
            cancellation_token=stop.token,
        )
    except RunCancelled as stopped:
        return "stopped", stopped.all_messages(), stopped.usage
    return said.output, said.all_messages(), said.usage


async def outcome(way: Way, model: Model, vendor: ScriptedVendor, script: list[Step], stopped: bool) -> dict[str, Any]:
    """Everything of one turn that must not depend on how it was read."""
    vendor.reset()
    vendor.script(script, request=0)
    vendor.script([Text("Well then.")])
    deps = Deps()
    stop = Stop()
    result: dict[str, Any] = {}
    task = asyncio.create_task(way(model, deps, stop))
    if stopped:
        while not vendor.requests:
            await asyncio.sleep(0.001)
        paused = asyncio.create_task(vendor.requests[0].paused.wait())
        await asyncio.wait([task, paused], return_when=asyncio.FIRST_COMPLETED)
        paused.cancel()
        # What was sent has to be read first: rounds of the loop, as time says little on a busy machine.
        for _ in range(40):
            await asyncio.sleep(0.0003)
        stop.ask()
    messages: Sequence[ModelMessage] = ()
    usage: RunUsage | None = None
    try:
        result["output"], messages, usage = await task
    except Exception as error:
        # Some messages quote the response, with its ids and times. What a run says of a response without words is in
        # words of its own; nobody is shown them.
        own = isinstance(error, OutputTokenLimitExceeded | ContentFilterError | UnexpectedModelBehavior)
        said = "" if own else re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|20\d\d-[0-9T:.Z-]+", "…", str(error))
        result["error"] = (type(error).__name__, said, type(error.__cause__).__name__)
    result["history"] = plain(ModelMessagesTypeAdapter.dump_python(list(messages), mode="json"))
    result["usage"] = usage and (usage.requests, usage.input_tokens, usage.output_tokens, usage.cache_read_tokens)
    result["requests"] = [plain(request.body) for request in vendor.requests]
    result["sink"] = deps.sink.parts
    result["written"] = list(deps.calls.written.values())
    assert all(deps.calls.written[call.tool_call_id] == (call.args or "") for call in calls_of(messages))
    return result


def bedrocks(result: dict[str, Any]) -> None:
    """There the transports differ, and so do their words; and errors in mid-stream have names in ours alone."""
    if "error" in result:
        name = result["error"][0]
        general = ("KeyError", "ModelAPIError", "ModelServerError", "ModelOverloadedError", "ModelUnavailableError")
        result["error"] = "failed" if name in general else name


class Bench:
    """Both models of each kind and one vendor, for all examples of a test: making clients costs more than a turn."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.vendor = ScriptedVendor()
        self.runner.run(self.vendor.start())
        self.models = Models(settings_for(self.vendor), ModelTimeouts(first_token=5, gap=5, total=20))
        self.slow = {kind: normal(kind, self.vendor) for kind in KINDS}

    def compare(self, kind: str, script: list[Step], split: Any, *, stop: bool) -> None:
        # Of OpenAI's refusals the framework drops the words; ours tells them (`providers/test_contract.py`).
        if kind.startswith("openai"):
            script = [Text(step.text) if isinstance(step, Refusal) else step for step in script]
        # Binary messages have no lines.
        self.vendor.split = whole if split is crlf and kind.startswith("bedrock") else split
        self.runner.run(self._compare(kind, script, stop))

    async def _compare(self, kind: str, script: list[Step], stop: bool) -> None:
        fast = await self.models.ready(MODELS[kind])
        assert isinstance(fast, Seam)
        fast.retries = Retries(tries=1)
        expected = await outcome(theirs, self.slow[kind], self.vendor, script, stop)
        found = await outcome(ours, fast, self.vendor, script, stop)
        if kind.startswith("bedrock"):
            bedrocks(expected)
            bedrocks(found)
        assert found == expected

    async def _close(self) -> None:
        await self.models.close()
        for model in self.slow.values():
            if isinstance(model, BedrockConverseModel):
                model.client.close()
            elif isinstance(model, AnthropicModel | OpenAIChatModel | OpenAIResponsesModel):
                await model.client.close()
        await self.vendor.stop()

    def close(self) -> None:
        self.runner.run(self._close())
        self.runner.close()


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(script=scripts, split=splits)
@example(script=[Text(tokens=["\n", "\n", "Hi", " you"])], split=whole)
@example(script=[Text(tokens=["<think>", "so", " so", "</think>", "\n\n", "Yes", "."])], split=whole)
@example(script=[Text(tokens=["a", "b", "<think>", "c", "d", "</think>", "e", "f"])], split=None)
@example(
    script=[
        Reasoning(tokens=["a", "b"]),
        Text(tokens=["c", "d"]),
        Reasoning(tokens=["e", "f"]),
        Text(tokens=["g", "h"]),
    ],
    split=whole,
)
def test_a_turn(bench: Bench, kind: str, script: list[Step], split: Any) -> None:
    bench.compare(kind, script, split, stop=False)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(said, min_size=1, max_size=3), at=st.integers(0, 20), split=splits)
@example(steps=[Text(tokens=["a", "b", "c", "d"])], at=3, split=None)
@example(steps=[Reasoning(tokens=["a", "b", "c", "d"])], at=3, split=whole)
@example(steps=[ToolCall("add", {"a": 1, "b": 2}, pieces=12)], at=0, split=None)
@example(steps=[Text("so"), ToolCall("add", {"a": 1, "b": 2}, pieces=12)], at=1, split=whole)
def test_a_turn_that_is_stopped(bench: Bench, kind: str, steps: list[Step], at: int, split: Any) -> None:
    bench.compare(kind, paused_at(steps, at), split, stop=True)


def paused_at(steps: list[Step], at: int) -> list[Step]:
    """The script with a long pause before its token of this number."""
    script: list[Step] = []
    for step in steps:
        if isinstance(step, Text) and 0 <= at < len(step.cut()):
            script += [replace(step, tokens=step.cut()[:at]), Pause(20.0), replace(step, tokens=step.cut()[at:])]
        elif isinstance(step, ToolCall) and at == 0:
            cut = [piece for piece in sent(step) if isinstance(piece, str)]
            script.append(replace(step, sent=[*cut[: len(cut) // 2], 20.0, *cut[len(cut) // 2 :]]))
        else:
            script.append(step)
        at -= len(step.cut()) if isinstance(step, Text) else 1
    pauses = any(isinstance(step, Pause) or (isinstance(step, ToolCall) and step.sent) for step in script)
    return script if pauses else [*script, Pause(20.0)]
