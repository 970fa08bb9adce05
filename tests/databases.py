"""A database with the whole schema and nothing in it, for tests of one room of the server.

The schema is built once; each test that asks gets a copy of it (about 40 ms).
"""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from conftest import Cluster, PostgresUrl
from opsloom_server.store.engine import Database
from opsloom_server.store.startup import migrate

__all__ = ["database", "migrated_template", "migrated_url"]


@pytest.fixture(scope="session")
def migrated_template(postgres_cluster: Cluster) -> Iterator[str]:
    """The name of a migrated database."""
    url = postgres_cluster.create()

    async def build() -> None:
        await migrate(url)

    postgres_cluster.run(build)
    yield postgres_cluster.name(url)
    postgres_cluster.drop(url)


@pytest.fixture
def migrated_url(postgres_cluster: Cluster, migrated_template: str) -> Iterator[PostgresUrl]:
    """The address of a copy of it."""
    url = postgres_cluster.create(migrated_template)
    yield url
    postgres_cluster.drop(url)


@pytest_asyncio.fixture
async def database(migrated_url: PostgresUrl) -> AsyncIterator[Database]:
    """The pool on a copy of it."""
    database = await Database.open(migrated_url, pool_size=5, overflow=5)
    yield database
    await database.close()
