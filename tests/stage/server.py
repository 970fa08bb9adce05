"""The server under test."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from opsloom_server.app import Running, create_app
from opsloom_server.auth import keys
from opsloom_server.settings import Limits, Settings
from opsloom_server.store import assistants
from opsloom_server.store.assistants import AssistantSpec
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from opsloom_server.transport import protocol
from opsloom_server.transport.http import http_protocol
from vendors import ScriptedVendor

from stage.client import RawClient

NO_LIMITS = Limits(messages_per_minute=0, running_turns=0, connections=0, connects_per_second=0)


class Stage:
    """A running server: `url` of its socket, `base` of its pages, an owner's API `key`, the scripted `vendor`."""

    def __init__(self, base: str, parts: Running, key: str, vendor: ScriptedVendor) -> None:
        self.base = base
        self.url = base.replace("http", "ws", 1) + "/ws"
        self.parts = parts
        self.key = key
        self.vendor = vendor

    @classmethod
    @asynccontextmanager
    async def open(cls, database_url: str, data_dir: Any, **settings: Any) -> AsyncIterator["Stage"]:
        """Start a server on that database, with an assistant `scripted` that the vendor's script answers for.

        It has no embedder unless `settings` name one: each would take 0.5 s, and 250 MB until the ended server's
        garbage is collected (3 GB towards the end of a whole run).
        """
        async with ScriptedVendor() as vendor:
            chosen = Settings(
                database_url=database_url,
                data_dir=data_dir,
                openai_api_key="sk-test-not-a-key",
                openai_base_url=vendor.openai_base_url,
                anthropic_api_key="sk-ant-test-not-a-key",
                anthropic_base_url=vendor.anthropic_base_url,
                ollama_base_url=vendor.openai_base_url,
                aws_region="eu-central-1",
                aws_endpoint_url=vendor.bedrock_url,
                demo_words_per_second=0,
                **{"limits": NO_LIMITS, "embedder": "none", "host": "127.0.0.1", "port": 0, **settings},
            )
            async with serving(create_app(chosen), chosen.limits) as (app, base):
                parts: Running = app.state.running
                async with parts.database.transact(DEFAULT_WORKSPACE) as connection:
                    await assistants.create(connection, DEFAULT_WORKSPACE, SCRIPTED)
                _, token = await keys.create(parts.database, DEFAULT_WORKSPACE, "test", "owner")
                yield cls(base, parts, token.text, vendor)

    def client(self, assistant: str | None = "scripted", session: str | None = None, **more: Any) -> RawClient:
        return RawClient(self.url, key=self.key, assistant=assistant, session=session, **more)


SCRIPTED = AssistantSpec(
    slug="scripted",
    name="Scripted",
    instructions="Answer.",
    model="openai-chat:scripted",
    blocks=("choices", "form", "table", "chart", "progress"),
    public=True,
)


@asynccontextmanager
async def serving(app: Any, limits: Limits) -> AsyncIterator[tuple[Any, str]]:
    """The application under uvicorn on a free port of loopback."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=http_protocol(),
        ws=protocol(limits),
        ws_max_size=262_144,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=3,
        log_config=None,
        access_log=False,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    with contextlib.ExitStack() as stack:
        stack.callback(listening.close)
        task = asyncio.create_task(server.serve(sockets=[listening]), name="server under test")
        while not server.started:
            if task.done():
                await task
                raise app.state.failed or RuntimeError("the server did not start")
            await asyncio.sleep(0.01)
        try:
            yield app, f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
