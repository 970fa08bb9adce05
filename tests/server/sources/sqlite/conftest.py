"""The shop in a file, made once a run; a rival's beside it."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from opsloom_server.sources.description import Description
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.rows import Rows
from opsloom_server.sources.sqlite import SQLite
from opsloom_server.sources.sqlite.files import FileAddress
from server.sources.sqlite.shop import SHOP
from sqlalchemy.engine import make_url


@dataclass
class SQLiteShop:
    """`folder` is the only one that files may be in."""

    folder: Path
    described: Description

    @property
    def engine(self) -> SQLite:
        return SQLite([self.folder])

    @property
    def path(self) -> Path:
        return self.folder / "shop.db"

    @property
    def address(self) -> FileAddress:
        return self.engine.read_address(make_url("sqlite:///shop.db"))

    async def ask(self, query: str, **bounds: float) -> Rows:
        judged = self.engine.judge(query, self.described.known())
        return await self.engine.run(self.address, judged, Bounds(**bounds))


def make(path: Path, script: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


@pytest.fixture(scope="session")
def sqlite_shop(tmp_path_factory: pytest.TempPathFactory) -> SQLiteShop:
    shop = SQLiteShop(tmp_path_factory.mktemp("sqlite"), Description(()))
    make(shop.path, SHOP)
    make(shop.folder / "rival.db", "CREATE TABLE secrets (body TEXT); INSERT INTO secrets VALUES ('bananas')")
    with ThreadPoolExecutor(1) as beside:
        looking = beside.submit(lambda: asyncio.run(shop.engine.look_over(shop.address, None, Bounds())))
        shop.described = looking.result(60).description
    return shop
