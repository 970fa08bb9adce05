"""The schema: built from nothing, equal to what the code says, every tenant's table locked."""

import asyncio

import asyncpg
import opsloom_migrations
from conftest import PostgresUrl
from opsloom_server.store.engine import make_engine
from opsloom_server.store.startup import migrate
from opsloom_server.store.tables import metadata


async def test_the_migrations_say_what_the_tables_say(migrated_url: PostgresUrl) -> None:
    engine = make_engine(migrated_url)
    async with engine.connect() as connection:
        assert await opsloom_migrations.check(connection, metadata) == []
        assert await opsloom_migrations.current(connection) == opsloom_migrations.head()
    await engine.dispose()


async def test_several_servers_may_start_at_once(postgres_url: PostgresUrl) -> None:
    worked = await asyncio.gather(*(migrate(postgres_url) for _ in range(4)))
    assert sorted(worked) == [False, False, False, True]
    assert await migrate(postgres_url) is False


async def test_every_table_of_a_tenant_has_forced_row_level_security(migrated_url: PostgresUrl) -> None:
    connection = await asyncpg.connect(migrated_url.dsn)
    try:
        rows = await connection.fetch(
            """
            SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
                   (SELECT count(*) FROM pg_policies p WHERE p.tablename = c.relname) AS policies
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
            WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
            """
        )
        assert {row["relname"] for row in rows} == {t.name for t in metadata.tables.values() if "workspace_id" in t.c}
        assert len(rows) > 20
        open_ones = [row["relname"] for row in rows if not (row["relrowsecurity"] and row["relforcerowsecurity"])]
        assert open_ones == []
        assert {row["policies"] for row in rows} == {1}
    finally:
        await connection.close()


async def test_every_foreign_key_has_an_index(migrated_url: PostgresUrl) -> None:
    """Deleting a parent row scans each child table that has none."""
    connection = await asyncpg.connect(migrated_url.dsn)
    try:
        rows = await connection.fetch(
            """
            SELECT conrelid::regclass::text AS child, conname FROM pg_constraint k
            WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND NOT EXISTS (
                SELECT 1 FROM pg_index i WHERE i.indrelid = k.conrelid
                AND (i.indkey[0] = ANY (k.conkey) OR i.indkey[1] = ANY (k.conkey))
            )
            """
        )
        assert [row["conname"] for row in rows if not row["conname"].endswith("_workspace_id")] == []
    finally:
        await connection.close()
