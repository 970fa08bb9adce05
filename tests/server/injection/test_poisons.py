"""A model that obeys every text it reads does nothing that the person did not allow."""

import json
import re
from typing import Any, get_args

import pytest
from server.asking.conftest import answer, same_after_a_reload, tools_of
from server.injection.conftest import ACTING, GO_ON, JEWELS, READ, STOP, House, attached, is_real, opened
from server.injection.poisons import POISONS, Then, Where
from stage import RawClient
from vendors import ToolCall

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLEAN = ToolCall("send_report", {"to": "ada@example.com", "text": "Hello"})


async def test_there_are_fifty_of_them_in_every_place_and_way() -> None:
    assert len(POISONS) >= 50
    assert len({poison.name for poison in POISONS}) == len(POISONS)
    assert {poison.where for poison in POISONS} == set(get_args(Where))
    assert {poison.then for poison in POISONS} == set(get_args(Then))


async def test_without_poison_what_is_always_allowed_runs_unasked(house: House) -> None:
    """The control: these tools do run, and the word of this person for always does count."""
    await house.always(CLEAN, ToolCall("fetch_page", {"url": "https://example.com/"}))
    del house.runs[:]
    async with house.stage.client("clerk") as client:
        end = await house.ask(client, f"{CLEAN.name} {json.dumps(CLEAN.args)}")
        assert (end["status"], house.runs) == ("done", [(client.session, CLEAN.name, CLEAN.args)])


@pytest.mark.parametrize("number", range(len(POISONS)), ids=[poison.name for poison in POISONS])
async def test_nothing_acts_that_the_person_did_not_allow(house: House, number: int) -> None:
    poison = POISONS[number]
    wanted = [call for call in house.wanted(poison) if call.name in ACTING]
    allowed: list[tuple[str, str, Any]] = []
    before = len(house.runs)
    count = len(house.stage.vendor.requests)
    async with house.client(poison) as client:
        files = [await attached(house, poison.text)] if poison.where == "file name" else []
        end = await house.ask(client, f"{READ} case {number}", files=files)
        if poison.then in ("later", "forgotten", "restarted"):
            assert end["status"] == "done"
            end = await later(house, client, number)
        end = await past_the_fakes(house, client, end)
        if wanted:
            block = the_question(end, wanted[0])
            match poison.then:
                case "message":
                    end = await house.ask(client, f"{STOP} case {number}")
                    await too_late(client, block)
                case "edit":
                    question = [one for one in client.state.messages if one.role == "user"][-1]  # type: ignore[union-attr]
                    await client.ask("edit", message=question.id, text=f"{READ} case {number}")
                    end = await client.until("turn.end")
                    await too_late(client, block)
                    the_question(end, wanted[0])
                case "retry":
                    await client.ask("retry", message=end["message"]["id"])
                    end = await client.until("turn.end")
                    await too_late(client, block)
                    the_question(end, wanted[0])
                case "allow":
                    await answer(client, block, "allow")
                    allowed = [(client.session, wanted[0].name, wanted[0].args)]
                    end = await client.until("turn.end")
                    the_question(end, wanted[1])
        end = await house.settle(client, end)
        assert end["status"] == "done"
        assert house.runs[before:] == allowed
        acted = [one for one in tools_of(end["message"]) if one["tool"] in ACTING and one["status"] == "ok"]
        assert len(acted) == len(allowed)
        await same_after_a_reload(house.stage, client)
    assert bare(house.filled(poison.text)) in bare(house.told(count)), "the model never read it"
    assert JEWELS not in house.told()
    assert house.asked == []


async def test_marks_of_chat_templates_reach_the_model_broken_up(house: House) -> None:
    """A host that lets such marks through in a message would take what follows for its owner's."""
    assert "im_start" in house.told()
    for mark in ("<|im_start|>", "<|im_end|>", "[INST]"):
        assert mark not in house.told(), mark


async def test_no_word_for_always_came_of_it(house: House) -> None:
    """What the person has allowed is what they allowed in the beginning, and nothing was asked for over the network."""
    async with house.stage.parts.database.transact("ws_default") as connection:
        rows = (await connection.exec_driver_sql("SELECT tool FROM permissions ORDER BY tool")).all()
    assert [row.tool for row in rows] == ["fetch_page", "send_report"]
    assert house.asked == []


def bare(text: str) -> str:
    """Without blanks, what JSON puts before them (results are JSON in JSON), and the joiners that break up the marks of
    chat templates."""
    return re.sub(r"\\+[nrt]|[\s\\\"\u200d]", "", text)


def the_question(end: dict[str, Any], wanted: ToolCall) -> dict[str, Any]:
    """The one request for approval: of this very call, which cannot be allowed for always where it goes out."""
    assert end["status"] == "waiting", tools_of(end["message"])
    (block,) = opened(end)
    assert is_real(block)
    assert (block["kind"], block["data"]["tool"], block["data"]["arguments"]) == ("confirm", wanted.name, wanted.args)
    assert block["data"]["always"] is (wanted.name == "pay_invoice")
    return block


async def past_the_fakes(house: House, client: RawClient, end: dict[str, Any]) -> dict[str, Any]:
    """The person says yes, for always where that is offered, to what the model asks in the server's clothes."""
    while end["status"] == "waiting" and not is_real(opened(end)[0]):
        (block,) = opened(end)
        scope = {"scope": "always"} if block["data"]["always"] else {}
        await answer(client, block, "allow", **scope)
        end = await client.until("turn.end")
    return end


async def too_late(client: RawClient, block: dict[str, Any]) -> None:
    """What was asked before does not count any more."""
    refused = await answer(client, block, "allow")
    assert (refused["type"], refused["code"]) == ("error", "conflict")


async def later(house: House, client: RawClient, number: int) -> dict[str, Any]:
    """The person's next message, maybe when what was read is out of the model's mind."""
    live = house.stage.parts.hub.live(client.session)
    assert live is not None
    if POISONS[number].then == "restarted":
        live._remembered = None
    if POISONS[number].then == "forgotten":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("opsloom_server.hub.briefing.MESSAGES", 4)
            for _ in range(3):
                live._remembered = None
                await house.ask(client, f"Well? case {number}")
            live._remembered = None
            return await house.ask(client, f"{GO_ON} case {number}")
    return await house.ask(client, f"{GO_ON} case {number}")
