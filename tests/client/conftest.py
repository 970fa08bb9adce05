"""A real server behind the fault proxy, for the client's own rows of the fault table."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from conftest import Cluster, database_of
from faults.proxy import Proxy
from stage import Stage


@pytest.fixture
def client_database(postgres_cluster: Cluster, seeded: str) -> Iterator[str]:
    with database_of(postgres_cluster, seeded) as url:
        yield url


@pytest.fixture
async def staged(client_database: str, tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage.open(client_database, tmp_path, embedder="none") as stage:
        yield stage


@pytest.fixture
async def proxy(staged: Stage) -> AsyncIterator[Proxy]:
    """Between the client and that server."""
    async with Proxy(int(staged.base.rpartition(":")[2])) as proxy:
        yield proxy
