"""Two servers on one database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import PostgresUrl
from opsloom_server.app import create_app
from stage import RawClient, Stage
from stage.server import serving

SECRET = "the same secret on every node of it"


class Pair:
    """Nodes `a` and `b`: one vendor, one owner's key."""

    def __init__(self, a: Stage, b: Stage) -> None:
        self.a = a
        self.b = b

    @property
    def vendor(self) -> Any:
        return self.a.vendor


@asynccontextmanager
async def beside(stage: Stage) -> AsyncIterator[Stage]:
    """Another server with the settings of that one."""
    settings = stage.parts.settings
    async with serving(create_app(settings), settings.limits) as (app, base):
        yield Stage(base, app.state.running, stage.key, stage.vendor)


@pytest.fixture
async def pair(seeded_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Pair]:
    """Two servers of this test's own, without Redis."""
    async with Stage.open(seeded_url, tmp_path, secret=SECRET) as a, beside(a) as b:
        yield Pair(a, b)


def cursor_of(client: RawClient) -> dict[str, Any]:
    """Where that client would go on."""
    assert client.state is not None
    cursor = client.state.cursor
    return {name: value for name in ("rev", "turn", "epoch", "seq") if (value := getattr(cursor, name)) is not None}
