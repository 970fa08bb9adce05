"""What turns use, and what happens where a budget is used up: before a turn, and in the middle of one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import PostgresUrl
from msgspec.structs import replace
from opsloom_server.settings import Limits
from opsloom_server.store import assistants
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from sqlalchemy import text
from stage import Stage
from stage.server import SCRIPTED
from vendors import StreamError, Text, ToolCall, Usage

# Two dollars a million read, ten a million written: a token read is $ .000002.
PRICES = {
    "openai-chat:scripted": {"input": 2, "output": 10, "cached": 0.5},
    "anthropic:scripted": {"input": 2, "output": 10},
    "openai:scripted": {"input": 2, "output": 10},
}
PACES: dict[str, Any] = {"messages_per_minute": 0, "running_turns": 0, "connections": 0, "connects_per_second": 0}
LONG = Text(tokens=["word "] * 2000, delay=0.005)


@asynccontextmanager
async def limited(url: str, folder: Path, **limits: Any) -> AsyncIterator[Stage]:
    """A server with these limits."""
    async with Stage.open(url, folder, limits=Limits(**PACES, **limits), prices=PRICES) as stage:
        yield stage


async def assistant(stage: Stage, slug: str, **fields: Any) -> str:
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        await assistants.create(connection, DEFAULT_WORKSPACE, replace(SCRIPTED, slug=slug, **fields))
    return slug


async def used(stage: Stage, **params: Any) -> list[dict[str, Any]]:
    """What REST says was used."""
    headers = {"Authorization": f"Bearer {stage.key}"}
    async with httpx2.AsyncClient(base_url=f"{stage.base}/api/v1", headers=headers) as client:
        items: list[dict[str, Any]] = (await client.get("usage", params=params)).json()["items"]
        return items


def notices(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        part["block"]["data"]
        for part in frame["message"]["parts"]
        if part["type"] == "block" and part["block"]["kind"] == "notice"
    ]


async def test_a_turn_is_counted_and_priced(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    async with limited(seeded_url, tmp_path) as stage:
        stage.vendor.script([Text("Good."), Usage(input=1000, output=100, cached=400)])
        async with stage.client() as client:
            await client.ask("send", text="Hello")
            end = await client.until("turn.end")
        usage = end["message"]["usage"]
        # 600 read at $2, 400 kept at $.5, 100 written at $10 a million.
        assert usage == {"input_tokens": 1000, "output_tokens": 100, "cached_tokens": 400, "cost": 0.0024}
        (row,) = await used(stage, by="model")
        assert row == {
            "model": "openai-chat:scripted",
            "turns": 1,
            "input_tokens": 1000,
            "output_tokens": 100,
            "cached_tokens": 400,
            "reasoning_tokens": 0,
            "cost": 0.0024,
            "unpriced_turns": 0,
        }


async def test_what_has_no_price_says_so(stage: Stage) -> None:
    stage.vendor.script([Text("Good."), Usage(input=1000, output=100)])
    async with stage.client() as client:
        await client.ask("send", text="Hello")
        end = await client.until("turn.end")
    assert "cost" not in end["message"]["usage"]
    (row,) = await used(stage, by="day")
    assert (row["cost"], row["unpriced_turns"]) == (0, 1)


@pytest.mark.parametrize("model", ["openai-chat:scripted", "openai:scripted", "anthropic:scripted"])
async def test_a_turn_that_crosses_its_budget_is_stopped_in_mid_answer(
    seeded_url: PostgresUrl, tmp_path: Path, model: str
) -> None:
    async with limited(seeded_url, tmp_path, turn_tokens=2000) as stage:
        name = await assistant(stage, "small", model=model, limits={"turn_tokens": 200}, blocks=())
        stage.vendor.script([LONG])
        async with stage.client(name) as client:
            await client.ask("send", text="Go on")
            end = await client.until("turn.end")
            request = stage.vendor.requests[0]
            await asyncio.wait_for(request.gone.wait(), 1)
            assert request.closed_at is not None
            assert end["status"] == "stopped"
            said = end["message"]["parts"][0]["text"]
            assert 20 < len(said.split()) < 400
            (notice,) = notices(end)
            assert "One answer may use" in notice["text"]
            assert end["message"]["usage"]["estimated"]
            assert 150 < end["message"]["usage"]["input_tokens"] + end["message"]["usage"]["output_tokens"] < 350
            # The conversation goes on, with what was written in the model's mind.
            stage.vendor.reset()
            stage.vendor.script([Text("Short.")])
            await client.ask("send", text="Shorter, please")
            assert (await client.until("turn.end"))["status"] in ("done", "stopped")


async def test_money_stops_a_turn_too(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    # $ .002 are 200 tokens written.
    async with limited(seeded_url, tmp_path, turn_money=0.002) as stage:
        stage.vendor.script([LONG])
        async with stage.client(await assistant(stage, "bare", blocks=())) as client:
            await client.ask("send", text="Go on")
            end = await client.until("turn.end")
        assert end["status"] == "stopped"
        assert notices(end)
        assert 0.0015 < end["message"]["usage"]["cost"] < 0.004


async def test_a_call_of_a_tool_does_not_run_when_the_budget_is_used_up(
    seeded_url: PostgresUrl, tmp_path: Path
) -> None:
    async with limited(seeded_url, tmp_path, turn_tokens=5000) as stage:
        table = ToolCall("show_table", {"columns": [{"key": "a", "label": "A", "type": "text"}], "rows": [{"a": "1"}]})
        stage.vendor.script([Text("A table."), table, Usage(input=9000, output=50)])
        async with stage.client() as client:
            await client.ask("send", text="A table")
            end = await client.until("turn.end")
        assert end["status"] == "stopped"
        assert notices(end)
        assert len(stage.vendor.requests) == 1
        assert end["message"]["usage"]["input_tokens"] == 9000


async def test_a_day_that_is_used_up_refuses_until_midnight_and_keeps_the_request(
    seeded_url: PostgresUrl, tmp_path: Path
) -> None:
    async with limited(seeded_url, tmp_path, user_tokens_per_day=5000) as stage:
        stage.vendor.script([Text("Good."), Usage(input=6000, output=100)])
        async with stage.client() as client:
            await client.ask("send", text="Hello")
            first = await client.until("turn.end")
            ref = await client.ask("send", text="Again")
            refused = await client.reply(ref)
            assert (refused["type"], refused["code"]) == ("error", "budget")
            assert "midnight (UTC)" in refused["text"]
            assert 0 < refused["retry_ms"] <= 86_400_001
            ref = await client.ask("retry", message=first["message"]["id"])
            assert (await client.reply(ref))["code"] == "budget"
            assert len(stage.vendor.requests) == 1
            # The day is over.
            async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
                await connection.execute(text("UPDATE usage SET day = day - 1"))
            await client.ask("send", ref=refused["ref"], text="Again")
            assert (await client.until("turn.end"))["status"] == "done"


async def test_a_message_in_the_queue_is_told_what_is_used_up(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    async with limited(seeded_url, tmp_path, workspace_money_per_day=0.01) as stage:
        stage.vendor.script([Text(tokens=["one "] * 20, delay=0.02), Usage(input=10, output=2000)])
        async with stage.client() as client:
            await client.ask("send", text="first")
            await client.until("text.delta")
            await client.ask("send", text="second")
            assert (await client.until("turn.end"))["status"] == "done"
            second = await client.until("turn.end")
            assert second["status"] == "failed"
            assert second["message"]["error"]["code"] == "budget"
            assert "free again" in second["message"]["error"]["text"]
            assert len(stage.vendor.requests) == 1


async def test_turns_at_once_share_what_is_left(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    async with limited(seeded_url, tmp_path, workspace_tokens_per_month=400) as stage:
        name = await assistant(stage, "bare", blocks=())
        stage.vendor.script([LONG])
        async with stage.client(name) as one, stage.client(name) as other:
            await one.ask("send", text="Go on")
            await other.ask("send", text="Go on")
            ends = [await one.until("turn.end"), await other.until("turn.end")]
        assert {end["status"] for end in ends} == {"stopped"}
        totals = [end["message"]["usage"]["input_tokens"] + end["message"]["usage"]["output_tokens"] for end in ends]
        assert 350 < sum(totals) < 600


async def test_an_assistant_has_budgets_of_its_own(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    async with limited(seeded_url, tmp_path) as stage:
        name = await assistant(stage, "dear", limits={"tokens_per_day": 1000}, blocks=())
        stage.vendor.script([Text("Good."), Usage(input=2000, output=100)])
        async with stage.client(name) as client:
            await client.ask("send", text="Hello")
            await client.until("turn.end")
            assert (await client.reply(await client.ask("send", text="Again")))["code"] == "budget"
        async with stage.client() as client:
            await client.ask("send", text="Hello")
            assert (await client.until("turn.end"))["status"] == "done"


async def test_what_a_failed_answer_had_written_is_counted(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    async with limited(seeded_url, tmp_path) as stage:
        stage.vendor.script([Text("word " * 200), StreamError()])
        async with stage.client() as client:
            await client.ask("send", text="Hello")
            end = await client.until("turn.end")
        assert end["status"] == "failed"
        assert 150 < end["message"]["usage"]["output_tokens"] < 350
        (row,) = await used(stage, by="model")
        assert row["output_tokens"] == end["message"]["usage"]["output_tokens"]


async def test_what_is_too_long_to_be_read_is_not_even_asked(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    async with limited(seeded_url, tmp_path, turn_tokens=200) as stage:
        async with stage.client(await assistant(stage, "bare", blocks=())) as client:
            await client.ask("send", text="word " * 500)
            end = await client.until("turn.end")
        assert end["status"] == "stopped"
        assert notices(end)[0]["title"] == "Not begun"
        assert stage.vendor.requests == []


async def test_without_budgets_nothing_is_asked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: Any, **__: Any) -> None:
        raise AssertionError("the day's figures were read")

    monkeypatch.setattr("opsloom_server.hub.budgets.spent", never)
    stage.vendor.script([Text("Good.")])
    async with stage.client() as client:
        await client.ask("send", text="Hello")
        assert (await client.until("turn.end"))["status"] == "done"
