"""A server to which MCP servers may be attached: programs of this machine, and addresses on loopback."""

import sys
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest_asyncio
from conftest import PostgresUrl
from detector.fixtures import nothing_blocks, watched
from opsloom_server.store import assistants
from opsloom_server.store.assistants import AssistantSpec
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from stage import RawClient, Stage
from vendors import Text, ToolCall

__all__ = ["nothing_blocks", "watched"]

HERE: Final = Path(__file__).parent
LOOPBACK: Final = (ip_network("127.0.0.1/32"),)
TOKEN: Final = "odd-token-4711-0815"


class House:
    """A stage, and what its owner does by REST."""

    def __init__(self, stage: Stage, journal: Path) -> None:
        self.stage = stage
        self.journal = journal
        self.owner = httpx2.AsyncClient(
            base_url=f"{stage.base}/api/v1", headers={"Authorization": f"Bearer {stage.key}"}, timeout=30
        )

    async def ok(self, method: str, path: str, status: int = 200, **body: Any) -> Any:
        answer = await self.owner.request(method, path, json=body or None)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def attach(self, name: str, script: str = "odd_server.py", *args: str, **more: Any) -> Any:
        """Attach one of this folder's scripts."""
        return await self.ok("POST", "/mcp-servers", 201, name=name, **program(script, *args), **more)

    async def attach_odd(self, name: str = "odd", **more: Any) -> Any:
        args = ("--journal", str(self.journal))
        return await self.attach(name, "odd_server.py", *args, env={"ODD_TOKEN": TOKEN}, **more)

    async def assistant(self, slug: str, *tools: str, blocks: tuple[str, ...] = ("confirm",)) -> None:
        spec = AssistantSpec(
            slug=slug, name="Odd", model="openai-chat:scripted", tools=tools, blocks=blocks, public=True
        )
        async with self.stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
            await assistants.create(connection, DEFAULT_WORKSPACE, spec)

    def noted(self) -> list[str]:
        return self.journal.read_text().splitlines() if self.journal.exists() else []

    async def chat(self, client: RawClient, *calls: ToolCall, say: str = "There.") -> dict[str, Any]:
        """The answer in which the model makes these calls at once, then says something."""
        await self.begin(client, *calls, say=say)
        message: dict[str, Any] = (await client.until("turn.end", seconds=20))["message"]
        return message

    async def begin(self, client: RawClient, *calls: ToolCall, say: str = "There.") -> None:
        self.stage.vendor.reset()
        self.stage.vendor.script(list(calls), request=0)
        self.stage.vendor.script([Text(say)])
        await client.ask("send", text="Do it")

    def told(self, at: int = -1) -> str:
        """What the model was told."""
        return str(self.stage.vendor.requests[at].body["messages"])

    def offered(self, at: int = -1) -> list[str]:
        """The tools that the model was offered."""
        return [one["function"]["name"] for one in self.stage.vendor.requests[at].body["tools"]]


def program(script: str, *args: str) -> dict[str, Any]:
    return {"command": sys.executable, "args": [str(HERE / script), *args]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(seeded_module_url: PostgresUrl, tmp_path_factory: Any) -> AsyncIterator[House]:
    """One for all tests of a module."""
    folder = tmp_path_factory.mktemp("house")
    settings = {"mcp_commands": ("*",), "fetch_networks": LOOPBACK}
    async with Stage.open(seeded_module_url, folder, **settings) as stage:
        house = House(stage, folder / "journal")
        async with house.owner:
            yield house
