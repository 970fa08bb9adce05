"""A server on a stage, for every test of the socket."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from conftest import Cluster, PostgresUrl
from embedders import local_model
from opsloom_rag.embedding import DEFAULT, EMBEDDERS
from opsloom_server.app import running
from opsloom_server.settings import Settings
from stage import Stage


@pytest.fixture(scope="session", autouse=True)
def _one_embedder() -> Iterator[None]:
    """All servers of this process share one embedder. Each would load its own otherwise, and keep it until the garbage
    of the ended server is collected: 3 GB towards the end of a whole run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EMBEDDERS, DEFAULT, local_model)
        yield


@pytest.fixture(scope="session")
def seeded(postgres_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database as the first start leaves it: tables, the demo, its documentation. Made once a run."""
    url = postgres_cluster.create()
    settings = Settings(database_url=url, data_dir=tmp_path_factory.mktemp("seeded"))

    async def start() -> None:
        async with running(settings):
            pass

    postgres_cluster.run(start)
    return postgres_cluster.name(url)


@pytest.fixture
def seeded_url(postgres_cluster: Cluster, seeded: str) -> Iterator[PostgresUrl]:
    """A copy of it for this test (about 60 ms)."""
    url = postgres_cluster.create(seeded)
    try:
        yield url
    finally:
        postgres_cluster.drop(url)


@pytest.fixture(scope="module")
def seeded_module_url(postgres_cluster: Cluster, seeded: str) -> Iterator[PostgresUrl]:
    """A copy of it that the tests of one module share."""
    url = postgres_cluster.create(seeded)
    try:
        yield url
    finally:
        postgres_cluster.drop(url)


@pytest.fixture
async def stage(seeded_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Stage]:
    """A server of this test's own."""
    async with Stage.open(seeded_url, tmp_path) as opened:
        yield opened
