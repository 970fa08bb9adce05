"""A migrated database for every test of the server, and a server on a stage.

The schema is built once a run; each test that asks for a database gets a copy of it.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from conftest import Cluster, PostgresUrl
from opsloom_server.store.engine import Database
from opsloom_server.store.startup import migrate
from stage import Stage


@pytest.fixture
async def stage(postgres_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Stage]:
    """A server of this test's own."""
    async with Stage.open(postgres_url, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def migrated_template(postgres_cluster: Cluster) -> Iterator[str]:
    """The name of a database with the whole schema and nothing in it."""
    url = postgres_cluster.create()

    async def build() -> None:
        await migrate(url)

    postgres_cluster.run(build)
    yield postgres_cluster.name(url)
    postgres_cluster.drop(url)


@pytest.fixture
def migrated_url(postgres_cluster: Cluster, migrated_template: str) -> Iterator[PostgresUrl]:
    """The address of a database with the schema and nothing in it."""
    url = postgres_cluster.create(migrated_template)
    yield url
    postgres_cluster.drop(url)


@pytest_asyncio.fixture
async def database(migrated_url: PostgresUrl) -> AsyncIterator[Database]:
    """The pool on an empty, migrated database."""
    database = await Database.open(migrated_url, pool_size=5, overflow=5)
    yield database
    await database.close()
