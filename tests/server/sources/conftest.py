"""The shop, made once a run (about 150 ms)."""

from collections.abc import Iterator
from dataclasses import dataclass

import asyncpg
import pytest
from conftest import Cluster
from opsloom_server.sources.description import Description
from opsloom_server.sources.postgresql.connecting import read_address
from opsloom_server.sources.postgresql.describing import describe
from opsloom_server.sources.postgresql.running import reading
from opsloom_server.sources.server_address import ServerAddress
from server.sources.shop import SHOP
from sqlalchemy.engine import make_url


@dataclass
class Shop:
    """`url` names the reader, `owner` is the owner's address for looking behind the scenes."""

    owner: str
    url: str
    reader: str
    described: Description

    @property
    def address(self) -> ServerAddress:
        return read_address(make_url(self.url))

    async def look(self, query: str) -> list[asyncpg.Record]:
        """Ask as the owner of everything."""
        connection = await asyncpg.connect(self.owner)
        try:
            found: list[asyncpg.Record] = await connection.fetch(query)
            return found
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def shop(postgres_cluster: Cluster) -> Iterator[Shop]:
    url = postgres_cluster.create()
    name = postgres_cluster.name(url)
    reader = f"reader_{name.removeprefix('test_')}"
    made = Shop(url.dsn, url.dsn.replace("//postgres@", f"//{reader}@"), reader, Description(()))

    async def build() -> None:
        connection = await asyncpg.connect(url.dsn)
        await connection.execute(SHOP.replace("{reader}", reader))
        await connection.close()
        async with reading(made.address) as connected:
            made.described = await describe(connected, ["shop"])

    postgres_cluster.run(build)
    yield made
    postgres_cluster.drop(url)

    async def forget() -> None:
        connection = await asyncpg.connect(postgres_cluster.url("postgres").dsn)
        await connection.execute(f"DROP ROLE {reader}")
        await connection.close()

    postgres_cluster.run(forget)
