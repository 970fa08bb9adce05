"""A server with the extension `extensions/desk.py`, and an assistant that has all of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from conftest import PostgresUrl
from opsloom_server.store import assistants
from opsloom_server.store.assistants import AssistantSpec
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from stage import RawClient, Stage
from vendors import Text, ToolCall

EXTENSIONS: Final = Path(__file__).parent / "extensions"
DESK: Final = AssistantSpec(
    slug="desk",
    name="Desk",
    model="openai-chat:scripted",
    tools=("copy_files", "cancel_order", "send_mail", "delete_all", "read_inbox", "ask_quickly"),
    blocks=("choices", "confirm", "counter", "progress"),
    public=True,
)


@asynccontextmanager
async def desk_on(url: str, folder: Path, **settings: Any) -> AsyncIterator[Stage]:
    """A server with the assistant `desk`."""
    async with Stage.open(url, folder, extensions=EXTENSIONS, **settings) as stage:
        async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
            await assistants.create(connection, DEFAULT_WORKSPACE, DESK)
        yield stage


@pytest.fixture
async def desk(seeded_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Stage]:
    """A server of this test's own."""
    async with desk_on(seeded_url, tmp_path) as stage:
        yield stage


def blocks_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The blocks of a message, as it travels."""
    return [part["block"] for part in message["parts"] if part["type"] == "block"]


def tools_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls of a message, as it travels."""
    return [part for part in message["parts"] if part["type"] == "tool"]


async def same_after_a_reload(stage: Stage, client: RawClient) -> None:
    """What a fresh snapshot shows is what the frames made."""
    async with stage.client(None, session=client.session) as again:
        await again.until("snapshot")
        assert again.state == client.state


def cancel(ledger: Path, order: int = 7, tool: str = "cancel_order", **more: Any) -> ToolCall:
    return ToolCall(tool, {"order": order, "ledger": str(ledger), **more})


async def asked(desk: Stage, client: RawClient, *calls: ToolCall, text: str = "Cancel it") -> list[dict[str, Any]]:
    """The requests for approval that these calls of the model's become; then it says "Settled."."""
    count = len(desk.vendor.requests)
    desk.vendor.script([Text("Let me see. "), *calls], request=count)
    desk.vendor.script([Text("Settled.")], request=count + 1)
    await client.ask("send", text=text)
    end = await client.until("turn.end")
    assert end["status"] == "waiting"
    return [block for block in blocks_of(end["message"]) if block["state"]["status"] == "open"]


async def answer(client: RawClient, block: dict[str, Any], action: str, **values: Any) -> dict[str, Any]:
    """The reply to an answer."""
    return await client.reply(await client.ask("act", block=block["id"], action=action, values=values))


def lines(ledger: Path) -> list[str]:
    return ledger.read_text().splitlines() if ledger.exists() else []
