"""The event loop is not held up: a detector of blocking calls is on while servers are attached, asked and ended."""

import pytest
from blockbuster import blockbuster_ctx
from server.asking.conftest import blocks_of, tools_of
from server.mcp.conftest import House
from vendors import ToolCall

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_nothing_blocks_the_loop(house: House) -> None:
    with blockbuster_ctx("opsloom_server") as detector:
        # asyncpg looks for a file of passwords whenever it connects.
        detector.functions["os.stat"].can_block_in("asyncpg/connect_utils.py", "_read_password_file")
        await house.attach_odd("quick")
        await house.assistant("quick", "quick/*", blocks=("app", "image"))
        async with house.stage.client("quick") as client:
            calls = [
                ToolCall("quick_add", {"a": 1, "b": 2}),
                ToolCall("quick_picture"),
                ToolCall("quick_seats", {"row": 3}),
                ToolCall("quick_read_resource", {"uri": "odd://rules"}),
            ]
            message = await house.chat(client, *calls)
            assert [one["status"] for one in tools_of(message)] == ["ok"] * 4
            assert sorted(block["kind"] for block in blocks_of(message)) == ["app", "image"]
        await house.ok("DELETE", "/mcp-servers/quick", 204)
