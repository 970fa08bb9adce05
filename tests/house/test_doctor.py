"""`opsloom doctor` on an installation of several servers: Redis, and who else is on the database."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from conftest import PostgresUrl, free_port
from house.commands import opsloom


@pytest_asyncio.fixture
async def shared(postgres_url: PostgresUrl) -> AsyncIterator[asyncpg.Connection]:
    """A migrated database; the connection is for writing down who runs there."""
    assert opsloom("migrate", DATABASE_URL=postgres_url.dsn).returncode == 0
    connection = await asyncpg.connect(postgres_url.dsn)
    yield connection
    await connection.close()


async def runs(connection: asyncpg.Connection, node: str, secret: bytes, seconds: int = 60) -> None:
    statement = "insert into nodes (id, fingerprint, lease_until) values ($1, $2, now() + make_interval(secs => $3))"
    await connection.execute(statement, node, secret, float(seconds))


def doctor(**env: str) -> str:
    return " ".join(opsloom("doctor", **env).stdout.split())


async def test_other_servers_on_the_database_are_seen(postgres_url: PostgresUrl, shared: asyncpg.Connection) -> None:
    assert "no server is running on this database" in doctor(DATABASE_URL=postgres_url.dsn)
    await runs(shared, "nod_gone", b"a", -5)
    await runs(shared, "nod_a", b"a")
    alone = doctor(DATABASE_URL=postgres_url.dsn)
    assert "1 server is running on this database: nod_a" in alone
    assert "OPSLOOM_SECRET is unset here" in alone
    await runs(shared, "nod_b", b"a")
    both = doctor(DATABASE_URL=postgres_url.dsn, OPSLOOM_SECRET="s" * 32)
    assert "✓ nodes 2 servers are running on this database: nod_a, nod_b" in both
    await runs(shared, "nod_c", b"another")
    assert "the same OPSLOOM_SECRET" in doctor(DATABASE_URL=postgres_url.dsn, OPSLOOM_SECRET="s" * 32)


def test_redis_is_reached_or_said_to_be_away(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = str(tmp_path_factory.mktemp("doctor") / "data")
    assert "✓ redis" in doctor(REDIS_URL=redis_url, OPSLOOM_DATA_DIR=folder)
    away = doctor(REDIS_URL=f"redis://me:hunter2hunter2@127.0.0.1:{free_port()}/0", OPSLOOM_DATA_DIR=folder)
    assert "nothing answers as Redis at 127.0.0.1:" in away
    assert "hunter2" not in away
    assert "not an address of Redis" in doctor(REDIS_URL="http://127.0.0.1", OPSLOOM_DATA_DIR=folder)
