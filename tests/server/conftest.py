"""A server on a stage, for every test of the socket."""

from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import pytest
from conftest import Cluster, PostgresUrl, database_of
from opsloom_server.rest import create_rest
from stage import Stage


@pytest.fixture(scope="session", autouse=True)
def _one_rest() -> Iterator[None]:
    """All servers of this process share the routes of REST, which hold nothing: making them takes 0.1 s."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("opsloom_server.app.create_rest", cache(create_rest))
        yield


@pytest.fixture
def seeded_url(postgres_cluster: Cluster, seeded: str) -> Iterator[PostgresUrl]:
    """A copy of it for this test (about 60 ms)."""
    with database_of(postgres_cluster, seeded) as url:
        yield url


@pytest.fixture(scope="module")
def seeded_module_url(postgres_cluster: Cluster, seeded: str) -> Iterator[PostgresUrl]:
    """A copy of it that the tests of one module share."""
    with database_of(postgres_cluster, seeded) as url:
        yield url


@pytest.fixture
async def stage(seeded_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Stage]:
    """A server of this test's own."""
    async with Stage.open(seeded_url, tmp_path) as opened:
        yield opened
