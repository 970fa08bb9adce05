"""LangChain's tools in a chat: what the model is told of them, who waits for them, and what asks first."""

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import PostgresUrl
from detector.fixtures import nothing_blocks, watched
from langchain_core.tools import InjectedToolArg, tool
from opsloom_server.errors import Busy, StartupError
from opsloom_server.store import assistants
from opsloom_server.store.assistants import AssistantSpec
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from opsloom_server.tools import langchain, load_catalogue
from opsloom_server.tools.langchain import langchain_tool
from server.asking.conftest import answer, blocks_of, tools_of
from stage import Stage
from vendors import Text, ToolCall

__all__ = ["nothing_blocks", "watched"]

EXTENSIONS = Path(__file__).parent / "langchain"


async def test_they_are_used_in_a_chat(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    spec = AssistantSpec(
        slug="shop",
        name="Shop",
        model="openai-chat:scripted",
        tools=("stock", "price", "broken", "order"),
        public=True,
    )
    async with Stage.open(seeded_url, tmp_path, extensions=EXTENSIONS) as stage:
        async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
            await assistants.create(connection, DEFAULT_WORKSPACE, spec)

        async def chat(client: Any, *calls: ToolCall) -> dict[str, Any]:
            stage.vendor.reset()
            stage.vendor.script(list(calls), request=0)
            stage.vendor.script([Text("There.")])
            await client.ask("send", text="How many?")
            message: dict[str, Any] = (await client.until("turn.end"))["message"]
            return message

        async with stage.client("shop") as client:
            calls = [ToolCall("stock", {"product": "lamp"}), ToolCall("price", {"product": "lamp"})]
            # `stock` sleeps: where it did so on the loop, the detector of blocking calls would fail this test.
            message = await chat(client, *calls, ToolCall("broken", {"product": "lamp"}), ToolCall("price", {}))
            told = {tool["tool"]: (tool["status"], tool["title"], tool.get("summary")) for tool in tools_of(message)}
            assert told["stock"] == ("ok", "Look into the stock", "12 of lamp in Oslo, counted by a LangChain tool")
            assert told["price"][0] == "ok"
            assert told["broken"] == ("error", "broken", "There is no lamp.")
            body = str(stage.vendor.requests[-1].body)
            assert "9.5" in body
            offered = {one["function"]["name"]: one["function"] for one in stage.vendor.requests[0].body["tools"]}
            assert offered["stock"]["description"] == "Says how many of a product are in stock."
            assert offered["stock"]["parameters"]["required"] == ["product"]
            journal = tmp_path / "journal"
            waits = await chat(client, ToolCall("order", {"product": "lamp", "journal": str(journal)}))
            (block,) = blocks_of(waits)
            assert (block["kind"], block["data"]["tool"], journal.exists()) == ("confirm", "order", False)
            await answer(client, block, "allow")
            await client.until("turn.end")
            assert journal.read_text() == "lamp"


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "tools-adding.md").read_text()
    found = re.search(r"```python\n(from langchain_core.*?)```", page, re.DOTALL)
    assert found
    (tmp_path / "shop.py").write_text(found[1])
    made = load_catalogue(tmp_path).tools["stock"]
    assert (made.title, made.effect, made.about) == (
        "Look into the stock",
        "reads",
        "Says how many of a product are in stock.",
    )


async def test_what_hangs_keeps_nobody_else_from_working(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(langchain, "THREADS", 1)
    slow = asyncio.create_task(langchain.in_thread(_wait, {}))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await langchain.in_thread(_wait, {})
    slow.cancel()
    await asyncio.wait([slow])
    await asyncio.sleep(0.4)
    assert await langchain.in_thread(_wait, {}) == "waited"


def _wait() -> str:
    time.sleep(0.2)
    return "waited"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_core.tools", None)
    with pytest.raises(StartupError) as caught:
        langchain_tool(None, effect="reads")  # type: ignore[arg-type]
    assert "pip install 'opsloom-server[langchain]'" in caught.value.remedy


def test_what_cannot_be_used_is_refused_at_the_start() -> None:
    from typing import Annotated

    def secret(product: str, key: Annotated[str, InjectedToolArg]) -> str:
        """Wants what a model cannot give."""
        return product + key

    with pytest.raises(StartupError) as caught:
        langchain_tool(tool(secret), effect="reads")
    assert "key" in caught.value.text
    with pytest.raises(StartupError):
        langchain_tool("search", effect="reads")  # type: ignore[arg-type]
