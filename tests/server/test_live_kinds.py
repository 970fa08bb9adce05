"""Every kind of block in a conversation, from a vendor's tool call to a fresh snapshot."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from opsloom_blocks import BLOCKS, plain
from opsloom_server.store import assistants
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from stage import RawClient, Stage
from stage.server import SCRIPTED
from vendors import Text, ToolCall
from vendors.script import Script

SHOWING = [kind for kind in BLOCKS.values() if not kind.waits]
APPROVAL = {
    "title": "Cancel order 1042",
    "tool": "cancel_order",
    "arguments": {"order": 1042, "lines": [{"sku": "A", "n": 2}]},
    "consequence": "The customer gets 49.90 EUR back.",
}


async def painter(stage: Stage) -> str:
    """An assistant that may show every kind."""
    spec = replace(SCRIPTED, slug="painter", blocks=tuple(BLOCKS))
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        await assistants.create(connection, DEFAULT_WORKSPACE, spec)
    return "painter"


def blocks_of(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [part["block"] for part in frame["message"]["parts"] if part["type"] == "block"]


async def reloaded(stage: Stage, client: RawClient) -> None:
    async with stage.client(None, session=client.session) as again:
        await again.until("snapshot")
        assert again.state == client.state


async def test_every_kind_is_offered_shown_and_kept(stage: Stage) -> None:
    stage.vendor.script([ToolCall(f"show_{kind.kind}", plain(kind.example)) for kind in SHOWING])
    stage.vendor.script([Text("That is all.")])
    async with stage.client(await painter(stage)) as client:
        await client.ask("send", text="Show me everything")
        end = await client.until("turn.end", seconds=30)
        assert end["status"] == "done"
        shown = blocks_of(end)
        assert [block["kind"] for block in shown] == [kind.kind for kind in SHOWING]
        for block, kind in zip(shown, SHOWING, strict=True):
            assert block["data"] == plain(kind.example)
            assert block["fallback"] == kind.fallback(kind.example)
            assert block.get("state") == ({"status": "open"} if kind.handled else None)
        await reloaded(stage, client)
    offered = {tool["function"]["name"] for tool in stage.vendor.requests[-1].body["tools"]}
    assert {f"{'ask' if kind.waits else 'show'}_{kind.kind}" for kind in BLOCKS.values()} <= offered


async def test_a_table_that_grows_sends_its_rows_and_no_more(stage: Stage) -> None:
    """Ten patches of a hundred rows: the last costs what the first did, and the whole little more than the rows."""
    rows = [{"order": f"A-{at:06}", "sum": 100_000 + at} for at in range(1_000)]
    columns = [{"key": "order", "label": "Order"}, {"key": "sum", "label": "Sum", "type": "number"}]

    def patches(body: dict[str, Any]) -> Script:
        block = json.loads(next(m["content"] for m in reversed(body["messages"]) if m["role"] == "tool"))["block"]
        return [
            ToolCall(
                "update_block",
                {"block": block, "ops": [{"op": "append", "path": "/rows", "value": rows[at : at + 100]}]},
                id=f"call_{at}",
            )
            for at in range(0, 1_000, 100)
        ]

    stage.vendor.script([ToolCall("show_table", {"columns": columns, "rows": []})])
    stage.vendor.script(patches)
    stage.vendor.script([Text("All of them.")])
    async with stage.client(await painter(stage)) as client:
        await client.ask("send", text="Show me the orders")
        sizes = []
        while (frame := await client.next(seconds=30))["type"] != "turn.end":
            if frame["type"] == "block.patch":
                sizes.append(len(msgspec.json.encode(frame)))
        assert blocks_of(frame)[0]["data"]["rows"] == rows
        assert len(sizes) == 10
        assert max(sizes) <= 1.01 * min(sizes)
        assert sum(sizes) <= 1.1 * len(msgspec.json.encode(rows))
        await reloaded(stage, client)


@pytest.mark.parametrize(
    ("action", "values", "told"),
    [
        ("allow", {}, "Allowed once: Cancel order 1042."),
        ("deny", {"reason": "Wrong order"}, "Denied: Cancel order 1042. Wrong order"),
    ],
)
async def test_an_approval_waits_for_a_person(stage: Stage, action: str, values: Any, told: str) -> None:
    stage.vendor.script([ToolCall("ask_confirm", APPROVAL)])
    stage.vendor.script([Text("As you say.")])
    async with stage.client(await painter(stage)) as client:
        await client.ask("send", text="Cancel it")
        waiting = await client.until("turn.end")
        assert waiting["status"] == "waiting"
        (block,) = blocks_of(waiting)
        assert block["data"]["arguments"] == APPROVAL["arguments"]
        assert '- lines: [{"sku": "A", "n": 2}]' in block["fallback"]
        for forged in ({"scope": "always"}, {"scope": "once", "by": "somebody"}, {"scope": ["once"]}):
            refused = await client.reply(await client.ask("act", block=block["id"], action="allow", values=forged))
            assert refused["code"] == "invalid"
        await client.ask("act", block=block["id"], action=action, values=values)
        end = await client.until("turn.end")
        assert end["status"] == "done"
        (answered,) = blocks_of(end)
        assert (answered["state"]["status"], answered["state"]["action"]) == ("answered", action)
        assert told in stage.vendor.requests[-1].body["messages"][-1]["content"]
        again = await client.reply(await client.ask("act", block=block["id"], action="deny", values={}))
        assert again["code"] == "conflict"
        await reloaded(stage, client)


async def test_of_two_tabs_that_answer_at_once_one_wins(stage: Stage) -> None:
    """Ten times over two connections: a person's yes and another's no."""
    for turn in range(10):
        stage.vendor.script([ToolCall("ask_confirm", APPROVAL)])
        stage.vendor.script([Text(f"Done {turn}.")])
    async with stage.client(await painter(stage)) as one:
        await one.until("snapshot")
        for _ in range(10):
            await one.ask("send", text="Cancel it")
            waiting = await one.until("turn.end")
            assert waiting["status"] == "waiting"
            block = blocks_of(waiting)[-1]["id"]
            async with stage.client(session=one.session) as two:
                await two.until("snapshot")
                asked = len(stage.vendor.requests)
                yes, no = await asyncio.gather(
                    one.ask("act", block=block, action="allow", values={"scope": "once"}),
                    two.ask("act", block=block, action="deny", values={}),
                )
                replies = [await one.reply(yes), await two.reply(no)]
                kinds = sorted(reply["type"] for reply in replies)
                assert kinds == ["block.update", "error"], replies
                lost = next(reply for reply in replies if reply["type"] == "error")
                assert lost["code"] in ("conflict", "busy")
                won = next(reply for reply in replies if reply["type"] == "block.update")["block"]["state"]["action"]
                end = await two.until("turn.end")
                assert blocks_of(end)[-1]["state"]["action"] == won
            await one.until("turn.end")
            assert len(stage.vendor.requests) == asked + 1
            said = stage.vendor.requests[-1].body["messages"][-1]["content"]
            assert ("Allowed once" in said) == (won == "allow")
        await reloaded(stage, one)


async def test_data_that_stay_wrong_are_read_as_text(stage: Stage) -> None:
    wrong = ToolCall("show_map", {"title": "Shops", "points": [{"label": "Berlin", "lat": 520, "lon": 13}]})
    stage.vendor.script([wrong])
    stage.vendor.script([wrong])
    stage.vendor.script([Text("There.")])
    async with stage.client(await painter(stage)) as client:
        await client.ask("send", text="Where?")
        end = await client.until("turn.end")
        assert end["status"] == "done"
        (block,) = blocks_of(end)
        assert (block["kind"], block["fallback"].splitlines()[0]) == ("text", "Shops")
        assert "Berlin" in block["fallback"]
        assert "/points/0/lat" in stage.vendor.requests[-2].body["messages"][-1]["content"]
        acted = await client.reply(await client.ask("act", block=block["id"], action="choose", values={}))
        assert acted["type"] == "error"
        await reloaded(stage, client)
