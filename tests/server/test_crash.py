"""The server is killed in mid-answer: what was shown is kept, and people are told."""

import asyncio
import json
import signal
from pathlib import Path

import httpx2
import pytest
from conftest import PostgresUrl, free_port
from opsloom_protocol.messages import BlockPart, ToolPart
from stage import RawClient
from stage.process import ServerProcess, server_process
from vendors import ScriptedVendor, Text, ToolCall

LEASE = 3.0
"""Instead of ten: nobody need wait that long to see a turn taken over."""

LONG = Text(tokens=[f"w{n} " for n in range(400)], delay=0.02)


async def prepared(server: ServerProcess) -> str:
    """An owner's key, and the assistant `scripted`."""
    key = await server.command("key", "create", "test", "--role", "owner")
    made: dict[str, object] = {"slug": "scripted", "name": "Scripted", "model": "openai-chat:scripted", "public": True}
    made["blocks"] = ["table", "form"]
    async with httpx2.AsyncClient(base_url=server.base, headers={"authorization": f"Bearer {key}"}) as http:
        assert (await http.post("/api/v1/assistants", json=made)).status_code == 201
    return key


@pytest.mark.slow
async def test_killed_in_mid_answer(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    async with ScriptedVendor() as vendor:
        vendor.script([LONG])
        environment = {
            "DATABASE_URL": seeded_url.dsn,
            "OPENAI_API_KEY": "sk-test-not-a-key",
            "OPENAI_BASE_URL": vendor.openai_base_url,
            "OPSLOOM_LEASE_SECONDS": f"{LEASE:g}",
        }
        async with server_process(environment, free_port(), tmp_path) as server:
            key = await prepared(server)
            client = RawClient(server.url, key=key, assistant="scripted")
            async with client:
                await client.ask("send", text="go on for long")
                for _ in range(40):
                    await client.until("text.delta")
                await server.end(signal.SIGKILL)
            killed = asyncio.get_running_loop().time()
            await server.start()
            back = asyncio.get_running_loop().time() - killed
            again = RawClient(server.url, key=key, session=client.session)
            async with again:
                snapshot = await again.until("snapshot")
                if "turn" in snapshot:  # its lease has not run out yet: what is stored is shown as it stands
                    assert snapshot["turn"]["message"]["parts"][0]["text"].startswith("w0 w1 w2 ")
                    await again.until("turn.end", seconds=20)
                # The lease runs out while the server starts, or after; it is looked at every 0.3 of it.
                assert asyncio.get_running_loop().time() - killed < max(LEASE, back) + 0.3 * LEASE + 2
                assert again.state is not None
                answer = again.state.messages[-1]
                assert answer.status == "interrupted"
                # At most 250 ms of deltas (12 tokens) and one write on its way were not stored.
                assert client.text.startswith(again.text) or again.text.startswith(client.text)
                assert len(again.text.split()) >= len(client.text.split()) - 25
                # The session goes on.
                vendor.reset()
                vendor.script([Text("and on")])
                await again.ask("retry", message=answer.id)
                end = await again.until("turn.end")
                assert end["message"]["siblings"] == [answer.id]


@pytest.mark.slow
async def test_killed_while_blocks_are_being_written(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    """A table that is sound as far as it came stays one; a form that nobody may fill in any more is words."""
    rows = [{"n": n} for n in range(100)]
    table = json.dumps({"columns": [{"key": "n", "label": "Number"}], "rows": rows})
    form = json.dumps(
        {"title": "Who are you?", "fields": [{"name": f"f{n}", "label": f"Field {n}"} for n in range(30)]}
    )
    cut = [piece for at in range(0, len(form), 30) for piece in (0.03, form[at : at + 30])]
    async with ScriptedVendor() as vendor:
        vendor.script([ToolCall("show_table", raw=table, pieces=20), ToolCall("ask_form", sent=[*cut[:60], 30.0])])
        environment = {
            "DATABASE_URL": seeded_url.dsn,
            "OPENAI_API_KEY": "sk-test-not-a-key",
            "OPENAI_BASE_URL": vendor.openai_base_url,
            "OPSLOOM_LEASE_SECONDS": f"{LEASE:g}",
        }
        async with server_process(environment, free_port(), tmp_path) as server:
            key = await prepared(server)
            async with RawClient(server.url, key=key, assistant="scripted") as client:
                await client.ask("send", text="Show, then ask")
                while (await client.until("block.render"))["block"]["kind"] != "form":
                    pass
                for _ in range(10):
                    await client.until("block.patch")
                await asyncio.sleep(0.5)  # what people see now is stored
                await server.end(signal.SIGKILL)
            await server.start()
            async with RawClient(server.url, key=key, session=client.session) as again:
                snapshot = await again.until("snapshot")
                if "turn" in snapshot:
                    await again.until("turn.end", seconds=20)
                assert again.state is not None
                answer = again.state.messages[-1]
                assert answer.status == "interrupted"
                first, second = (part.block for part in answer.parts if isinstance(part, BlockPart))
                assert (first.kind, first.state, first.data["rows"]) == ("table", None, rows)
                assert (second.kind, second.state) == ("text", None)
                assert second.fallback.startswith("Who are you?")
                assert "Field 3" in second.fallback
                assert not any(block.growing for block in (first, second))
                assert {part.status for part in answer.parts if isinstance(part, ToolPart)} == {"stopped"}


@pytest.mark.slow
async def test_told_to_stop_in_mid_answer(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    async with ScriptedVendor() as vendor:
        vendor.script([Text(tokens=[f"w{n} " for n in range(60)], delay=0.02)])
        environment = {
            "DATABASE_URL": seeded_url.dsn,
            "OPENAI_API_KEY": "sk-test-not-a-key",
            "OPENAI_BASE_URL": vendor.openai_base_url,
        }
        async with server_process(environment, free_port(), tmp_path) as server:
            key = await prepared(server)
            async with RawClient(server.url, key=key, assistant="scripted") as client:
                await client.ask("send", text="go")
                await client.until("text.delta")
                ended = asyncio.create_task(server.end())
                going = await client.until("going_away")
                assert 0 <= going["retry_ms"] <= 3000
                end = await client.until("turn.end")
                assert end["status"] == "done"
                await client.socket.wait_closed()
                assert client.socket.close_code == 1012
                assert await ended == 0
