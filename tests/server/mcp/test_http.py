"""MCP servers elsewhere, over streamable HTTP: on loopback, which is let in here by name."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from conftest import free_port
from opsloom_server.fetching import FetchRefused
from opsloom_server.fetching.guarded import Guarded
from server.asking.conftest import tools_of
from server.mcp.conftest import HERE, TOKEN, House
from vendors import ToolCall

pytestmark = pytest.mark.asyncio(loop_scope="module")


class There:
    """The tests' own server as a web server."""

    def __init__(self, journal: Path) -> None:
        self.port = free_port()
        self.journal = journal
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable,
            str(HERE / "odd_server.py"),
            "--http",
            str(self.port),
            "--journal",
            str(self.journal),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    async def ready(self) -> None:
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    await writer.wait_closed()
                    return


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[There]:
    made = There(tmp_path_factory.mktemp("there") / "journal")
    made.start()
    yield made
    made.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def far(house: House, there: There) -> House:
    """A house to which it is attached."""
    await there.ready()
    house.journal = there.journal
    await house.ok("POST", "/mcp-servers", 201, name="far", url=there.url, headers={"Authorization": f"Bearer {TOKEN}"})
    await house.assistant("far", "far/*", blocks=("app",))
    return house


async def test_its_tools_resources_and_apps_are_used(far: House) -> None:
    async with far.stage.client("far") as client:
        calls = [
            ToolCall("far_add", {"a": 2, "b": 3}),
            ToolCall("far_count", {"to": 3}),
            ToolCall("far_seats", {"row": 1}),
            ToolCall("far_read_resource", {"uri": "odd://rules"}),
        ]
        message = await far.chat(client, *calls)
        assert [one["status"] for one in tools_of(message)] == ["ok"] * 4
        assert [part["block"]["kind"] for part in message["parts"] if part["type"] == "block"] == ["app"]
        assert any(frame["note"] == "At 3" for frame in client.frames if frame["type"] == "tool.progress")
        assert "No running." in far.told()


async def test_stop_reaches_it(far: House) -> None:
    async with far.stage.client("far") as client:
        await far.begin(client, ToolCall("far_count", {"to": 600}))
        turn = (await client.until("turn.start"))["turn"]
        await client.until("tool.progress")
        await client.ask("stop", turn=turn)
        assert [one["status"] for one in tools_of((await client.until("turn.end"))["message"])] == ["stopped"]
        async with asyncio.timeout(10):
            while "count called off" not in far.noted():
                await asyncio.sleep(0.02)


async def test_it_brings_another_tool(far: House) -> None:
    async with far.stage.client("far") as client:
        await far.chat(client, ToolCall("far_grow"))
        async with asyncio.timeout(10):
            while "grown" not in str((await far.ok("GET", "/mcp-servers/far"))["offers"]):
                await asyncio.sleep(0.05)


async def test_it_goes_and_comes_back(far: House, there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsloom_server.mcp.connections.LONGEST_PAUSE", 0.2)
    async with far.stage.client("far") as client:

        async def call() -> Any:
            (tool,) = tools_of(await far.chat(client, ToolCall("far_add", {"a": 1, "b": 1})))
            return tool["status"], tool["summary"]

        assert (await call())[0] == "ok"
        there.stop()
        status, words = await call()
        assert status == "error"
        assert words.startswith("The MCP server “far”")
        there.start()
        await there.ready()
        async with asyncio.timeout(20):
            while (await call())[0] != "ok":  # a pause after the failures
                await asyncio.sleep(0.1)


async def test_an_address_that_speaks_no_mcp_is_refused_in_words(house: House) -> None:
    async def refused(url: str, **headers: str) -> str:
        answer = await house.owner.post("/mcp-servers", json={"name": "bad", "url": url, "headers": headers})
        assert answer.status_code in (422, 503), answer.text
        return str(answer.json()["text"])

    base = house.stage.base
    assert "answered 404: nothing speaks MCP" in await refused(f"{base}/api/v1/nothing")
    assert "answered 401: it wants a token" in await refused(f"{base}/api/v1/assistants")
    assert "Nothing answers at 127.0.0.1" in await refused(f"http://127.0.0.1:{free_port()}/mcp")
    assert "leads into a private network" in await refused("http://10.0.0.1/mcp")
    assert "leads into a private network" in await refused("http://169.254.169.254/latest")
    assert "begin with http" in await refused("file:///etc/passwd")
    assert "cannot be sent as it is" in await refused("https://example.org", Authorization="a\r\nb: c")
    assert "set by the connection itself" in await refused("https://example.org", Host="other")


async def test_a_name_is_looked_up_and_each_of_its_addresses_judged() -> None:
    import httpx2

    asked: list[str] = []

    async def resolve(host: str, port: int) -> Any:
        asked.append(host)
        return [ip_address("93.184.215.14"), ip_address("127.0.0.1")]

    async with httpx2.AsyncClient(transport=Guarded((), limit=100, resolve=resolve), trust_env=False) as client:
        with pytest.raises(FetchRefused) as caught:
            await client.post("https://mixed.example/mcp")
    assert (caught.value.code, asked) == ("private", ["mixed.example"])
