"""Blocks that people see while the model still writes them, from a vendor's pieces to every tab."""

import json
from typing import Any
from uuid import uuid4

import pytest
from client.tab import send
from msgspec.structs import replace
from opsloom_blocks import BLOCKS, make_block, plain
from opsloom_protocol.frames import BlockPatch, BlockRender, Stop, TurnEnd, TurnStart
from opsloom_protocol.messages import Block, BlockPart
from opsloom_server.store import assistants
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from server.test_snapshot_law import Witness
from stage import RawClient, Stage
from stage.server import SCRIPTED
from vendors import Finish, Pause, Raw, Step, StreamError, Text, ToolCall
from vendors.wire import data as wire_data

MODELS = ("openai-chat:scripted", "openai:scripted", "anthropic:scripted")
ROWS = [{"region": f"Region {n}", "sum": n * 7} for n in range(40)]
TABLE = {
    "title": "Sales by region",
    "columns": [{"key": "region", "label": "Region", "unit": None}, {"key": "sum", "label": "Sum", "type": "number"}],
    "rows": ROWS,
}
FORM = {
    "title": "Who are you?",
    "fields": [{"name": "name", "label": "Your name", "required": True}, {"name": "city", "label": "Your city"}],
    "submit": "Send it",
}
PROGRESS = {"title": "Reading all of it", "stages": [{"label": f"Chapter {n}", "status": "done"} for n in range(20)]}
AGAIN = 0.03
"""Seconds between pieces: longer than a frame, so that each is one."""


def pieces(data: Any, size: int = 60, *, hold_at: float | None = None, hold: float = 20.0) -> list[str | float]:
    """The data's JSON in pieces as a vendor sends them; at `hold_at` of it, it holds the rest back."""
    text = data if isinstance(data, str) else json.dumps(data)
    found: list[str | float] = []
    for at in range(0, len(text), size):
        if hold_at is not None and at >= len(text) * hold_at:
            found.append(hold)
            hold_at = None
        found += [AGAIN, text[at : at + size]]
    return found


async def assistant(stage: Stage, model: str = MODELS[0]) -> str:
    """An assistant that may show every kind."""
    spec = replace(SCRIPTED, slug="writer", model=model, blocks=tuple(BLOCKS))
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        await assistants.create(connection, DEFAULT_WORKSPACE, spec)
    return spec.slug


def blocks_of(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [part["block"] for part in frame["message"]["parts"] if part["type"] == "block"]


def kinds_of(frame: dict[str, Any]) -> list[str]:
    return [part["type"] for part in frame["message"]["parts"]]


def whole(kind: str, data: Any) -> Any:
    return make_block(kind, data, "blk").data


async def reloaded(client: RawClient, stage: Stage) -> None:
    async with stage.client(None, session=client.session) as again:
        await again.until("snapshot")
        assert again.state == client.state


@pytest.mark.parametrize("model", MODELS)
async def test_rows_are_seen_while_the_vendor_still_writes(stage: Stage, model: str) -> None:
    stage.vendor.script([Text("Here: "), ToolCall("show_table", sent=pieces(TABLE, hold_at=0.6, hold=1.5))])
    stage.vendor.script([Text("There.")])
    async with stage.client(await assistant(stage, model)) as client:
        await client.ask("send", text="Sales?")
        shown = await client.until("block.render")
        assert shown["block"]["growing"] is True
        assert shown["block"]["data"]["columns"][0] == {"key": "region", "label": "Region", "type": "text"}
        for _ in range(5):
            patch = await client.until("block.patch")
            assert [op["op"] for op in patch["ops"]] == ["append"]
            assert "grown" not in patch
        assert stage.vendor.requests[0].done_at is None
        assert client.state is not None
        await reloaded_in_the_middle(client, stage)
        end = await client.until("turn.end")
        assert kinds_of(end) == ["text", "tool", "block", "text"]
        (block,) = blocks_of(end)
        assert block["data"] == whole("table", TABLE)
        assert block["fallback"] == make_block("table", TABLE, "blk").fallback
        assert (block["state"], "growing" in block) == (None, False)
        grown = next(frame for frame in client.frames if "grown" in frame)
        assert grown["grown"] == {"fallback": block["fallback"]}
        assert [frame["type"] for frame in client.frames].count("tool.start") == 1
        # Only what is new travels: each row once.
        ops = [op for frame in client.frames if frame["type"] == "block.patch" for op in frame["ops"]]
        assert shown["block"]["data"]["rows"] + [row for op in ops for row in op["value"]] == ROWS
        await reloaded(client, stage)


async def reloaded_in_the_middle(client: RawClient, stage: Stage) -> None:
    """A tab that comes now sees what this one sees, at the same place."""
    async with stage.client(None, session=client.session) as again:
        await again.until("snapshot")
        assert again.state is not None
        assert client.state is not None
        assert client.state.turn is not None
        assert again.state.turn is not None
        while client.state.turn.seq < again.state.turn.seq:
            await client.next()
            assert client.state.turn is not None
        while again.state.turn.seq < client.state.turn.seq:
            await again.next()
            assert again.state.turn is not None
        assert again.state.turn == client.state.turn


async def test_a_form_can_be_acted_on_only_when_it_is_whole(stage: Stage) -> None:
    stage.vendor.script([ToolCall("ask_form", sent=pieces(FORM, 20, hold_at=0.8, hold=1.0))])
    stage.vendor.script([Text("Thank you.")])
    async with stage.client(await assistant(stage)) as client:
        await client.ask("send", text="Ask me")
        shown = (await client.until("block.render"))["block"]
        assert (shown["growing"], shown["state"]) == (True, None)
        refused = await client.reply(
            await client.ask("act", block=shown["id"], action="submit", values={"values": {"name": "Ada"}})
        )
        assert (refused["type"], refused["code"]) == ("error", "busy")
        waiting = await client.until("turn.end")
        assert waiting["status"] == "waiting"
        (block,) = blocks_of(waiting)
        assert (block["id"], block["state"]) == (shown["id"], {"status": "open"})
        assert block["data"] == whole("form", FORM)
        await client.ask("act", block=block["id"], action="submit", values={"values": {"name": "Ada"}})
        end = await client.until("turn.end")
        assert (end["status"], kinds_of(end)) == ("done", ["tool", "block", "text"])
        assert "Ada" in stage.vendor.requests[-1].body["messages"][-1]["content"]
        await reloaded(client, stage)


async def test_several_calls_grow_one_after_the_other_and_stand_in_their_order(stage: Stage) -> None:
    """One that is whole at once, one after a tool that shows nothing, one of another kind."""
    chart = plain(BLOCKS["chart"].example)
    stage.vendor.script(
        [
            ToolCall("show_notice", {"text": "Mind the gap."}, pieces=1),
            ToolCall("show_chart", sent=pieces(chart, 30)),
            ToolCall("update_block", {"block": "blk_none", "ops": [{"op": "remove", "path": "/x"}]}),
            ToolCall("show_table", sent=pieces(TABLE, 200)),
        ]
    )
    stage.vendor.script([Text("There.")])
    async with stage.client(await assistant(stage)) as client:
        await client.ask("send", text="All of it")
        end = await client.until("turn.end")
        assert kinds_of(end) == ["tool", "block", "tool", "block", "tool", "tool", "block", "text"]
        assert [block["kind"] for block in blocks_of(end)] == ["notice", "chart", "table"]
        assert [block["data"] for block in blocks_of(end)][1:] == [whole("chart", chart), whole("table", TABLE)]
        renders = [frame["block"] for frame in client.frames if frame["type"] == "block.render"]
        assert [render.get("growing", False) for render in renders] == [True, True, False]
        await reloaded(client, stage)


async def test_calls_that_are_written_at_once_keep_apart(stage: Stage) -> None:
    """Chat Completions may write to several calls in turn."""
    calls = {0: ("show_table", json.dumps(TABLE)), 1: ("show_progress", json.dumps(PROGRESS))}
    heads = [
        {"index": at, "id": f"call_{at}", "type": "function", "function": {"name": name, "arguments": ""}}
        for at, (name, _) in calls.items()
    ]
    more = [
        (begin, {"index": at, "function": {"arguments": text[begin : begin + 40]}})
        for at, (_, text) in calls.items()
        for begin in range(0, len(text), 40)
    ]
    written = [*heads, *(delta for _, delta in sorted(more, key=lambda one: one[0]))]
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    script: list[Step] = []
    for delta in written:
        choice = {"index": 0, "delta": {"tool_calls": [delta]}, "logprobs": None, "finish_reason": None}
        script += [Raw(wire_data({**chunk, "choices": [choice]})), Pause(AGAIN)]
    stage.vendor.script([*script, Finish("tool_calls")])
    stage.vendor.script([Text("There.")])
    async with stage.client(await assistant(stage)) as client:
        await client.ask("send", text="Both")
        end = await client.until("turn.end")
        assert end["status"] == "done"
        assert [block["data"] for block in blocks_of(end)] == [whole("table", TABLE), whole("progress", PROGRESS)]
        renders = [frame["block"] for frame in client.frames if frame["type"] == "block.render"]
        assert [render["growing"] for render in renders] == [True, True]
        await reloaded(client, stage)


async def test_a_block_that_grew_is_changed_in_place(stage: Stage) -> None:
    def change(body: dict[str, Any]) -> list[ToolCall]:
        block = json.loads(body["messages"][-1]["content"])["block"]
        return [ToolCall("update_block", {"block": block, "ops": [{"op": "set", "path": "/title", "value": "Now"}]})]

    stage.vendor.script([ToolCall("show_table", sent=pieces(TABLE, 200))])
    stage.vendor.script(change)
    stage.vendor.script([Text("There.")])
    async with stage.client(await assistant(stage)) as client:
        await client.ask("send", text="Show, then change")
        (block,) = blocks_of(await client.until("turn.end"))
        assert block["data"]["title"] == "Now"
        assert block["fallback"].startswith("Now\n")
        told = json.loads(stage.vendor.requests[-1].body["messages"][-1]["content"])
        assert told["version"] == block["version"]


WRONG = {**TABLE, "rows": [*ROWS[:20], {"region": "R", "sum": "many"}], "total": 100}


async def test_wrong_data_are_written_anew_in_the_same_place(stage: Stage) -> None:
    stage.vendor.script([ToolCall("show_table", sent=pieces(WRONG))])
    stage.vendor.script([Text("Once more. "), ToolCall("show_table", sent=pieces(TABLE))])
    stage.vendor.script([Text("There.")])
    async with stage.client(await assistant(stage)) as client:
        await client.ask("send", text="Sales?")
        end = await client.until("turn.end")
        assert kinds_of(end) == ["tool", "block", "text", "text"]
        (block,) = blocks_of(end)
        assert block["data"] == whole("table", TABLE)
        assert end["message"]["parts"][0]["status"] == "ok"
        renders = [frame["block"] for frame in client.frames if frame["type"] == "block.render"]
        assert [(one["id"], one["growing"]) for one in renders] == [(block["id"], True)] * 2
        versions = [f.get("version") or f["block"]["version"] for f in client.frames if f["type"].startswith("block.")]
        assert versions == sorted(versions)
        assert "/rows/20/sum" in stage.vendor.requests[1].body["messages"][-1]["content"]
        await reloaded(client, stage)


async def test_data_that_stay_wrong_become_words_in_the_same_place(stage: Stage) -> None:
    stage.vendor.script([ToolCall("show_table", sent=pieces(WRONG))])
    stage.vendor.script([ToolCall("show_table", sent=pieces(WRONG))])
    stage.vendor.script([Text("There.")])
    async with stage.client(await assistant(stage)) as client:
        await client.ask("send", text="Sales?")
        end = await client.until("turn.end")
        assert kinds_of(end) == ["tool", "block", "text"]
        (block,) = blocks_of(end)
        assert (block["kind"], block["state"], "growing" in block) == ("text", None, False)
        assert "Region 3" in block["fallback"]
        shown = next(frame["block"] for frame in client.frames if frame["type"] == "block.render")
        assert shown["id"] == block["id"]
        await reloaded(client, stage)


async def test_a_refused_block_that_nobody_writes_anew_becomes_words(stage: Stage) -> None:
    stage.vendor.script([ToolCall("show_table", sent=pieces(WRONG))])
    stage.vendor.script([Text("I leave it."), ToolCall("show_notice", sent=pieces({"text": "No table, sorry."}, 9))])
    stage.vendor.script([Text("There.")])
    async with stage.client(await assistant(stage)) as client:
        await client.ask("send", text="Sales?")
        end = await client.until("turn.end")
        assert kinds_of(end) == ["tool", "block", "text", "tool", "block", "text"]
        first, second = blocks_of(end)
        assert (first["kind"], second["kind"]) == ("text", "notice")
        assert [part["status"] for part in end["message"]["parts"] if part["type"] == "tool"] == ["stopped", "ok"]
        await reloaded(client, stage)


@pytest.mark.parametrize(
    ("tool", "data", "left"),
    [("show_table", TABLE, "table"), ("ask_form", FORM, "text"), ("show_layout", None, "layout")],
)
async def test_a_stop_in_the_middle_leaves_what_is_sound_or_words(
    stage: Stage, tool: str, data: Any, left: str
) -> None:
    if data is None:
        data = {"direction": "column", "items": [{"kind": "notice", "data": {"text": "So far."}}] * 3}
    stage.vendor.script([Text("Here: "), ToolCall(tool, sent=pieces(data, 20, hold_at=0.8))])
    slug = await assistant(stage)
    tab = await Witness.of(stage, slug)
    await tab.request(send("Go"))
    start = await tab.until(TurnStart)
    await tab.until(BlockRender)
    await tab.until(BlockPatch)
    await tab.agrees()
    await tab.request(Stop(ref=uuid4().hex, turn=start.turn))
    end = await tab.until(TurnEnd)
    assert end.status == "stopped"
    block = block_in(end)
    assert (block.kind, bool(block.growing), block.state) == (left, False, None)
    if left in BLOCKS:
        assert make_block(left, block.data, block.id).data == block.data
    assert block.fallback
    await tab.agrees()
    stage.vendor.reset()
    stage.vendor.script([Text("Go on.")])
    await tab.request(send("And now?"))
    assert (await tab.until(TurnEnd)).status == "done"
    await tab.close()


@pytest.mark.parametrize("fault", [StreamError(), Finish("length")])
async def test_a_failure_in_the_middle_leaves_a_sound_block(stage: Stage, fault: Any) -> None:
    half = json.dumps(TABLE)[:900]
    stage.vendor.script([ToolCall("show_table", sent=pieces(half)), fault])
    stage.vendor.script([Text("So be it.")])
    async with stage.client(await assistant(stage)) as client:
        await client.ask("send", text="Sales?")
        end = await client.until("turn.end")
        (block,) = blocks_of(end)
        assert "growing" not in block
        assert block["kind"] in ("table", "text")
        assert "Region 3" in block["fallback"]
        assert all(part["status"] != "running" for part in end["message"]["parts"] if part["type"] == "tool")
        await reloaded(client, stage)


async def test_two_tabs_one_of_them_cut_see_the_same(stage: Stage) -> None:
    layout = plain(BLOCKS["layout"].example)
    stage.vendor.script([ToolCall("show_layout", sent=pieces(layout, 40))])
    stage.vendor.script([Text("There.")])
    slug = await assistant(stage)
    one = await Witness.of(stage, slug)
    await one.request(send("Go"))
    await one.until(BlockRender)
    two = Witness(stage.url, stage.key, session=one.session)
    two.seen = set()
    for _ in range(4):
        await two.attach()
        await two.until(BlockPatch)
        two.cut()
        await one.agrees()
    await two.attach()
    ends = [await tab.until(TurnEnd) for tab in (one, two)]
    assert ends[0] == ends[1]
    assert block_in(ends[0]).data == layout
    assert one.state == two.state
    await one.agrees()
    await one.close()
    await two.close()


def block_in(end: TurnEnd) -> Block:
    return next(part.block for part in end.message.parts if isinstance(part, BlockPart))
