"""An approval when the node dies: the tool runs exactly once, or it is said that it may have run."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from conftest import PostgresUrl
from server.asking.conftest import DESK, EXTENSIONS, answer, blocks_of, cancel, lines, tools_of
from server.nodes.processes import Two, two_processes
from stage import RawClient
from vendors import Text

pytestmark = pytest.mark.slow

SPEC = {"slug": "desk", "name": "Desk", "model": DESK.model, "tools": list(DESK.tools), "public": True}


@pytest.fixture
async def two(seeded_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Two]:
    async with two_processes(seeded_url, tmp_path, SPEC, OPSLOOM_EXTENSIONS=str(EXTENSIONS)) as servers:
        yield servers


async def asked_at_a(two: Two, client: RawClient, ledger: Path, **more: Any) -> dict[str, Any]:
    two.vendor.script([cancel(ledger, **more)], request=0)
    two.vendor.script([Text("Settled.")], request=1)
    await client.ask("send", text="Cancel it")
    end = await client.until("turn.end")
    (block,) = blocks_of(end["message"])
    return block


async def ended(client: RawClient) -> dict[str, Any]:
    """The answer once its turn is over, whatever came of it."""
    async with asyncio.timeout(20):
        while client.state is None or client.state.turn is not None or client.state.messages[-1].status == "waiting":
            await client.next(20)
    return next(f["message"] for f in reversed(client.frames) if f["type"] == "turn.end")


async def test_asked_at_a_node_that_is_killed_and_answered_at_another_by_another_tab(two: Two, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    async with two.client(two.a) as client:
        block = await asked_at_a(two, client, ledger)
        await two.a.end(signal.SIGKILL)
    async with two.client(two.b, client.session) as tab:
        await tab.until("snapshot")
        assert (await answer(tab, block, "allow"))["type"] == "block.update"
        message = await ended(tab)
        assert [(tool["status"], tool["approval"]) for tool in tools_of(message)] == [("ok", block["id"])]
        await two.a.start()
        async with two.client(two.a, client.session) as again:
            await again.until("snapshot")
            assert again.state == tab.state
            assert (await answer(again, block, "allow"))["code"] == "conflict"
    assert lines(ledger) == ["cancel_order 7"]


async def test_killed_before_the_call_was_begun_the_other_node_runs_it(
    two: Two, tmp_path: Path, seeded_url: PostgresUrl
) -> None:
    ledger = tmp_path / "ledger"
    async with two.client(two.a) as client, two.client(two.b) as _:
        block = await asked_at_a(two, client, ledger)
        async with two.client(two.b, client.session) as tab:
            await tab.until("snapshot")
            held = await asyncpg.connect(seeded_url.dsn)
            try:
                # The approval cannot be spent: the turn stands just before the call's start.
                transaction = held.transaction()
                await transaction.start()
                await held.execute("SELECT set_config('app.workspace', 'ws_default', true)")
                assert await held.fetch("SELECT 1 FROM approvals FOR UPDATE")
                await answer(client, block, "allow")
                await tab.until("turn.start")
                await asyncio.sleep(0.5)
                assert lines(ledger) == []
                await two.a.end(signal.SIGKILL)
                await transaction.rollback()
            finally:
                await held.close()
            message = await ended(tab)
            assert (message["status"], [tool["status"] for tool in tools_of(message)]) == ("done", ["ok"])
            async with two.client(two.b, client.session) as fresh:
                await fresh.until("snapshot")
                assert fresh.state == tab.state
    assert lines(ledger) == ["cancel_order 7"]


async def test_killed_while_it_runs_it_is_not_run_again_and_that_is_said(two: Two, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    async with two.client(two.a) as client:
        block = await asked_at_a(two, client, ledger, seconds=60)
        async with two.client(two.b, client.session) as tab:
            await tab.until("snapshot")
            await answer(client, block, "allow")
            async with asyncio.timeout(10):
                while not lines(ledger):
                    await asyncio.sleep(0.02)
            await two.a.end(signal.SIGKILL)
            message = await ended(tab)
            (tool,) = tools_of(message)
            assert (message["status"], tool["status"]) == ("interrupted", "stopped")
            assert "it may have run" in tool["summary"]
            count = len(two.vendor.requests)
            two.vendor.script([Text("I will look.")], request=count)
            await tab.ask("send", text="Did it work?")
            await tab.until("turn.end")
            told = two.vendor.requests[-1].body["messages"]
            assert "nobody knows how far it came" in str(told[-2])
    await asyncio.sleep(1.5)
    assert lines(ledger) == ["cancel_order 7"]
