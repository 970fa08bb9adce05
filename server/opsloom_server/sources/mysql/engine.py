"""MySQL and MariaDB as kinds of databases: one code, two lists of functions. Which of them a server is, it says itself,
whatever its address calls it."""

from collections.abc import Sequence

from sqlalchemy.engine import URL

from opsloom_server.errors import Invalid
from opsloom_server.sources.engine import Bounds, Looked
from opsloom_server.sources.guard import Judged, judge
from opsloom_server.sources.mysql.connecting import EXAMPLE, read_address
from opsloom_server.sources.mysql.describing import OWN, describe
from opsloom_server.sources.mysql.grammar import MARIADB, MYSQL
from opsloom_server.sources.mysql.login import inspect_login
from opsloom_server.sources.mysql.running import reading, run
from opsloom_server.sources.names import Tables
from opsloom_server.sources.rows import Rows
from opsloom_server.sources.server_address import ServerAddress

__all__ = ["MySQL"]

_GRAMMARS = {"mysql": MYSQL, "mariadb": MARIADB}


class MySQL:
    advice = "texts in single quotes, names of columns in `backticks` where they need any"

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.title = _GRAMMARS[kind].title
        self.example = kind + EXAMPLE

    def read_address(self, url: URL) -> ServerAddress:
        return read_address(self.kind, url)

    async def look_over(self, address: ServerAddress, schemas: Sequence[str] | None, bounds: Bounds) -> Looked:
        databases = [address.database] if schemas is None else list(schemas)
        if own := [one for one in databases if one.lower() in OWN]:
            raise Invalid(f"{own[0]} is the server's own database. Name one with data of yours.")
        async with reading(address, bounds) as session:
            found = await describe(session.connection, databases)
            warnings = await inspect_login(session, databases)
            return Looked("mariadb" if session.mariadb else "mysql", found, tuple(warnings))

    def judge(self, query: str, tables: Tables) -> Judged:
        return judge(query, tables, _GRAMMARS[self.kind])

    async def run(self, address: ServerAddress, judged: Judged, bounds: Bounds) -> Rows:
        return await run(address, judged.text, bounds)
