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

EXTENSIONS: Final = Path(__file__).parent / "extensions"
DESK: Final = AssistantSpec(
    slug="desk",
    name="Desk",
    model="openai-chat:scripted",
    tools=("copy_files",),
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
