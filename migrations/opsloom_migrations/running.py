"""Alembic, driven from inside an event loop on a connection that we hold."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from opsloom_migrations import tenancy

__all__ = ["VectorMissing", "check", "current", "head", "upgrade"]

# Any number that nobody else locks: "opsloom" in ASCII, cut to 63 bits.
_LOCK = 0x6F70736C6F6F6D


class VectorMissing(Exception):
    """The PostgreSQL server has no pgvector to create."""


def _config(**attributes: Any) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    return config


def head() -> str:
    """Return the newest revision that this package knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError("opsloom_migrations was installed without its versions")
    return revision


async def current(connection: AsyncConnection) -> str | None:
    """Return the database's revision, None for an empty database."""
    return await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())


async def upgrade(engine: AsyncEngine, revision: str = "head") -> bool:
    """Bring the database to ``revision``; True if there was anything to do.

    The connection's user must own the database's objects (or be about to). Raises VectorMissing where pgvector is not
    installed on the server, and the driver's errors otherwise.
    """
    async with engine.connect() as connection:
        if await current(connection) == head():
            return False
        await connection.rollback()
        # A server that starts beside another waits here, at most two minutes, and then finds nothing to do.
        await connection.execute(text("SET lock_timeout = '120s'"))
        await connection.execute(text("SET statement_timeout = 0"))
        await connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        await connection.commit()
        try:
            before = await current(connection)
            if before == head():
                return False
            await _create_vector(connection)
            await connection.run_sync(lambda c: command.upgrade(_config(connection=c), revision))
            await connection.run_sync(tenancy.settle)
            await connection.commit()
            return True
        finally:
            await connection.rollback()
            # Closed, not returned to a pool: the lock goes with the connection, whatever state it is in.
            await connection.invalidate()


async def _create_vector(connection: AsyncConnection) -> None:
    """Create the extension and commit: types that a transaction makes are not known to its own prepared statements."""
    there = text("SELECT 1 FROM pg_extension WHERE extname = 'vector'")
    if (await connection.execute(there)).scalar() is None:
        available = text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")
        if (await connection.execute(available)).scalar() is None:
            raise VectorMissing
        await connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    await connection.commit()


async def check(connection: AsyncConnection, metadata: MetaData) -> list[Any]:
    """Return the operations that would bring the database to ``metadata``: [] when the migrations say the same."""

    def compare(sync: Connection) -> list[Any]:
        context = MigrationContext.configure(sync, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))

    return await connection.run_sync(compare)
