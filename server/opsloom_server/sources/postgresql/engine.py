"""PostgreSQL as a kind of database."""

from collections.abc import Sequence

from sqlalchemy.engine import URL

from opsloom_server.sources.engine import Bounds, Looked
from opsloom_server.sources.guard import Judged, judge
from opsloom_server.sources.names import Tables
from opsloom_server.sources.postgresql.connecting import EXAMPLE, read_address
from opsloom_server.sources.postgresql.describing import describe
from opsloom_server.sources.postgresql.grammar import POSTGRESQL
from opsloom_server.sources.postgresql.login import inspect_login
from opsloom_server.sources.postgresql.running import reading, run
from opsloom_server.sources.rows import Rows
from opsloom_server.sources.server_address import ServerAddress

__all__ = ["PostgreSQL"]


class PostgreSQL:
    kind = "postgresql"
    title = POSTGRESQL.title
    example = EXAMPLE
    advice = ""

    def read_address(self, url: URL) -> ServerAddress:
        return read_address(url)

    async def look_over(self, address: ServerAddress, schemas: Sequence[str] | None, bounds: Bounds) -> Looked:
        async with reading(address, bounds) as connection:
            found = await describe(connection, schemas)
            used = sorted({table.schema for table in found.tables}) if schemas is None else list(schemas)
            warnings = await inspect_login(connection, used)
        return Looked(self.kind, found, tuple(warnings))

    def judge(self, query: str, tables: Tables) -> Judged:
        return judge(query, tables, POSTGRESQL)

    async def run(self, address: ServerAddress, judged: Judged, bounds: Bounds) -> Rows:
        return await run(address, judged.text, bounds)
