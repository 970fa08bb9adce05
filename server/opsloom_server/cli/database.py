"""The database that a command works on: `DATABASE_URL`, else the embedded one, beside a running server or without."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opsloom_server.cli.words import say
from opsloom_server.settings import Settings
from opsloom_server.store.embedded import EmbeddedPostgres, data_folder
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from opsloom_server.store.startup import open_database
from opsloom_server.store.users import ensure_workspace

WORKSPACE_NAME = "Opsloom"


@asynccontextmanager
async def address(settings: Settings) -> AsyncIterator[str]:
    """The address of the database, for asyncpg and psql; valid inside only, as the embedded one may be stopped then."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    async with EmbeddedPostgres(data_folder(settings.data_dir), on_progress=say) as postgres:
        yield postgres.dsn


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database, migrated, with its first workspace made. A pool of two: a command does one thing at a time."""
    async with address(settings) as url:
        database = await open_database(url, pool_size=1, overflow=1)
        try:
            async with database.transact(DEFAULT_WORKSPACE) as connection:
                await ensure_workspace(connection, DEFAULT_WORKSPACE, WORKSPACE_NAME)
            yield database
        finally:
            await database.close()
