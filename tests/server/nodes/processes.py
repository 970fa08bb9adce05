"""Two servers on one database, each a process of its own, to be killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from conftest import PostgresUrl, free_port
from msgspec import Struct
from server.nodes.conftest import SECRET
from stage import RawClient
from stage.process import ServerProcess, server_process
from vendors import ScriptedVendor


class Two(Struct, frozen=True):
    """Two server processes, and what a client needs to speak to either."""

    a: ServerProcess
    b: ServerProcess
    vendor: ScriptedVendor
    key: str
    assistant: str

    def client(self, server: ServerProcess, session: str | None = None) -> RawClient:
        return RawClient(server.url, key=self.key, assistant=None if session else self.assistant, session=session)


@asynccontextmanager
async def two_processes(url: PostgresUrl, folder: Path, assistant: dict[str, Any], **more: str) -> AsyncIterator[Two]:
    """Two nodes with a lease of a second and one assistant; `more` goes into their environment."""
    async with AsyncExitStack() as stack:
        vendor = await stack.enter_async_context(ScriptedVendor())
        environment = {
            "DATABASE_URL": url.dsn,
            "OPENAI_API_KEY": "sk-test-not-a-key",
            "OPENAI_BASE_URL": vendor.openai_base_url,
            "OPSLOOM_SECRET": SECRET,
            "OPSLOOM_LEASE_SECONDS": "1",
            "OPSLOOM_LIMIT_CONNECTS_PER_SECOND": "0",
            **more,
        }

        async def start(name: str) -> ServerProcess:
            own = folder / name
            own.mkdir()
            return await stack.enter_async_context(server_process(environment, free_port(), own))

        async with asyncio.TaskGroup() as group:
            started = [group.create_task(start(name)) for name in ("a", "b")]
        servers = [task.result() for task in started]
        key = await servers[0].command("key", "create", "test", "--role", "owner")
        async with httpx2.AsyncClient(base_url=servers[0].base, headers={"authorization": f"Bearer {key}"}) as http:
            assert (await http.post("/api/v1/assistants", json=assistant)).status_code == 201
        yield Two(servers[0], servers[1], vendor, key, assistant["slug"])
