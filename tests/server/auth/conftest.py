"""A workspace to sign in to."""

import pytest_asyncio
from databases import database, migrated_template, migrated_url
from opsloom_server.store import users
from opsloom_server.store.engine import Database

__all__ = ["database", "migrated_template", "migrated_url", "workspace"]

WORKSPACES = ("ws_default", "ws_other")


@pytest_asyncio.fixture
async def workspace(database: Database) -> str:
    """Make the default workspace and another one; return the default's id."""
    for name in WORKSPACES:
        async with database.transact(name) as connection:
            assert await users.ensure_workspace(connection, name, name)
    return WORKSPACES[0]
