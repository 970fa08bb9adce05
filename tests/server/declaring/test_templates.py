"""The ready-made assistants: each applies to a fresh installation, and does in a conversation what it promises."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest_asyncio
from conftest import PostgresUrl
from opsloom_server.declarations.templates import templates
from server.asking.conftest import answer, blocks_of, same_after_a_reload, tools_of
from server.declaring.conftest import Opsloom
from server.sources.conftest import shop
from stage import RawClient, Stage
from vendors import Text, ToolCall

__all__ = ["shop"]

RETURNS = "# Returns\n\nYou can return what you bought within 30 days. Shipping back is free."
FIELDS = [
    {"name": "name", "label": "Your name", "type": "text", "required": True},
    {"name": "email", "label": "E-mail", "type": "email", "required": True},
    {"name": "problem", "label": "What is wrong?", "type": "textarea", "required": True},
]


@pytest_asyncio.fixture
async def desk(seeded_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Stage]:
    """A fresh installation that runs."""
    async with Stage.open(seeded_url, tmp_path / "data", secret="s" * 40) as stage:
        yield stage


def rest(desk: Stage) -> httpx2.AsyncClient:
    headers = {"authorization": f"Bearer {desk.key}"}
    return httpx2.AsyncClient(base_url=f"{desk.base}/api/v1", headers=headers, timeout=20)


async def applied(opsloom: Opsloom, name: str) -> None:
    """Apply a template, beside the running server; a second time there is nothing to do."""
    first = await asyncio.to_thread(opsloom, "apply", "--template", name, "--yes")
    assert (first.exit_code, f"+ assistant {name}" in first.stdout) == (0, True), first.stderr
    again = await asyncio.to_thread(opsloom, "apply", "--template", name, "--yes")
    assert again.stdout.startswith("Nothing to do")


async def said(desk: Stage, client: RawClient, text: str, *steps: list[Any]) -> dict[str, Any]:
    """The answer, where the model takes these steps."""
    for at, step in enumerate(steps, start=len(desk.vendor.requests)):
        desk.vendor.script(step, request=at)
    await client.ask("send", text=text)
    message: dict[str, Any] = (await client.until("turn.end"))["message"]
    return message


def told(desk: Stage, at: int = -1) -> str:
    return str(desk.vendor.requests[at].body)


async def test_documents_answers_from_what_was_added_and_cites_it(
    desk: Stage, opsloom: Opsloom, tmp_path: Path
) -> None:
    await applied(opsloom, "documents")
    (tmp_path / "returns.md").write_text(RETURNS)
    read = await asyncio.to_thread(opsloom, "ingest", tmp_path / "returns.md", "--knowledge-base", "Documents")
    assert read.exit_code == 0, read.stderr
    async with desk.client("documents") as client:
        search = ToolCall("search_knowledge", {"query": "return free"})
        message = await said(desk, client, "Are returns free?", [search], [Text("Yes, within 30 days [1].")])
        (source,) = [part["source"] for part in message["parts"] if part["type"] == "source"]
        assert (source["title"], "Shipping back is free" in source["quote"]) == ("Returns", True)
        assert "Never fill the gap" in told(desk, 0)
        assert "Shipping back is free" in told(desk)
        await same_after_a_reload(desk, client)


async def test_sql_analyst_answers_with_a_query_and_figures(
    desk: Stage, opsloom: Opsloom, shop: Any, monkeypatch: Any
) -> None:
    unset = await asyncio.to_thread(opsloom, "apply", "--template", "sql-analyst", "--yes")
    assert (unset.exit_code, "WAREHOUSE_URL is not set" in unset.stderr) == (1, True)
    monkeypatch.setenv("WAREHOUSE_URL", shop.url)
    await applied(opsloom, "sql-analyst")
    async with desk.client("sql-analyst") as client:
        query = ToolCall("query_data", {"sql": "SELECT count(*) AS orders FROM shop.orders", "title": "Orders"})
        figures = ToolCall("show_metrics", {"metrics": [{"label": "Orders", "value": 360}]})
        message = await said(desk, client, "How many orders?", [query], [figures], [Text("That is all of them.")])
        assert [block["kind"] for block in blocks_of(message)] == ["sql", "metrics"]
        assert [tool["status"] for tool in tools_of(message)] == ["ok", "ok"]
        assert "You are a careful analyst" in told(desk, 0)
        await same_after_a_reload(desk, client)


async def test_support_hands_over_by_a_form_that_the_team_reads(desk: Stage, opsloom: Opsloom) -> None:
    await applied(opsloom, "support")
    async with rest(desk) as api, httpx2.AsyncClient(base_url=f"{desk.base}/api/v1", timeout=20) as nobody:
        given = (await nobody.post("tickets", json={"assistant": "support"})).json()
        visitor = RawClient(desk.url, key="", assistant="support")
        del visitor.hello["key"]
        visitor.hello["ticket"] = given["ticket"]
        async with visitor as client:
            assert (await client.until("welcome"))["assistant"]["starters"][2] == "I would like to talk to a person"
            form = ToolCall("ask_form", {"title": "Leave it with us", "fields": FIELDS})
            message = await said(desk, client, "I want a person", [Text("Of course."), form])
            (block,) = blocks_of(message)
            assert (message["status"], [one["name"] for one in block["data"]["fields"]]) == (
                "waiting",
                ["name", "email", "problem"],
            )
            desk.vendor.script([Text("It is kept here; I have sent no e-mail.")], request=len(desk.vendor.requests))
            values = {"name": "Ada", "email": "ada@example.com", "problem": "The lamp is broken"}
            await answer(client, block, "submit", values=values)
            assert (await client.until("turn.end"))["status"] == "done"
            assert "The lamp is broken" in told(desk)
            assert "you have sent no e-mail yourself" in told(desk, 0)
            session = client.session
        # The team finds it among all conversations.
        rows = (await api.get("sessions", params={"user": "all", "assistant": "support"})).json()["items"]
        assert [row["id"] for row in rows] == [session]
        assert "ada@example.com" in (await api.get(f"sessions/{session}/messages")).text


async def test_workflow_runner_shows_a_plan_asks_before_a_step_and_ticks_it_off(desk: Stage, opsloom: Opsloom) -> None:
    await applied(opsloom, "workflow-runner")
    async with desk.client("workflow-runner") as client:
        steps = [{"label": "Make the account", "status": "pending"}, {"label": "Tell the team", "status": "pending"}]
        plan = ToolCall("show_tasks", {"title": "A new colleague", "tasks": steps})
        ask = ToolCall("ask_confirm", {"title": "Make the account", "tool": "account", "arguments": {"name": "Ada"}})
        message = await said(desk, client, "Ada starts on Monday", [plan], [ask])
        tasks, confirm = blocks_of(message)
        assert (message["status"], confirm["data"]["arguments"], confirm["state"]["status"]) == (
            "waiting",
            {"name": "Ada"},
            "open",
        )
        count = len(desk.vendor.requests)
        done = [{"op": "set", "path": "/tasks/0/status", "value": "done"}]
        desk.vendor.script([ToolCall("update_block", {"block": tasks["id"], "ops": done})], request=count)
        desk.vendor.script([Text("The account is made once you have made it.")], request=count + 1)
        await answer(client, confirm, "allow")
        end = await client.until("turn.end")
        assert (end["status"], [one["status"] for one in blocks_of(end["message"])[0]["data"]["tasks"]]) == (
            "done",
            ["done", "pending"],
        )
        assert "Show the plan as tasks" in told(desk, 0)
        await same_after_a_reload(desk, client)


async def test_they_are_listed_for_the_terminal_and_the_console(desk: Stage, opsloom: Opsloom, tmp_path: Path) -> None:
    listed = await asyncio.to_thread(opsloom, "templates")
    assert all(name in listed.stdout for name in templates())
    wrong = await asyncio.to_thread(opsloom, "apply", "--template", "suport", "--yes")
    assert (wrong.exit_code, "did you mean `support`?" in wrong.stderr) == (1, True)
    for words in ((), (str(tmp_path), "--template", "support")):
        assert (await asyncio.to_thread(opsloom, "apply", *words)).exit_code == 1
    printed = await asyncio.to_thread(opsloom, "templates", "support")
    async with rest(desk) as api:
        items = (await api.get("assistants/templates")).json()["items"]
        assert [one["name"] for one in items] == ["documents", "sql-analyst", "support", "workflow-runner"]
        assert items[2]["yaml"] == printed.stdout
        base, assistant = items[2]["resources"]
        assert (await api.post("knowledge-bases", json=base["fields"])).status_code == 201
        assert (await api.post("assistants", json=assistant["fields"])).status_code == 201
        api.headers.pop("authorization")
        assert (await api.get("assistants/templates")).status_code == 401
