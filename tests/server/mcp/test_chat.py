"""Tools of MCP servers in a chat, over the socket: what the model is told, what people see, what the server hears."""

import sys

import pytest
from server.asking.conftest import tools_of
from server.mcp.conftest import House
from vendors import ToolCall

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_server_from_pypi_is_attached_and_used(house: House) -> None:
    made = await house.ok(
        "POST", "/mcp-servers", 201, name="time", command=sys.executable, args=["-m", "mcp_server_time"]
    )
    assert [one["given_as"] for one in made["offers"]] == ["time/get_current_time", "time/convert_time"]
    assert {one["effect"] for one in made["offers"]} == {"reads"}
    await house.ok(
        "POST", "/assistants", 201, slug="clock", name="Clock", model="openai-chat:scripted", tools=["time/*"]
    )
    call = ToolCall("time_get_current_time", {"timezone": "Europe/Zurich"})
    async with house.stage.client("clock") as client:
        message = await house.chat(client, call)
        assert house.offered(0) == ["time_get_current_time", "time_convert_time"]
        (tool,) = tools_of(message)
        assert (tool["tool"], tool["status"], tool["title"]) == (
            "time_get_current_time",
            "ok",
            "time: get_current_time",
        )
        assert "Europe/Zurich" in house.told()
        assert "day_of_week" in house.told()
