"""Transactions see one workspace, survive a lost connection, and start-up errors help."""

import asyncio
import re

import asyncpg
import pytest
from conftest import Cluster, PostgresUrl, free_port
from opsloom_server.errors import StartupError, Unavailable
from opsloom_server.store.engine import Database
from opsloom_server.store.startup import migrate, open_database
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

ADD = text("INSERT INTO users (id, workspace_id, kind, role, name) VALUES (:id, :workspace, 'person', 'member', 'Ann')")


async def make_workspaces(database: Database, *names: str) -> None:
    for name in names:
        async with database.transact(name) as connection:
            await connection.execute(text("INSERT INTO workspaces (id, name) VALUES (:id, :id)"), {"id": name})
            await connection.execute(ADD, {"id": f"user_{name}", "workspace": name})


async def test_a_transaction_sees_its_own_workspace_only(database: Database) -> None:
    await make_workspaces(database, "ws_a", "ws_b")
    async with database.transact("ws_a") as connection:
        assert (await connection.execute(text("SELECT current_user"))).scalar_one() == "opsloom_app"
        assert (await connection.execute(text("SELECT id FROM users"))).scalars().all() == ["user_ws_a"]
        changed = await connection.execute(text("UPDATE users SET name = 'x' WHERE id = 'user_ws_b'"))
        assert changed.rowcount == 0
    async with database.engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM users"))).scalar_one() == 0
    assert await database.workspaces() == ["ws_a", "ws_b"]


async def test_a_row_for_another_workspace_is_refused(database: Database) -> None:
    await make_workspaces(database, "ws_a", "ws_b")
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with database.transact("ws_a") as connection:
            await connection.execute(ADD, {"id": "user_x", "workspace": "ws_b"})
    with pytest.raises(ProgrammingError, match="must be owner"):
        async with database.transact("ws_a") as connection:
            await connection.execute(text("ALTER TABLE users DISABLE ROW LEVEL SECURITY"))


async def test_an_error_rolls_back_and_gives_the_connection_back(database: Database) -> None:
    await make_workspaces(database, "ws_a")

    async def fail() -> None:
        async with database.transact("ws_a") as connection:
            await connection.execute(ADD, {"id": "user_x", "workspace": "ws_a"})
            raise ZeroDivisionError

    for _ in range(20):
        with pytest.raises(ZeroDivisionError):
            await fail()
    async with database.transact("ws_a") as connection:
        assert (await connection.execute(text("SELECT count(*) FROM users"))).scalar_one() == 1


async def test_cancelled_requests_leave_no_connection_behind(database: Database, migrated_url: PostgresUrl) -> None:
    await make_workspaces(database, "ws_a")

    async def work() -> None:
        async with database.transact("ws_a") as connection:
            await connection.execute(text("SELECT pg_sleep(0.02)"))

    for number in range(100):
        tasks = [asyncio.create_task(work()) for _ in range(3)]
        await asyncio.sleep(0.0005 * (number % 10))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(work() for _ in range(10)))
    connection = await asyncpg.connect(migrated_url.dsn)
    try:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert await connection.fetchval(query) <= 10
    finally:
        await connection.close()


async def test_a_lost_connection_is_replaced_before_the_next_transaction(
    database: Database, migrated_url: PostgresUrl
) -> None:
    await make_workspaces(database, "ws_a")
    killer = await asyncpg.connect(migrated_url.dsn)

    async def cut() -> None:
        await killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await asyncio.sleep(0.1)

    async def interrupted() -> None:
        async with database.transact("ws_a") as connection:
            await cut()
            await connection.execute(text("SELECT 1"))

    try:
        await cut()
        async with database.transact("ws_a") as connection:
            assert (await connection.execute(text("SELECT count(*) FROM users"))).scalar_one() == 1
        with pytest.raises(Unavailable):
            await interrupted()
        async with database.transact("ws_a") as connection:
            assert (await connection.execute(text("SELECT current_user"))).scalar_one() == "opsloom_app"
    finally:
        await killer.close()


async def owner_of(cluster: Cluster, name: str, *, extension: bool) -> PostgresUrl:
    """Make a database that an ordinary user owns, as many hosted PostgreSQL servers give it."""
    url = cluster.create()
    connection = await asyncpg.connect(url.dsn)
    try:
        await connection.execute(f"CREATE ROLE {name} LOGIN")
        if extension:
            await connection.execute(f'ALTER DATABASE "{cluster.name(url)}" OWNER TO {name}')
            await connection.execute("CREATE EXTENSION vector")
    finally:
        await connection.close()
    return PostgresUrl(url.replace("postgres@", f"{name}@"))


async def test_an_owner_who_may_not_make_roles_is_held_by_force(postgres_cluster: Cluster) -> None:
    url = await owner_of(postgres_cluster, "plain_owner", extension=True)
    database = await open_database(url)
    try:
        await make_workspaces(database, "ws_a", "ws_b")
        async with database.transact("ws_a") as connection:
            assert (await connection.execute(text("SELECT current_user"))).scalar_one() == "plain_owner"
            assert (await connection.execute(text("SELECT id FROM users"))).scalars().all() == ["user_ws_a"]
    finally:
        await database.close()
        postgres_cluster.drop(url)


async def test_no_right_to_migrate_says_what_to_run(postgres_cluster: Cluster) -> None:
    url = await owner_of(postgres_cluster, "nobody_here", extension=False)
    with pytest.raises(StartupError, match="may not build") as caught:
        await migrate(url)
    assert "ALTER DATABASE" in caught.value.remedy
    postgres_cluster.drop(url)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://root:hunter2@localhost/x", "only PostgreSQL"),
        ("not an address with hunter2", "not an address"),
        ("postgresql://me:hunter2@127.0.0.1:{port}/x", "Nothing answers as PostgreSQL at postgresql://me@127.0.0.1"),
    ],
)
async def test_a_wrong_address_gets_words_without_its_password(address: str, words: str) -> None:
    with pytest.raises(StartupError, match=words) as caught:
        await open_database(address.format(port=free_port()))
    assert "hunter2" not in str(caught.value)
    assert caught.value.remedy


async def test_an_unknown_user_or_database_is_named(postgres_url: PostgresUrl) -> None:
    with pytest.raises(StartupError, match="There is no database nowhere"):
        await open_database(re.sub("@/test_[0-9a-f]+", "@/nowhere", postgres_url))
    with pytest.raises(StartupError, match="refused the login stranger"):
        await open_database(postgres_url.replace("postgres@", "stranger:hunter2@"))


async def test_a_database_that_is_behind_is_refused_without_the_right_to_migrate(postgres_url: PostgresUrl) -> None:
    with pytest.raises(StartupError, match="at revision nothing") as caught:
        await open_database(postgres_url, migrating=False)
    assert "opsloom migrate" in caught.value.remedy
