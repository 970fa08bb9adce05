"""Tools that act ask first: shown whole, run once as shown, or not at all."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from opsloom_server.auth import keys
from opsloom_server.store import assistants
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from server.asking.conftest import DESK, answer, asked, blocks_of, cancel, lines, same_after_a_reload, tools_of
from stage import RawClient, Stage
from vendors import Text, ToolCall


async def test_what_will_run_is_shown_whole_and_runs_once_when_it_is_allowed(desk: Stage, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    async with desk.client("desk") as client:
        call = cancel(ledger, notify=["ada@example.com", "x" * 3_000])
        (block,) = await asked(desk, client, call)
        assert block["kind"] == "confirm"
        assert block["data"] == {
            "title": "Cancel the order",
            "tool": "cancel_order",
            "arguments": {**call.args, "seconds": 0.0},
            "consequence": "Order 7 is gone, and the money goes back.",
            "danger": False,
            "always": True,
        }
        assert "until" in block["state"]
        assert lines(ledger) == []
        await same_after_a_reload(desk, client)
        async with desk.client(None, session=client.session) as tab:
            await tab.until("snapshot")
            update = await answer(tab, block, "allow")
            end = await client.until("turn.end")
            await tab.until("turn.end")
            assert tab.state == client.state
        assert update["block"]["state"]["by"] == tab.frames[0]["user"]["id"]
        (tool,) = tools_of(end["message"])
        assert (tool["status"], tool["summary"], tool["approval"]) == ("ok", "Order 7 is cancelled", block["id"])
        assert (end["status"], lines(ledger)) == ("done", ["cancel_order 7"])
        assert "cancelled" in str(desk.vendor.requests[-1].body["messages"][-1])
        again = await answer(client, block, "allow")
        assert (again["code"], lines(ledger)) == ("conflict", ["cancel_order 7"])
        await same_after_a_reload(desk, client)


async def test_what_is_denied_does_not_run_and_the_model_is_told_why(desk: Stage, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    async with desk.client("desk") as client:
        (block,) = await asked(desk, client, cancel(ledger))
        await answer(client, block, "deny", reason="It is a present.")
        end = await client.until("turn.end")
        (tool,) = tools_of(end["message"])
        assert (tool["status"], tool["summary"]) == ("denied", "Denied: It is a present.")
        assert (tool["title"], tool["approval"]) == ("Cancel the order", block["id"])
        told = str(desk.vendor.requests[-1].body["messages"][-1])
        assert "It is a present." in told
        assert "It was not run." in told
        assert lines(ledger) == []
        await same_after_a_reload(desk, client)


async def test_several_at_once_are_each_asked_for_and_the_answer_goes_on_when_all_are_settled(
    desk: Stage, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    async with desk.client("desk") as client:
        calls = [cancel(ledger, 1), ToolCall("read_inbox", {}), cancel(ledger, 2), cancel(ledger, 3)]
        first, second, third = await asked(desk, client, *calls)
        await answer(client, first, "allow")
        await answer(client, third, "allow")
        assert lines(ledger) == []
        await answer(client, second, "deny")
        end = await client.until("turn.end")
        assert sorted(lines(ledger)) == ["cancel_order 1", "cancel_order 3"]
        statuses = {tool["approval"]: tool["status"] for tool in tools_of(end["message"]) if "approval" in tool}
        assert statuses == {first["id"]: "ok", second["id"]: "denied", third["id"]: "ok"}
        roles = [message["role"] for message in desk.vendor.requests[-1].body["messages"]]
        assert roles[-5:] == ["assistant", "tool", "tool", "tool", "tool"]
        await same_after_a_reload(desk, client)


FORGED = {
    "another action": ({"action": "run", "values": {}}, "invalid"),
    "other arguments": ({"action": "allow", "values": {"arguments": {"order": 8}}}, "invalid"),
    "always, where it is not offered": ({"action": "allow", "values": {"scope": "always"}}, "invalid"),
    "no values of the kind": ({"action": "allow", "values": [1]}, "invalid"),
    "another block": ({"block": "blk_forged", "action": "allow"}, "not_found"),
}


@pytest.mark.parametrize(("forged", "code"), FORGED.values(), ids=FORGED)
async def test_a_forged_answer_runs_nothing(desk: Stage, tmp_path: Path, forged: dict[str, Any], code: str) -> None:
    ledger = tmp_path / "ledger"
    async with desk.client("desk") as client:
        (block,) = await asked(desk, client, cancel(ledger, tool="delete_all"))
        assert (block["data"]["danger"], block["data"]["always"]) == (True, False)
        refused = await client.reply(await client.ask("act", **{"block": block["id"], **forged}))
        assert (refused["type"], refused["code"]) == ("error", code)
        assert lines(ledger) == []
        await same_after_a_reload(desk, client)


# What is done to the stored approval between question and answer, in SQL.
TAMPERED = {
    "the history says something else": "UPDATE messages SET history = convert_to(replace(replace("
    "convert_from(history, 'UTF8'), '\\\"order\\\": 7', '\\\"order\\\": 8'), '\"order\":7', '\"order\":8'), 'UTF8')"
    " WHERE history IS NOT NULL",
    "it was for other arguments": "UPDATE approvals SET binding = sha256('other')",
    "it was for another tool": "UPDATE approvals SET tool = 'send_mail'",
    "it was used before": "UPDATE approvals SET spent_at = now()",
}


@pytest.mark.parametrize("tampering", TAMPERED.values(), ids=TAMPERED)
async def test_an_approval_is_for_what_was_shown_and_good_once(desk: Stage, tmp_path: Path, tampering: str) -> None:
    ledger = tmp_path / "ledger"
    async with desk.client("desk") as client:
        (block,) = await asked(desk, client, cancel(ledger))
        async with desk.parts.database.transact(DEFAULT_WORKSPACE) as connection:
            changed = await connection.exec_driver_sql(tampering)
            assert changed.rowcount >= 1
        await answer(client, block, "allow")
        end = await client.until("turn.end")
        (tool,) = tools_of(end["message"])
        assert (tool["status"], end["status"], lines(ledger)) == ("denied", "done", [])
        assert "It was not run" in str(desk.vendor.requests[-1].body["messages"][-1])


async def test_somebody_else_can_look_but_not_allow(desk: Stage, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    _, admin = await keys.create(desk.parts.database, DEFAULT_WORKSPACE, "operator", "owner")
    _, member = await keys.create(desk.parts.database, DEFAULT_WORKSPACE, "stranger", "member")
    async with desk.client("desk") as client:
        (block,) = await asked(desk, client, cancel(ledger))
        async with RawClient(desk.url, key=admin.text, session=client.session) as operator:
            await operator.until("snapshot")
            for action in ("allow", "deny"):
                assert (await answer(operator, block, action))["code"] == "forbidden"
        async with RawClient(desk.url, key=member.text, assistant="desk") as stranger:
            await stranger.until("welcome")
            assert (await answer(stranger, block, "allow"))["code"] == "not_found"
        assert lines(ledger) == []
        await same_after_a_reload(desk, client)


async def test_a_tool_that_its_assistant_lost_meanwhile_does_not_run(desk: Stage, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    async with desk.client("desk") as client:
        (block,) = await asked(desk, client, cancel(ledger))
        async with desk.parts.database.transact(DEFAULT_WORKSPACE) as connection:
            found = await assistants.assistant_by_slug(connection, "desk")
            assert found is not None
            less = assistants.AssistantSpec(
                slug="desk", name="Desk", model=DESK.model, tools=("send_mail",), public=True
            )
            await assistants.save(connection, DEFAULT_WORKSPACE, found, less)
        await answer(client, block, "allow")
        end = await client.until("turn.end")
        (tool,) = tools_of(end["message"])
        assert (tool["status"], lines(ledger)) == ("denied", [])
        assert "may no longer use it" in tool["summary"]


async def test_a_new_message_instead_withdraws_it_and_the_model_is_told(desk: Stage, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    async with desk.client("desk") as client:
        (block,) = await asked(desk, client, cancel(ledger))
        await client.ask("send", text="Never mind")
        await client.until("turn.end")
        refused = await answer(client, block, "allow")
        assert (refused["code"], lines(ledger)) == ("conflict", [])
        told = desk.vendor.requests[-1].body["messages"]
        assert [message["role"] for message in told][-3:] == ["assistant", "tool", "user"]
        assert "went on without answering" in str(told[-2])
        await same_after_a_reload(desk, client)


async def test_arguments_that_nobody_could_read_are_not_asked_about(desk: Stage, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    desk.vendor.script([cancel(ledger, notify=["x" * 20_000])], request=0)
    desk.vendor.script([Text("I could not.")], request=1)
    async with desk.client("desk") as client:
        await client.ask("send", text="Cancel it")
        end = await client.until("turn.end")
        assert (end["status"], blocks_of(end["message"]), lines(ledger)) == ("done", [], [])
        assert "nobody can be asked" in str(desk.vendor.requests[-1].body["messages"][-1])


@pytest.mark.parametrize("rounds", [30])
async def test_of_two_tabs_that_answer_at_once_one_wins(desk: Stage, tmp_path: Path, rounds: int) -> None:
    ledger = tmp_path / "ledger"
    won = []
    async with desk.client("desk") as client, desk.client("desk") as _:
        for number in range(rounds):
            (block,) = await asked(desk, client, cancel(ledger, number))
            async with desk.client(None, session=client.session) as tab:
                await tab.until("snapshot")
                replies = await asyncio.gather(answer(client, block, "allow"), answer(tab, block, "deny"))
                assert sorted(reply["type"] for reply in replies) == ["block.update", "error"]
                allowed = replies[0]["type"] == "block.update"
                assert replies[1 if allowed else 0]["code"] in ("conflict", "busy")
                won.append(allowed)
                if client.state is None or client.state.turn is not None or client.frames[-1]["type"] != "turn.end":
                    await client.until("turn.end")
            assert lines(ledger) == [f"cancel_order {at}" for at, ran in enumerate(won) if ran]
        async with desk.client(None, session=client.session) as again:
            await again.until("snapshot")
            assert again.state is not None
            assert client.state is not None
            assert again.state.messages == client.state.messages[-len(again.state.messages) :]
