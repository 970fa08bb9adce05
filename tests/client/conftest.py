"""A real server behind the fault proxy, for the client's own rows of the fault table."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from conftest import Cluster
from faults.proxy import Proxy
from opsloom_server.app import running
from opsloom_server.settings import Settings
from stage import Stage


@pytest.fixture(scope="session")
def client_seed(postgres_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database as the first start leaves it, without an embedder: nobody searches here."""
    url = postgres_cluster.create()
    settings = Settings(database_url=url, data_dir=tmp_path_factory.mktemp("client-seed"), embedder="none")

    async def start() -> None:
        async with running(settings):
            pass

    postgres_cluster.run(start)
    return postgres_cluster.name(url)


@pytest.fixture
def client_database(postgres_cluster: Cluster, client_seed: str) -> Iterator[str]:
    url = postgres_cluster.create(client_seed)
    try:
        yield url
    finally:
        postgres_cluster.drop(url)


@pytest.fixture
async def staged(client_database: str, tmp_path: Path) -> AsyncIterator[Stage]:
    async with Stage.open(client_database, tmp_path, embedder="none") as stage:
        yield stage


@pytest.fixture
async def proxy(staged: Stage) -> AsyncIterator[Proxy]:
    """Between the client and that server."""
    async with Proxy(int(staged.base.rpartition(":")[2])) as proxy:
        yield proxy
