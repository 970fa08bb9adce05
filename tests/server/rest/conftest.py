"""The REST application on a real database, with two workspaces; search by words alone, which needs no model."""

import json
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
import pytest_asyncio
from databases import database, migrated_template, migrated_url
from opsloom_protocol.messages import FeedbackMark
from opsloom_rag.knowledge import Knowledge
from opsloom_server.auth import keys
from opsloom_server.fetching import Caller
from opsloom_server.mcp import McpServers
from opsloom_server.rest import Paces, Services, create_rest
from opsloom_server.settings import Limits, Settings
from opsloom_server.sources import Bounds, DataSources
from opsloom_server.store import users
from opsloom_server.store.engine import Database
from opsloom_server.tools import AttachedTools, load_catalogue
from opsloom_server.tools.http import HttpTools
from opsloom_server.tools.secrets import Secrets
from sqlalchemy import text

__all__ = ["database", "migrated_template", "migrated_url", "rest"]

BASE = "http://127.0.0.1:8000/api/v1"
API = create_rest()


@dataclass
class Told:
    """A hub and a worker that write down what they were told."""

    database: Database
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    async def rename(self, workspace: str, session: str, title: str) -> None:
        self.calls.append(("rename", workspace, session, title))
        async with self.database.transact(workspace) as connection:
            await connection.execute(
                text("UPDATE sessions SET title = :title WHERE id = :id"), {"id": session, "title": title}
            )

    async def feedback(self, workspace: str, session: str, message: str, mark: FeedbackMark) -> None:
        self.calls.append(("feedback", workspace, session, message, mark))

    async def deleted(self, workspace: str, session: str) -> None:
        self.calls.append(("deleted", workspace, session))

    def wake(self, workspace: str) -> None:
        self.calls.append(("wake", workspace))


async def talk(
    database: Database, workspace: str, user: str, assistant: str, *texts: str, title: str | None = None
) -> tuple[str, list[str]]:
    """Store a session whose path is these texts, by turns a person's and an answer's; return its id and theirs."""
    async with database.transact(workspace) as connection:
        count = (await connection.execute(text("SELECT count(*) FROM sessions"))).scalar_one()
        session = f"ses_{workspace}_{count}"
        await connection.execute(
            text(
                "INSERT INTO sessions (id, workspace_id, assistant_id, user_id, title, updated_at) "
                "VALUES (:id, :workspace, :assistant, :user, :title, now() + :count * interval '1 second')"
            ),
            {
                "id": session,
                "workspace": workspace,
                "assistant": assistant,
                "user": user,
                "title": title,
                "count": count,
            },
        )
        ids: list[str] = []
        for index, words in enumerate(texts):
            ids.append(f"msg_{session}_{index}")
            await connection.execute(
                text(
                    "INSERT INTO messages (id, workspace_id, session_id, parent, role, status, parts) "
                    "VALUES (:id, :workspace, :session, :parent, :role, 'done', CAST(:parts AS jsonb))"
                ),
                {
                    "id": ids[-1],
                    "workspace": workspace,
                    "session": session,
                    "parent": ids[-2] if index else None,
                    "role": "assistant" if index % 2 else "user",
                    "parts": json.dumps([{"type": "text", "text": words}]),
                },
            )
        if ids:
            await connection.execute(
                text("UPDATE sessions SET leaf = :leaf WHERE id = :id"), {"leaf": ids[-1], "id": session}
            )
        return session, ids


@dataclass
class Rest:
    """Who may be asked as: ``owner`` and ``member`` of the default workspace, ``other`` who owns another one."""

    services: Services
    told: Told
    owner: httpx2.AsyncClient
    member: httpx2.AsyncClient
    other: httpx2.AsyncClient
    nobody: httpx2.AsyncClient

    @property
    def database(self) -> Database:
        return self.services.database

    def client(self, bearer: str | None = None, **headers: str) -> httpx2.AsyncClient:
        return client(self.services, bearer, **headers)

    def client_on(self, services: Services, like: httpx2.AsyncClient) -> httpx2.AsyncClient:
        """The same person, before other services."""
        return client(services, like.headers["Authorization"].removeprefix("Bearer "))

    async def talk(
        self, user: str, assistant: str, *texts: str, workspace: str = "ws_default", title: str | None = None
    ) -> tuple[str, list[str]]:
        return await talk(self.database, workspace, user, assistant, *texts, title=title)

    async def ok(self, response: httpx2.Response, status: int = 200) -> Any:
        assert response.status_code == status, response.text
        return response.json() if response.content else None


def client(services: Services, bearer: str | None = None, **headers: str) -> httpx2.AsyncClient:
    """Make a client on the application, as the outer application mounts it."""

    async def mounted(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await API({**scope, "root_path": "/api", "state": {"services": services}}, receive, send)

    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    transport = httpx2.ASGITransport(mounted, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url=BASE, headers=headers)


@pytest_asyncio.fixture
async def rest(database: Database, tmp_path: Path) -> AsyncIterator[Rest]:
    told = Told(database)
    catalogue = load_catalogue()
    secrets = Secrets(database, b"s" * 32)
    tools = HttpTools(database, Caller([ip_network("127.0.0.1/32")]), secrets, catalogue.tools)
    servers = McpServers(database, b"s" * 32, commands=(), networks=(), files=tmp_path / "files")
    services = Services(
        settings=Settings(),
        database=database,
        secret=b"s" * 32,
        files=tmp_path / "files",
        knowledge=Knowledge(database.transact, None),
        sources=DataSources(database, b"s" * 32, Bounds()),
        catalogue=catalogue,
        attached=AttachedTools(tools, servers),
        http_tools=tools,
        secrets=secrets,
        mcp=servers,
        hub=told,
        worker=told,
        paces=Paces.of(Limits(connects_per_second=0, visitors_per_minute=20)),
    )
    made = []
    for workspace, role in (("ws_default", "owner"), ("ws_default", "member"), ("ws_other", "owner")):
        async with database.transact(workspace) as connection:
            await users.ensure_workspace(connection, workspace, workspace)
        _, key = await keys.create(database, workspace, role, role)  # type: ignore[arg-type]
        made.append(client(services, key.text))
    rest = Rest(services, told, made[0], made[1], made[2], client(services))
    yield rest
    for one in (*made, rest.nobody):
        await one.aclose()
