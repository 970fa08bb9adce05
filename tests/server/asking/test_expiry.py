"""Questions that nobody answers in time: they close for everybody, once, and the answer goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from conftest import PostgresUrl
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from server.asking.conftest import answer, asked, blocks_of, cancel, desk_on, lines, same_after_a_reload, tools_of
from server.nodes.conftest import SECRET, beside
from stage import Stage
from vendors import Text, ToolCall


@pytest.fixture
async def hasty(seeded_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Stage]:
    """A server where approvals are good for a second."""
    async with desk_on(seeded_url, tmp_path, approval_seconds=1.0) as stage:
        yield stage


async def test_an_approval_that_comes_too_late_runs_nothing_and_the_model_is_told(hasty: Stage, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    async with hasty.client("desk") as client:
        (block,) = await asked(hasty, client, cancel(ledger))
        async with hasty.client(None, session=client.session) as tab:
            update = await client.until("block.update")
            assert (update["block"]["id"], update["block"]["state"]["status"]) == (block["id"], "expired")
            assert "by" not in update["block"]["state"]
            end = await client.until("turn.end")
            await tab.until("turn.end")
            assert tab.state == client.state
        (tool,) = tools_of(end["message"])
        assert (end["status"], tool["status"], tool["summary"]) == ("done", "denied", "Not answered in time")
        assert "did not answer in time. It was not run." in str(hasty.vendor.requests[-1].body["messages"][-1])
        late = await answer(client, block, "allow")
        assert (late["code"], lines(ledger)) == ("conflict", [])
        await same_after_a_reload(hasty, client)


async def test_a_tool_says_how_long_its_question_is_open_and_others_wait_as_long_as_it_takes(desk: Stage) -> None:
    desk.vendor.script([ToolCall("ask_quickly", {"seconds": 1}), ToolCall("ask_choices", CHOICES)], request=0)
    desk.vendor.script([Text("Too slow.")], request=1)
    async with desk.client("desk") as client:
        await client.ask("send", text="Quiz me")
        first, second = blocks_of((await client.until("turn.end"))["message"])
        assert ("until" in first["state"], "until" in second["state"]) == (True, False)
        update = await client.until("block.update")
        assert (update["block"]["id"], update["block"]["state"]["status"]) == (first["id"], "expired")
        # It goes on once the other one is answered, too.
        await answer(client, second, "choose", choices=["x"])
        end = await client.until("turn.end")
        assert end["status"] == "done"
        assert "did not answer in time" in str(desk.vendor.requests[-1].body["messages"])
        await same_after_a_reload(desk, client)


CHOICES = {"prompt": "And now?", "options": [{"id": "x", "label": "X"}, {"id": "y", "label": "Y"}]}


async def test_between_its_time_and_its_end_it_cannot_be_answered(desk: Stage, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    async with desk.client("desk") as client:
        (block,) = await asked(desk, client, cancel(ledger))
        async with desk.parts.database.transact(DEFAULT_WORKSPACE) as connection:
            await connection.exec_driver_sql("UPDATE blocks SET expires_at = now()")
        refused = await answer(client, block, "allow")
        assert (refused["code"], lines(ledger)) == ("expired", [])


async def test_an_approval_is_void_that_nobody_could_use_for_a_minute(desk: Stage, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    async with desk.client("desk") as client:
        first, second = await asked(desk, client, cancel(ledger, 1), cancel(ledger, 2))
        await answer(client, first, "allow")
        async with desk.parts.database.transact(DEFAULT_WORKSPACE) as connection:
            await connection.exec_driver_sql(
                f"UPDATE blocks SET expires_at = now() - interval '2 minutes' WHERE id = '{first['id']}'"
            )
        await answer(client, second, "allow")
        end = await client.until("turn.end")
        assert [tool["status"] for tool in tools_of(end["message"])] == ["denied", "ok"]
        assert lines(ledger) == ["cancel_order 2"]


async def test_what_fell_due_while_the_server_was_down_expires_at_its_start(
    seeded_url: PostgresUrl, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(desk_on(seeded_url, tmp_path, approval_seconds=0.5, secret=SECRET))
        async with stage.client("desk") as client:
            await asked(stage, client, cancel(ledger))
        await stage.parts.hub.close()
        await asyncio.sleep(0.6)
        later = await stack.enter_async_context(beside(stage))
        async with later.client(None, session=client.session) as back:
            await back.until("snapshot")
            if back.state is None or back.state.turn is not None or back.state.messages[-1].status == "waiting":
                await back.until("turn.end")
            assert (back.text, lines(ledger)) == ("Let me see. Settled.", [])


async def test_of_two_nodes_one_closes_it(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    async with (
        desk_on(seeded_url, tmp_path, approval_seconds=1.0, secret=SECRET) as a,
        beside(a) as b,
        a.client("desk") as client,
    ):
        await asked(a, client, cancel(ledger))
        async with b.client(None, session=client.session) as other:
            await other.until("snapshot")
            b.parts.hub._expiring.ask()
            ends = await asyncio.gather(client.until("turn.end"), other.until("turn.end"))
            assert [end["status"] for end in ends] == ["done", "done"]
            assert other.state == client.state
        for one in (client, other):
            assert len([f for f in one.frames if f["type"] == "block.update"]) == 1
        assert (len(a.vendor.requests), lines(ledger)) == (2, [])
