"""What a vendor can do wrong, and the words a person gets for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from opsloom_server.errors import Budget, Invalid, OpsloomError, TooLong, Unavailable
from opsloom_server.models import Models, ModelTimeouts, explain
from opsloom_server.models.seam.model import Retries, Seam
from pydantic_ai.exceptions import ContentFilterError, UsageLimitExceeded
from server.models.runs import KINDS, MODELS, Deps, run, settings_for
from vendors import (
    Cut,
    Finish,
    Garbage,
    HttpError,
    Late,
    Pause,
    PingsOnly,
    Reasoning,
    ScriptedVendor,
    Stall,
    StreamError,
    Text,
    ToolCall,
)

pytestmark = pytest.mark.parametrize("kind", KINDS)
# The vendors' own errors quote the key or the request; none of that may be shown.
SECRETS = ("sk-test", "127.0.0.1", "Bearer", "scripted error", "http")


@pytest.fixture
async def hasty(vendor: ScriptedVendor) -> AsyncIterator[Models]:
    """Models that lose patience quickly."""
    made = Models(settings_for(vendor), ModelTimeouts(connect=1, first_token=0.3, gap=0.3, total=1.2))
    yield made
    await made.close()


async def failure(models: Models, kind: str, deps: Deps | None = None) -> OpsloomError:
    name = MODELS[kind]
    with pytest.raises(Exception, match=r".") as caught:
        await run(await models.ready(name), deps or Deps())
    known = explain(caught.value, model=name)
    for secret in SECRETS:
        assert secret not in known.text
    return known


@pytest.mark.parametrize(
    ("error", "expected", "word"),
    [
        (HttpError(401, "Incorrect API key provided: sk-test-openai"), Unavailable, "key"),
        (HttpError(403, "no access"), Unavailable, "key"),
        (HttpError(404, "The model `m1` does not exist", "model_not_found"), Invalid, "no model"),
        (HttpError(402, "pay"), Budget, "billing"),
        (HttpError(422, "bad schema"), Invalid, "did not accept"),
        (HttpError(413, "too large"), TooLong, "more than"),
    ],
)
async def test_errors_that_do_not_pass(
    kind: str, error: HttpError, expected: type[OpsloomError], word: str, vendor: ScriptedVendor, models: Models
) -> None:
    vendor.script([error])
    known = await failure(models, kind)
    assert type(known) is expected
    assert word in known.text
    assert len(vendor.requests) == 1


async def test_a_conversation_that_is_too_long(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    message = {
        "anthropic": "prompt is too long: 210000 tokens > 200000 maximum",
        "bedrock": "Input is too long for requested model.",
        "bedrock-claude": "Input is too long for requested model.",
    }.get(kind, "This model's maximum context length is 8192 tokens.")
    vendor.script([HttpError(400, message, None if kind in ("anthropic", "ollama") else "context_length_exceeded")])
    known = await failure(models, kind)
    assert type(known) is TooLong
    assert "new one" in known.text


async def test_too_many_requests_are_tried_again_when_the_vendor_says(
    kind: str, vendor: ScriptedVendor, models: Models
) -> None:
    vendor.script([HttpError(429, retry_after=0.3)], request=0)
    vendor.script([HttpError(503, retry_after=0.01)], request=1)
    vendor.script([Text("At last.")])
    deps = Deps()
    started = time.monotonic()
    result = await run(await models.ready(MODELS[kind]), deps)
    assert result.output == "At last."
    assert time.monotonic() - started >= 0.3
    assert len(vendor.requests) == 3
    assert deps.sink.parts == [("text", "At last.")]


async def test_three_tries_and_no_more(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([HttpError(500, retry_after=0.05)])
    known = await failure(models, kind)
    assert type(known) is Unavailable
    assert known.retry_ms == 50
    assert len(vendor.requests) == 3


async def test_a_wait_beyond_the_budget_is_not_begun(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([HttpError(429, retry_after=3600)])
    known = await failure(models, kind)
    assert known.retry_ms == 3_600_000
    assert len(vendor.requests) == 1


async def test_nothing_is_tried_again_once_text_was_shown(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([Text("Some of it"), StreamError("Overloaded", "overloaded_error")])
    deps = Deps()
    known = await failure(models, kind, deps)
    assert type(known) is Unavailable
    assert deps.sink.of("text") == "Some of it"
    assert len(vendor.requests) == 1


OVERLOADED = StreamError("Overloaded", "overloaded_error")


async def test_an_error_before_the_first_word_is_tried_again_wherever_it_comes(
    kind: str, vendor: ScriptedVendor, models: Models
) -> None:
    """After status 200 too: nothing was shown yet."""
    vendor.script([OVERLOADED], request=0)
    vendor.script([OVERLOADED], request=1)
    vendor.script([Text("At last.")])
    deps = Deps()
    model = await models.ready(MODELS[kind])
    assert (await run(model, deps)).output == "At last."
    assert deps.sink.parts == [("text", "At last.")]
    assert len(vendor.requests) == 3


@pytest.mark.parametrize(
    "error", [HttpError(529, "Overloaded", retry_after=0.01), OVERLOADED], ids=["status", "stream"]
)
async def test_an_overloaded_vendor_is_said_to_be_in_trouble(
    kind: str, error: HttpError | StreamError, vendor: ScriptedVendor, models: Models
) -> None:
    vendor.script([error])
    known = await failure(models, kind)
    assert type(known) is Unavailable
    assert "has trouble" in known.text
    assert len(vendor.requests) == 3


@pytest.mark.parametrize(
    "failing",
    [HttpError(401), HttpError(404), HttpError(429, retry_after=3600), HttpError(500, retry_after=0.01), OVERLOADED],
    ids=["key", "model", "busy", "error", "overloaded"],
)
async def test_another_model_answers_in_its_place(
    kind: str, failing: HttpError | StreamError, vendor: ScriptedVendor, models: Models
) -> None:
    other = "openai-chat:m2" if kind != "openai-chat" else "openai:m2"
    vendor.script(lambda _: [Text("The other one.")] if vendor.requests[-1].model == "m2" else [failing])
    deps = Deps()
    model = await models.ready(MODELS[kind], [other])
    assert (await run(model, deps)).output == "The other one."
    assert deps.sink.parts == [("text", "The other one.")]
    assert [request.model for request in vendor.requests][-1] == "m2"


@pytest.mark.parametrize("fault", [Cut(), Garbage()], ids=["cut", "garbage"])
async def test_what_came_before_a_fault_is_kept(
    kind: str, fault: Cut | Garbage, vendor: ScriptedVendor, models: Models
) -> None:
    vendor.script([Reasoning("So it is."), Text("one two three"), fault])
    deps = Deps()
    known = await failure(models, kind, deps)
    assert type(known) is Unavailable
    assert "try again" in known.text
    assert deps.sink.parts == [("reasoning", "So it is."), ("text", "one two three")]
    assert len(vendor.requests) == 1


async def test_a_filter_that_leaves_nothing(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([Finish("content_filter")])
    known = await failure(models, kind)
    assert type(known) is Invalid
    assert "other words" in known.text


async def test_silence_is_counted_from_the_request(kind: str, vendor: ScriptedVendor) -> None:
    """Half of it before the vendor's first byte, and half of it after."""
    made = Models(settings_for(vendor), ModelTimeouts(connect=1, first_token=1.0, gap=5, total=20))
    model = await made.ready(MODELS[kind])
    vendor.script([Text("warm")], request=0)
    await run(model, Deps())
    vendor.script([Late(0.7), PingsOnly(0.02)])
    started = time.monotonic()
    known = await failure(made, kind)
    assert "silent" in known.text
    assert time.monotonic() - started < 1.6
    await made.close()


async def test_a_vendor_that_refuses_connections(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    model = await models.ready(MODELS[kind])
    assert isinstance(model, Seam)
    model.retries = Retries(tries=2, budget=5)
    await vendor.stop()
    known = await failure(models, kind)
    assert type(known) is Unavailable
    assert "connection" in known.text


@pytest.mark.parametrize("silence", [Stall(), PingsOnly(0.02)])
async def test_silence_before_the_first_token(
    kind: str, silence: Stall | PingsOnly, vendor: ScriptedVendor, hasty: Models
) -> None:
    vendor.script([silence])
    started = time.monotonic()
    known = await failure(hasty, kind)
    assert type(known) is Unavailable
    assert "silent" in known.text
    assert time.monotonic() - started < 1.5
    await asyncio.wait_for(vendor.requests[0].gone.wait(), 1.0)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("said", "silence"),
    [
        (Text("one two"), Stall()),
        (Reasoning("one two"), PingsOnly(0.02)),
        (ToolCall("add", {"a": 1, "b": 2}), PingsOnly(0.02)),
    ],
)
async def test_silence_in_the_middle(
    kind: str, said: Text | ToolCall, silence: Stall | PingsOnly, vendor: ScriptedVendor, hasty: Models
) -> None:
    vendor.script([said, silence])
    deps = Deps()
    started = time.monotonic()
    known = await failure(hasty, kind, deps)
    assert "silent" in known.text
    assert 0.25 < time.monotonic() - started < 1.5
    if isinstance(said, Text):
        assert deps.sink.parts[0][1] == "one two"
    await asyncio.wait_for(vendor.requests[0].gone.wait(), 1.0)


async def test_slow_but_steady_is_no_silence(kind: str, vendor: ScriptedVendor, hasty: Models) -> None:
    vendor.script([Text("a b c d e f g h", delay=0.06)])
    result = await run(await hasty.ready(MODELS[kind]), Deps())
    assert result.output == "a b c d e f g h"


async def test_an_answer_without_end_is_ended(kind: str, vendor: ScriptedVendor, hasty: Models) -> None:
    vendor.script([Text(tokens=[" more"] * 1000, delay=0.05)])
    deps = Deps()
    started = time.monotonic()
    known = await failure(hasty, kind, deps)
    assert type(known) is Unavailable
    assert 1.0 < time.monotonic() - started < 3.5
    assert deps.sink.of("text").startswith(" more more")


async def test_another_cancellation_is_not_taken_for_silence(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([Text("one"), Pause(20.0)])
    deps = Deps()
    task = asyncio.create_task(run(await models.ready(MODELS[kind]), deps))
    while not deps.sink.parts:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_body_that_is_no_stream(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([Cut()])
    known = await failure(models, kind)
    assert type(known) is Unavailable


def test_limits_and_filters_have_words(kind: str) -> None:
    assert type(explain(UsageLimitExceeded("over"))) is Budget
    assert type(explain(ContentFilterError("no"))) is Invalid
    assert type(explain(RuntimeError("sk-test-openai"))) is OpsloomError
    assert "sk-test" not in explain(RuntimeError("sk-test-openai"), model=f"{kind}:m").text
