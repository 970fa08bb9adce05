"""The shop in a MariaDB, made once a run (4 s with its server)."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from mariadb import MariaDB
from opsloom_server.sources.description import Description
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.mysql import MySQL
from opsloom_server.sources.rows import Rows
from opsloom_server.sources.server_address import ServerAddress
from server.sources.mysql.shop import STATEMENTS
from sqlalchemy.engine import make_url

ENGINE = MySQL("mariadb")
PASSWORD = "päss word"


@dataclass
class MariaShop:
    """`described` is what the reader may read; `look` asks as root."""

    server: MariaDB
    described: Description
    warnings: tuple[str, ...] = ()

    def url(self, user: str = "reader", **options: str) -> str:
        more = "&".join(f"{name}={value}" for name, value in options.items())
        return f"mariadb://{user}:{quote(PASSWORD)}@127.0.0.1:{self.server.port}/shop?{more}".rstrip("?")

    def address(self, user: str = "reader", **options: str) -> ServerAddress:
        return ENGINE.read_address(make_url(self.url(user, **options)))

    async def ask(self, query: str, **bounds: float) -> Rows:
        judged = ENGINE.judge(query, self.described.known())
        return await ENGINE.run(self.address(), judged, Bounds(**bounds))

    def look(self, *statements: str) -> tuple[tuple[Any, ...], ...]:
        return self.server.look(*statements)


@pytest.fixture(scope="session")
def maria(mariadb_server: MariaDB) -> MariaShop:
    # Modules that ask for it elsewhere have a fixture of their own, and the server is one.
    if not mariadb_server.look("SHOW DATABASES LIKE 'shop'"):
        mariadb_server.look(*STATEMENTS)
    shop = MariaShop(mariadb_server, Description(()))
    with ThreadPoolExecutor(1) as beside:
        looked = beside.submit(lambda: asyncio.run(ENGINE.look_over(shop.address(), None, Bounds()))).result(60)
    shop.described, shop.warnings = looked.description, looked.warnings
    return shop
