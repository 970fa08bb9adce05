"""A migrated database for every test of the server: the schema is built once a run, each test gets a copy of it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from conftest import Cluster, PostgresUrl
from opsloom_server.store.engine import Database
from opsloom_server.store.startup import migrate


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
