"""One embedder and one database with row-level security for this room; each test has a workspace of its own."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from conftest import Cluster
from opsloom_rag.embedding.minilm import MiniLM
from opsloom_rag.stores import Transact
from opsloom_rag.stores.tables import knowledge_bases, metadata
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from rag.papers import WordEmbedder

POLICY = "workspace_id = current_setting('app.workspace', true)"


@pytest.fixture(scope="package")
def minilm() -> Iterator[MiniLM]:
    """The local model, loaded once (0.3 s) and gone with this room's last test: it takes 250 MB."""
    embedder = MiniLM.load()
    yield embedder
    embedder.close()


@pytest.fixture
def words() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture(scope="session")
def rag_url(postgres_cluster: Cluster) -> Iterator[str]:
    """A database with retrieval's tables, secured as the server's migrations secure them."""
    url = postgres_cluster.create()

    async def prepare() -> None:
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
            await connection.execute(text("CREATE ROLE rag_app NOLOGIN"))
            for table in metadata.tables:
                for secure in (
                    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
                    f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
                    f"CREATE POLICY workspace ON {table} USING ({POLICY}) WITH CHECK ({POLICY})",
                    f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO rag_app",
                ):
                    await connection.execute(text(secure))
        await engine.dispose()

    postgres_cluster.run(prepare)
    yield url
    postgres_cluster.drop(url)


@pytest.fixture
async def engine(rag_url: str) -> AsyncIterator[AsyncEngine]:
    """The owner's view: no row-level security holds for a superuser. The tables are emptied after the test."""
    engine = create_async_engine(rag_url, pool_size=8)
    yield engine
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
    await engine.dispose()


@pytest.fixture
def transact(engine: AsyncEngine) -> Transact:
    """Transactions as the server makes them: another role, one workspace."""

    @asynccontextmanager
    async def transact(workspace: str) -> AsyncIterator[AsyncConnection]:
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL ROLE rag_app"))
            await connection.execute(text("SELECT set_config('app.workspace', :id, true)"), {"id": workspace})
            yield connection

    return transact


@pytest.fixture
def workspace() -> str:
    return f"ws_{uuid.uuid4().hex}"


class Bases:
    """Makes knowledge bases."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def make(self, workspace: str, embedder: str = WordEmbedder.name) -> str:
        base = f"kb_{uuid.uuid4().hex}"
        row = {"id": base, "workspace_id": workspace, "name": base, "embedder": embedder}
        async with self._transact(workspace) as connection:
            await connection.execute(knowledge_bases.insert().values(row))
        return base


@pytest.fixture
def bases(transact: Transact) -> Bases:
    return Bases(transact)


@pytest.fixture
async def base(bases: Bases, workspace: str) -> str:
    """A knowledge base of `workspace` for the embedder of words."""
    return await bases.make(workspace)
