"""`cancel` of a progress block, in mid-answer: the call that showed it ends, and the answer goes on."""

import asyncio
from pathlib import Path
from typing import Any

from conftest import PostgresUrl
from server.asking.conftest import blocks_of, desk_on, same_after_a_reload, tools_of
from server.nodes.conftest import SECRET, beside
from stage import RawClient, Stage
from vendors import Pause, Text, ToolCall


async def copying(desk: Stage, client: RawClient, ledger: Path) -> dict[str, Any]:
    """A call that copies and has shown how far it is."""
    desk.vendor.script([ToolCall("copy_files", {"files": 9, "ledger": str(ledger)})], request=0)
    desk.vendor.script([Text("As you wish.")], request=1)
    await client.ask("send", text="Copy them")
    block: dict[str, Any] = (await client.until("block.render"))["block"]
    return block


async def test_the_call_ends_and_the_model_is_told_and_goes_on(desk: Stage, tmp_path: Path) -> None:
    async with desk.client("desk") as client:
        block = await copying(desk, client, tmp_path / "ledger")
        async with desk.client(None, session=client.session) as tab:
            snapshot = await tab.until("snapshot")
            assert blocks_of(snapshot["turn"]["message"])[0]["state"] == {"status": "open"}
            update = await tab.reply(await tab.ask("act", block=block["id"], action="cancel"))
            state = update["block"]["state"]
            assert (state["status"], state["action"]) == ("answered", "cancel")
            assert state["by"] == tab.frames[0]["user"]["id"]
            again = await tab.reply(await tab.ask("act", block=block["id"], action="cancel"))
            assert again["code"] == "conflict"
            end = await client.until("turn.end")
            await tab.until("turn.end")
            assert tab.state == client.state
        assert (end["status"], client.text) == ("done", "As you wish.")
        assert [(tool["status"], tool["summary"]) for tool in tools_of(end["message"])] == [("stopped", "Cancelled")]
        assert blocks_of(end["message"])[0]["state"] == state
        assert "The person cancelled this" in str(desk.vendor.requests[-1].body["messages"][-1])
        assert (tmp_path / "ledger").read_text() == "closed\n"
        await same_after_a_reload(desk, client)
        late = await client.reply(await client.ask("act", block=block["id"], action="cancel"))
        assert late["code"] == "conflict"


async def test_from_another_node_than_the_one_that_runs_it(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    async with desk_on(seeded_url, tmp_path, secret=SECRET) as a, beside(a) as b, a.client("desk") as client:
        block = await copying(a, client, tmp_path / "ledger")
        async with b.client(None, session=client.session) as other:
            await other.until("snapshot")
            while other.state is None or other.state.turn is None or not _shows(other, block["id"]):
                await other.next()
            update = await other.reply(await other.ask("act", block=block["id"], action="cancel"))
            assert update["block"]["state"]["action"] == "cancel"
            async with b.client(None, session=client.session) as third:
                snapshot = await third.until("snapshot")
                if snapshot.get("turn") is not None:
                    assert blocks_of(snapshot["turn"]["message"])[0]["state"] == update["block"]["state"]
            ends = await asyncio.gather(client.until("turn.end"), other.until("turn.end"))
            assert [end["status"] for end in ends] == ["done", "done"]
            assert other.state == client.state
        assert tools_of(ends[0]["message"])[0]["status"] == "stopped"
        assert (tmp_path / "ledger").read_text() == "closed\n"
        await same_after_a_reload(a, client)


def _shows(client: RawClient, block: str) -> bool:
    assert client.state is not None
    assert client.state.turn is not None
    return block in repr(client.state.turn.message.parts)


async def test_a_window_that_opens_after_it_sees_who_cancelled(desk: Stage, tmp_path: Path) -> None:
    async with desk.client("desk") as client:
        block = await copying(desk, client, tmp_path / "ledger")
        desk.vendor.script([Pause(0.3), Text("Well.")], request=1)
        await client.reply(await client.ask("act", block=block["id"], action="cancel"))
        async with desk.client(None, session=client.session) as tab:
            snapshot = await tab.until("snapshot")
            assert blocks_of(snapshot["turn"]["message"])[0]["state"]["action"] == "cancel"
            await asyncio.gather(tab.until("turn.end"), client.until("turn.end"))
            assert tab.state == client.state


async def test_progress_that_the_model_shows_by_itself_stops_the_answer(desk: Stage) -> None:
    desk.vendor.script([ToolCall("show_progress", {"title": "Thinking"})], request=0)
    desk.vendor.script([Text("One moment. "), Pause(60), Text("never")], request=1)
    async with desk.client("desk") as client:
        await client.ask("send", text="Think")
        block = (await client.until("block.render"))["block"]
        await client.until("text.delta")
        await client.ask("act", block=block["id"], action="cancel")
        end = await client.until("turn.end")
        assert (end["status"], blocks_of(end["message"])[0]["state"]["action"]) == ("stopped", "cancel")
        await same_after_a_reload(desk, client)


async def test_when_the_answer_is_written_there_is_nothing_to_cancel(desk: Stage) -> None:
    desk.vendor.script([ToolCall("show_progress", {"title": "Thinking"})], request=0)
    desk.vendor.script([Text("Thought.")], request=1)
    async with desk.client("desk") as client:
        await client.ask("send", text="Think")
        end = await client.until("turn.end")
        (block,) = blocks_of(end["message"])
        assert block["state"] is None
        refused = await client.reply(await client.ask("act", block=block["id"], action="cancel"))
        assert refused["code"] == "conflict"
        await same_after_a_reload(desk, client)


async def test_other_actions_wait_until_the_answer_is_written(desk: Stage, tmp_path: Path) -> None:
    async with desk.client("desk") as client:
        block = await copying(desk, client, tmp_path / "ledger")
        for wrong, code in ((block["id"], "busy"), ("blk_none", "busy")):
            refused = await client.reply(await client.ask("act", block=wrong, action="choose", values={}))
            assert refused["code"] == code
        refused = await client.reply(await client.ask("act", block=block["id"], action="cancel", values={"why": "no"}))
        assert refused["code"] == "invalid"
        await client.ask("act", block=block["id"], action="cancel")
        await client.until("turn.end")
