"""The vendors' real clients against their real streaming formats: what a person sees of each."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace
from opsloom_server.store import assistants
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from sqlalchemy import text
from stage import Stage
from stage.server import SCRIPTED
from vendors import HttpError, Reasoning, StreamError, Text, ToolCall, Usage

MODELS = ("openai-chat:scripted", "openai:scripted", "anthropic:scripted")
TABLE = ToolCall("show_table", {"columns": [{"key": "a", "label": "A", "type": "text"}], "rows": [{"a": "one"}]})


async def assistant(stage: Stage, model: str) -> str:
    """An assistant that this model answers for."""
    spec = replace(SCRIPTED, slug="vendor", model=model)
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        await assistants.create(connection, DEFAULT_WORKSPACE, spec)
    return spec.slug


def parts(frame: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [part for part in frame["message"]["parts"] if part["type"] == kind]


@pytest.mark.parametrize("model", MODELS)
async def test_text_reasoning_tools_and_usage_arrive(stage: Stage, model: str) -> None:
    stage.vendor.script([Reasoning("I think of a table."), Text("Here it comes. "), TABLE, Usage(input=20, output=9)])
    stage.vendor.script([Text("That was it."), Usage(input=30, output=4)])
    async with stage.client(await assistant(stage, model)) as client:
        await client.ask("send", text="A table, please")
        end = await client.until("turn.end")
    assert end["status"] == "done"
    assert [part["type"] for part in end["message"]["parts"]] == ["reasoning", "text", "tool", "block", "text"]
    assert parts(end, "reasoning")[0]["text"] == "I think of a table."
    assert [part["text"] for part in parts(end, "text")] == ["Here it comes. ", "That was it."]
    assert parts(end, "tool")[0]["status"] == "ok"
    assert end["message"]["usage"] == {"input_tokens": 50, "output_tokens": 13}
    kinds = {frame["type"] for frame in client.frames}
    assert {"reasoning.delta", "text.delta", "tool.start", "tool.end", "block.render"} <= kinds
    assert len(stage.vendor.requests) == 2


@pytest.mark.parametrize("model", MODELS)
async def test_stop_closes_the_stream_within_a_second_and_keeps_the_text(stage: Stage, model: str) -> None:
    stage.vendor.script([Text(tokens=["word "] * 1000, delay=0.02)])
    stage.vendor.script([Text("I was stopped.")])
    async with stage.client(await assistant(stage, model)) as client:
        await client.ask("send", text="Go on")
        start = await client.until("turn.start")
        for _ in range(3):
            await client.until("text.delta")
        told = asyncio.get_running_loop().time()
        await client.ask("stop", turn=start["turn"])
        end = await client.until("turn.end")
        request = stage.vendor.requests[0]
        await asyncio.wait_for(request.gone.wait(), 1)
        assert request.closed_at is not None
        assert request.closed_at - told < 1
        assert end["status"] == "stopped"
        assert parts(end, "text")[0]["text"].startswith("word word word")
        # The history stays valid: the next message is answered.
        stage.vendor.reset()
        stage.vendor.script([Text("I was stopped.")])
        await client.ask("send", text="What happened?")
        await client.until("turn.end")
        assert client.text == "I was stopped."


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (HttpError(401, "Incorrect API key provided: sk-test-not-a-key", code="invalid_api_key"), "key"),
        (HttpError(404, "The model `scripted` does not exist", code="model_not_found"), "model"),
        (HttpError(400, "prompt is too long: 90000 tokens > 8000 maximum", code="context_length_exceeded"), "long"),
    ],
)
@pytest.mark.parametrize("model", MODELS)
async def test_what_a_vendor_refuses_is_said_in_the_chat(stage: Stage, model: str, step: HttpError, words: str) -> None:
    stage.vendor.script([step])
    async with stage.client(await assistant(stage, model)) as client:
        await client.ask("send", text="Hello")
        end = await client.until("turn.end")
        assert end["status"] == "failed"
        error = end["message"]["error"]
        assert words in error["text"].lower()
        assert "sk-test" not in str(end)
        stage.vendor.reset()
        stage.vendor.script([Text("Now it works.")])
        await client.ask("retry", message=end["message"]["id"])
        await client.until("turn.end")
        assert client.text == "Now it works."


async def test_an_error_in_mid_answer_keeps_the_text(stage: Stage) -> None:
    stage.vendor.script([Text("So far so good. "), StreamError()])
    async with stage.client() as client:
        await client.ask("send", text="Hello")
        end = await client.until("turn.end")
    assert end["status"] == "failed"
    assert parts(end, "text")[0]["text"] == "So far so good. "
    assert end["message"]["error"]["text"]


async def test_the_demo_answers_from_the_documents_with_true_quotes(stage: Stage) -> None:
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        demo = await assistants.assistant_by_slug(connection, "demo")
        assert demo is not None
        await assistants.create(connection, DEFAULT_WORKSPACE, replace(demo.spec, slug="keyless", model="demo"))
    async with stage.client("keyless") as client:
        await client.ask("send", text="How do I embed the chat on my website?")
        end = await client.until("turn.end", seconds=20)
    assert end["status"] == "done"
    assert "widget.js" in client.text
    sources = [part["source"] for part in parts(end, "source")]
    assert sources
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        for source in sources:
            query = text("SELECT text FROM documents WHERE id = :id")
            stored = (await connection.execute(query, {"id": source["document"]})).scalar_one()
            assert stored[source["start"] : source["end"]] == source["quote"]
            assert f"[{source['number']}]" in client.text
