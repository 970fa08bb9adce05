"""A server on a stage, for every test of the socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from conftest import PostgresUrl
from stage import Stage


@pytest.fixture
async def stage(postgres_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Stage]:
    """A server of this test's own."""
    async with Stage.open(postgres_url, tmp_path) as opened:
        yield opened
