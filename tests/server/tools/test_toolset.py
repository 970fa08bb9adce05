"""Tools in a real agent run: what people see, what the model hears, and what happens when something goes wrong."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct
from opsloom_blocks import BlockError
from opsloom_protocol.messages import Block, Issue, PatchOp
from opsloom_server.errors import Unavailable
from opsloom_server.tools import Patch, Progress, Result, Show, Tool, ToolContext, ToolEvent
from pydantic_ai import CancellationToken
from pydantic_ai.exceptions import RunCancelled
from server.tools.recording import Deps, Recorder, Script, agent


class Size(Struct):
    amount: Annotated[int, Meta(ge=1)]


class Adding(Tool):
    name = "add"
    title = "Add something up"
    about = "Adds."
    arguments = Size
    timeout = 5.0

    def __init__(self) -> None:
        self.closed = False
        self.runs = 0

    def check(self, args: Size) -> list[Issue]:
        return [Issue(path="/amount", text="13 brings bad luck.")] if args.amount == 13 else []

    async def run(self, args: Size, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        self.runs += 1
        try:
            yield Progress(done=1, total=args.amount, note="adding")
            async for event in self.body(args, context):
                yield event
        finally:
            self.closed = True

    async def body(self, args: Size, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        yield Result({"sum": args.amount + 1}, "Added up")


async def test_start_progress_end_and_the_result_for_the_model() -> None:
    tool, sink, script = Adding(), Recorder(commit=0.01), Script([("add", {"amount": 4})], "done")
    result = await agent(script, [tool]).run("go", deps=Deps(sink))
    assert result.output == "done"
    assert sink.events == [
        ("start", "add", "Add something up", {"amount": 4}),
        ("progress", 1, 4, "adding"),
        ("end", "ok", "Added up", {"sum": 5}),
    ]
    assert script.heard[0].content == {"sum": 5}
    assert tool.closed
    assert script.offered["add"].parameters_json_schema["properties"]["amount"]["minimum"] == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "required field amount"),
        ({"amount": "x"}, "/amount: Expected int"),
        ({"amount": 0}, "/amount"),
        ({"amount": 13}, "bad luck"),
        ('{"amount": ', "not JSON"),
        ("[1]", "JSON object"),
        ({"amount": 1, "ctx": "\0"}, "NUL"),
    ],
)
async def test_wrong_arguments_go_back_to_the_model_and_start_nothing(wrong: Any, words: str) -> None:
    tool, sink, script = Adding(), Recorder(), Script([("add", wrong)], [("add", {"amount": 1})], "done")
    assert (await agent(script, [tool]).run("go", deps=Deps(sink))).output == "done"
    assert tool.runs == 1
    assert sink.names == ["start", "progress", "end"]
    assert words in script.words[0]


@pytest.mark.parametrize("wrong", [{"amount": 0}, '{"amount": ', "[1]"])
async def test_a_model_that_never_gets_it_right_still_ends_its_answer(wrong: Any) -> None:
    tool, sink = Adding(), Recorder()
    script = Script(*[[("add", wrong)] for _ in range(5)], "I could not add.")
    assert (await agent(script, [tool]).run("go", deps=Deps(sink))).output == "I could not add."
    assert sink.events == []
    assert script.heard[-1].outcome == "failed"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("postgresql://root:hunter2@db"), "unexpected error"),
        (Unavailable("The archive does not answer."), "The archive does not answer."),
        (BlockError([Issue(path="/rows", text="Too many.")]), "/rows: Too many."),
        (TimeoutError(), "unexpected error"),
    ],
)
async def test_a_failure_is_a_result_in_safe_words(
    error: Exception, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Adding):
        async def body(self, args: Size, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
            raise error
            yield Progress()

    caplog.set_level(logging.CRITICAL, "opsloom.tools")
    tool, sink, script = Failing(), Recorder(), Script([("add", {"amount": 4})], "sorry")
    assert (await agent(script, [tool]).run("go", deps=Deps(sink))).output == "sorry"
    assert sink.events[-1][:2] == ("end", "error")
    assert words in sink.events[-1][2]
    assert words in script.words[0]
    assert "hunter2" not in repr(sink.events) + repr(script.heard)
    assert tool.closed


@pytest.mark.parametrize("stubborn", [False, True], ids=["lets go", "swallows the cancellation"])
async def test_a_tool_that_takes_too_long_is_given_up(stubborn: bool) -> None:
    class Slow(Adding):
        timeout = 0.05

        async def body(self, args: Size, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if not stubborn:
                    raise
                raise ValueError("cut") from None
            yield Result("too late")

    tool, sink, script = Slow(), Recorder(), Script([("add", {"amount": 4})], "sorry")
    assert (await agent(script, [tool]).run("go", deps=Deps(sink))).output == "sorry"
    assert sink.events[-1] == (
        "end",
        "error",
        "This took longer than 0.05 seconds and was given up.",
        sink.events[-1][3],
    )
    assert tool.closed


@pytest.mark.parametrize("stubborn", [False, True], ids=["lets go", "swallows the cancellation"])
@pytest.mark.parametrize("how", ["token", "task"])
async def test_a_stop_ends_the_call_as_stopped(how: str, stubborn: bool) -> None:
    running = asyncio.Event()

    class Endless(Adding):
        async def body(self, args: Size, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
            running.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if not stubborn:
                    raise
            yield Result("as if nothing had been")

    tool, sink, script = Endless(), Recorder(commit=0.02), Script([("add", {"amount": 4})], "never said")
    token = CancellationToken()
    task = asyncio.create_task(agent(script, [tool]).run("go", deps=Deps(sink), cancellation_token=token))
    await asyncio.wait_for(running.wait(), 5)
    if how == "token":
        token.cancel()
    else:
        task.cancel()
    with pytest.raises(RunCancelled if how == "token" else asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert sink.events[-1] == ("end", "stopped", "Stopped", None)
    assert sink.names.count("end") == 1
    assert tool.closed


async def test_a_stop_during_the_ending_leaves_one_ending() -> None:
    ending = asyncio.Event()

    class Committing(Recorder):
        async def tool_end(self, *args: Any) -> None:
            ending.set()
            await asyncio.sleep(0.05)
            await super().tool_end(*args)

    sink, script = Committing(), Script([("add", {"amount": 4})], "never said")
    task = asyncio.create_task(agent(script, [Adding()]).run("go", deps=Deps(sink)))
    await asyncio.wait_for(ending.wait(), 5)
    task.cancel()
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sink.named("end") == [("end", "ok", "Added up", {"sum": 5})]


async def test_a_sink_that_fails_ends_the_run() -> None:
    class Broken(Recorder):
        async def tool_start(self, *args: Any) -> None:
            raise Unavailable

    tool = Adding()
    with pytest.raises(Unavailable):
        await agent(Script([("add", {"amount": 4})]), [tool]).run("go", deps=Deps(Broken()))
    assert tool.runs == 0


@pytest.mark.parametrize(
    ("value", "status", "heard"),
    [
        ("a\0b", "ok", "ab"),
        ({"k\0": ["\0"]}, "ok", {"k": [""]}),
        (object(), "error", "The tool gave a result that is not JSON."),
        ("x" * 300_000, "error", "The result has 300002 bytes; more than 262144 cannot be read at once. Ask for less."),
    ],
    ids=["nul", "nul inside", "no json", "too large"],
)
async def test_what_cannot_be_stored_or_read_is_no_result(value: Any, status: str, heard: Any) -> None:
    class Odd(Adding):
        async def body(self, args: Size, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
            yield Result(value)

    sink, script = Recorder(), Script([("add", {"amount": 4})], "done")
    await agent(script, [Odd()]).run("go", deps=Deps(sink))
    assert sink.events[-1][1] == status
    assert script.heard[0].content == heard


async def test_a_tool_hears_that_its_patch_does_not_fit() -> None:
    class Clumsy(Adding):
        async def run(self, args: Size, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
            yield Show(Block(id="b1", kind="progress", version=1, data={"title": "t", "stages": []}, fallback="t"))
            try:
                yield Patch("b1", (PatchOp(op="set", path="/title", value=5),))
            except BlockError as error:
                yield Result(error.text)

    sink, script = Recorder(), Script([("add", {"amount": 4})], "done")
    await agent(script, [Clumsy()]).run("go", deps=Deps(sink))
    assert sink.names == ["start", "show", "end"]
    assert script.heard[0].content == "/title: Expected str, got int."


async def test_a_tool_that_fails_beside_its_work_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(Adding):
        def check(self, args: Size) -> list[Issue]:
            if args.amount > 5:
                raise RuntimeError("password=hunter2")
            return []

        def visible(self, args: Size) -> Any:
            raise RuntimeError("password=hunter2")

    sink, script = Recorder(), Script([("add", {"amount": 6})], [("add", {"amount": 4})], "done")
    assert (await agent(script, [Odd()]).run("go", deps=Deps(sink))).output == "done"
    assert "unexpected error" in script.words[0]
    assert "hunter2" not in repr(script.heard)
    assert sink.events[0] == ("start", "add", "Add something up", None)
    assert "failed to check" in caplog.text
