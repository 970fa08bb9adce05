"""An action that something in the server carries out: the block changes in place, and no model is asked."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from conftest import PostgresUrl
from server.asking.conftest import blocks_of, desk_on, same_after_a_reload, tools_of
from server.nodes.conftest import SECRET, beside
from stage import RawClient, Stage
from vendors import Text, ToolCall

COUNTER = ToolCall("show_counter", {"label": "Visitors", "count": 1})


async def shown(desk: Stage, client: RawClient) -> dict[str, Any]:
    """A counter in an answer that is done."""
    desk.vendor.script([COUNTER], request=0)
    desk.vendor.script([Text("There it is.")], request=1)
    await client.ask("send", text="Count")
    end = await client.until("turn.end")
    (block,) = blocks_of(end["message"])
    assert block["state"] == {"status": "open"}
    return block


async def test_a_block_changes_in_place_as_often_as_one_likes_without_the_model(desk: Stage) -> None:
    async with desk.client("desk") as client:
        block = await shown(desk, client)
        async with desk.client(None, session=client.session) as tab:
            await tab.until("snapshot")
            for by, count in ((2, 3), (4, 7)):
                update = await client.reply(await client.ask("act", block=block["id"], action="add", values={"by": by}))
                state = update["block"]["state"]
                assert (state["status"], state["action"], state["values"]["by"]) == ("open", "add", by)
                end = await client.until("turn.end")
                assert (end["status"], end["message"]["status"]) == ("done", "done")
                (after,) = blocks_of(end["message"])
                assert (after["data"]["count"], after["fallback"]) == (count, f"Visitors: {count}")
                assert after["state"] == state
                # Its line stands once, however often it ran.
                assert [(t["tool"], t["status"], t["summary"]) for t in tools_of(end["message"])[1:]] == [
                    ("counter.add", "ok", f"Now {count}")
                ]
                await tab.until("turn.end")
                assert tab.state == client.state
            assert [f["type"] for f in tab.frames if f["type"].startswith("block.")][-2:] == [
                "block.update",
                "block.patch",
            ]
        assert len(desk.vendor.requests) == 2
        await same_after_a_reload(desk, client)
        desk.vendor.script([Text("Seven.")], request=2)
        await client.ask("send", text="How many?")
        await client.until("turn.end")
        told = [str(message["content"]) for message in desk.vendor.requests[-1].body["messages"]]
        assert any('{"count": 7}' in text for text in told)
        await same_after_a_reload(desk, client)


@pytest.mark.parametrize(
    ("values", "code"),
    [({"by": 0}, "invalid"), ({"by": 1, "more": 1}, "invalid"), ({}, "invalid"), (None, "invalid"), ([1], "invalid")],
)
async def test_wrong_values_start_nothing(desk: Stage, values: Any, code: str) -> None:
    async with desk.client("desk") as client:
        block = await shown(desk, client)
        refused = await client.reply(await client.ask("act", block=block["id"], action="add", values=values))
        assert (refused["type"], refused["code"]) == ("error", code)
        await same_after_a_reload(desk, client)


async def test_what_fails_says_why_and_can_be_tried_again(desk: Stage) -> None:
    async with desk.client("desk") as client:
        block = await shown(desk, client)
        await client.ask("act", block=block["id"], action="add", values={"by": 13})
        end = await client.until("turn.end")
        assert end["message"]["status"] == "done"
        assert (tools_of(end["message"])[-1]["status"], tools_of(end["message"])[-1]["summary"]) == (
            "error",
            "13 brings bad luck.",
        )
        await client.ask("act", block=block["id"], action="add", values={"by": 1})
        assert blocks_of((await client.until("turn.end"))["message"])[0]["data"]["count"] == 2
        await same_after_a_reload(desk, client)


async def test_it_is_stopped_like_an_answer_and_waits_for_no_other(desk: Stage) -> None:
    async with desk.client("desk") as client:
        block = await shown(desk, client)
        await client.ask("act", block=block["id"], action="add", values={"by": 2, "seconds": 60})
        start = await client.until("turn.start")
        await client.until("tool.start")
        busy = await client.reply(await client.ask("act", block=block["id"], action="add", values={"by": 2}))
        assert busy["code"] == "busy"
        await client.ask("stop", turn=start["turn"])
        end = await client.until("turn.end")
        assert (end["status"], end["message"]["status"]) == ("stopped", "done")
        assert blocks_of(end["message"])[0]["data"]["count"] == 1
        await same_after_a_reload(desk, client)


async def test_an_answer_that_the_conversation_has_left_stays_as_it_is(desk: Stage) -> None:
    async with desk.client("desk") as client:
        block = await shown(desk, client)
        desk.vendor.script([Text("Yes?")], request=2)
        await client.ask("send", text="And now")
        await client.until("turn.end")
        refused = await client.reply(await client.ask("act", block=block["id"], action="add", values={"by": 2}))
        assert (refused["code"], refused["text"]) == (
            "conflict",
            "The conversation has gone on since; ask for this again.",
        )


async def test_at_another_node_than_the_one_that_showed_it(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    async with desk_on(seeded_url, tmp_path, secret=SECRET) as a, beside(a) as b, a.client("desk") as client:
        block = await shown(a, client)
        async with b.client(None, session=client.session) as other:
            await other.until("snapshot")
            await other.ask("act", block=block["id"], action="add", values={"by": 5})
            ends = await asyncio.gather(other.until("turn.end"), client.until("turn.end"))
            assert [blocks_of(end["message"])[0]["data"]["count"] for end in ends] == [6, 6]
            assert other.state == client.state
            # What the first node remembered of the answer is not what it tells the model now.
            a.vendor.script([Text("Six.")], request=2)
            await client.ask("send", text="How many?")
            await client.until("turn.end")
            assert '{"count": 6}' in str([message["content"] for message in a.vendor.requests[-1].body["messages"]])
        await same_after_a_reload(a, client)
