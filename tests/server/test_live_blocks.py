"""Blocks in a conversation: shown, changed in place, acted on, withdrawn, and the same after a reload."""

from typing import Any

from stage import RawClient, Stage
from vendors import Text, ToolCall

OPTIONS = [{"id": "red", "label": "Red"}, {"id": "blue", "label": "Blue"}]
ASK = ToolCall("ask_choices", {"prompt": "Which colour?", "options": OPTIONS})
CHART = ToolCall(
    "show_chart",
    {"title": "Sales", "type": "bar", "labels": ["Mon", "Tue"], "series": [{"name": "Shop", "values": [1, 2]}]},
)


async def reloaded(stage: Stage, client: RawClient) -> None:
    """What a fresh snapshot shows is what the frames made."""
    async with stage.client(session=client.session) as again:
        await again.until("snapshot")
        assert again.state == client.state


def block_of(frame: dict[str, Any]) -> dict[str, Any]:
    block: dict[str, Any] = next(p["block"] for p in frame["message"]["parts"] if p["type"] == "block")
    return block


async def test_a_question_waits_and_the_same_answer_goes_on(stage: Stage) -> None:
    stage.vendor.script([Text("Let me ask. "), ASK])
    stage.vendor.script([Text("Blue it is.")])
    async with stage.client() as client, stage.client() as _:
        await client.ask("send", text="Paint it")
        waiting = await client.until("turn.end")
        assert waiting["status"] == "waiting"
        block = block_of(waiting)
        assert block["state"] == {"status": "open"}
        assert "Red" in block["fallback"]
        await reloaded(stage, client)
        async with stage.client(session=client.session) as tab:
            await tab.until("snapshot")
            ref = await tab.ask("act", block=block["id"], action="choose", values={"choices": ["blue"]})
            update = await tab.reply(ref)
            assert update["type"] == "block.update"
            assert update["block"]["state"]["values"] == {"choices": ["blue"]}
            start = await client.until("turn.start")
            assert start["message"] == waiting["message"]["id"]
            end = await client.until("turn.end")
            assert (await tab.until("turn.end"))["message"] == end["message"]
        assert end["status"] == "done"
        assert [part["type"] for part in end["message"]["parts"]] == ["text", "tool", "block", "text"]
        assert end["message"]["parts"][3]["text"] == "Blue it is."
        told = stage.vendor.requests[-1].body["messages"][-1]
        assert "Blue" in told["content"]
        refused = await client.reply(
            await client.ask("act", block=block["id"], action="choose", values={"choices": ["red"]})
        )
        assert (refused["type"], refused["code"]) == ("error", "conflict")
        await reloaded(stage, client)


async def test_a_wrong_value_is_explained_and_nothing_changes(stage: Stage) -> None:
    stage.vendor.script([ASK])
    async with stage.client() as client:
        await client.ask("send", text="Paint it")
        block = block_of(await client.until("turn.end"))
        refused = await client.reply(
            await client.ask("act", block=block["id"], action="choose", values={"choices": ["green"]})
        )
        assert refused["code"] == "invalid"
        assert refused["issues"][0]["path"].startswith("/choices")
        unknown = await client.reply(await client.ask("act", block="blk_none", action="choose", values={}))
        assert unknown["code"] == "not_found"
        await reloaded(stage, client)


async def test_a_new_message_withdraws_the_question_and_the_model_is_told(stage: Stage) -> None:
    stage.vendor.script([ASK])
    stage.vendor.script([Text("As you like.")])
    async with stage.client() as client:
        await client.ask("send", text="Paint it")
        block = block_of(await client.until("turn.end"))
        await client.ask("send", text="Never mind")
        update = await client.until("block.update")
        assert (update["block"]["id"], update["block"]["state"]["status"]) == (block["id"], "withdrawn")
        await client.until("turn.end")
        assert client.text == "As you like."
        roles = [message["role"] for message in stage.vendor.requests[-1].body["messages"]]
        assert roles == ["system", "user", "assistant", "tool", "user"]
        await reloaded(stage, client)


async def test_a_chart_is_shown_changed_in_place_and_kept(stage: Stage) -> None:
    stage.vendor.script([CHART])
    async with stage.client() as client:
        shown = await _chart(stage, client)
        patch = next(frame for frame in client.frames if frame["type"] == "block.patch")
        assert patch["version"] == 2
        block = block_of(shown)
        assert block["data"]["series"][0]["values"] == [1, 5]
        assert (block["version"], block["state"]) == (2, None)
        assert "5" in block["fallback"]
        await reloaded(stage, client)


async def _chart(stage: Stage, client: RawClient) -> dict[str, Any]:
    """Show the chart, then patch it under the id that it got."""
    ops = [{"op": "set", "path": "/series/0/values/1", "value": 5}]

    def patching(body: dict[str, Any]) -> list[ToolCall]:
        result = body["messages"][-1]["content"]
        block = result.split('"block":"')[1].split('"')[0]
        return [ToolCall("update_block", {"block": block, "ops": ops})]

    stage.vendor.script(patching)
    stage.vendor.script([Text("There you are.")])
    await client.ask("send", text="Show me")
    return await client.until("turn.end")


async def test_two_questions_one_after_the_other_in_one_answer(stage: Stage) -> None:
    fields = [{"name": "who", "label": "Who", "type": "text"}]
    stage.vendor.script([ASK])
    stage.vendor.script([ToolCall("ask_form", {"title": "And you?", "fields": fields})])
    stage.vendor.script([Text("Thank you both.")])
    async with stage.client() as client:
        await client.ask("send", text="Ask me things")
        first = block_of(await client.until("turn.end"))
        await client.ask("act", block=first["id"], action="choose", values={"choices": ["red"]})
        waiting = await client.until("turn.end")
        assert waiting["status"] == "waiting"
        second = [part["block"] for part in waiting["message"]["parts"] if part["type"] == "block"][1]
        await client.ask("act", block=second["id"], action="submit", values={"values": {"who": "Ada"}})
        end = await client.until("turn.end")
        assert end["status"] == "done"
        assert end["message"]["parts"][-1]["text"] == "Thank you both."
        told = stage.vendor.requests[-1].body["messages"]
        assert [message["role"] for message in told][-4:] == ["assistant", "tool", "assistant", "tool"]
        await reloaded(stage, client)
