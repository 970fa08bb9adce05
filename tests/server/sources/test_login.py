"""What a login may do beyond reading is found when it is attached: refused, or told with what mends it."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from opsloom_server.errors import Invalid
from opsloom_server.sources.postgresql.connecting import read_address
from opsloom_server.sources.postgresql.login import inspect_login
from opsloom_server.sources.postgresql.running import reading
from sqlalchemy.engine import make_url


@pytest.fixture
async def role(shop: Any) -> AsyncIterator[str]:
    """A role that may read the shop, and whatever a test adds."""
    name = f"extra_{shop.reader}"
    connection = await asyncpg.connect(shop.owner)
    await connection.execute(
        f"CREATE ROLE {name} LOGIN; GRANT USAGE ON SCHEMA shop TO {name}; GRANT SELECT ON shop.orders TO {name}"
    )
    yield name
    await connection.execute(f"REASSIGN OWNED BY {name} TO postgres; DROP OWNED BY {name}; DROP ROLE {name}")
    await connection.close()


async def inspected(shop: Any, role: str, *statements: str) -> list[str]:
    connection = await asyncpg.connect(shop.owner)
    for statement in statements:
        await connection.execute(statement.replace("{role}", role))
    await connection.close()
    address = read_address(make_url(shop.url.replace(f"//{shop.reader}@", f"//{role}@")))
    async with reading(address) as connected:
        return await inspect_login(connected, ["shop"])


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER ROLE {role} SUPERUSER",
        "GRANT postgres TO {role}",
        "GRANT postgres TO {role} WITH INHERIT FALSE",
        "GRANT pg_read_server_files TO {role}",
        "GRANT pg_write_server_files TO {role}",
        "GRANT pg_execute_server_program TO {role}",
    ],
)
async def test_what_no_guard_could_hold_is_refused(shop: Any, role: str, statement: str) -> None:
    with pytest.raises(Invalid) as refused:
        await inspected(shop, role, statement)
    text = refused.value.text
    assert "superuser" in text or "server's own files" in text
    assert "CREATE ROLE opsloom_reader LOGIN PASSWORD" in text
    assert "GRANT SELECT ON ALL TABLES IN SCHEMA shop TO opsloom_reader;" in text


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("ALTER ROLE {role} BYPASSRLS", "NOBYPASSRLS"),
        ("ALTER ROLE {role} CREATEROLE", "NOCREATEROLE"),
        ("ALTER ROLE {role} CREATEDB", "NOCREATEDB"),
        ("ALTER ROLE {role} REPLICATION", "NOREPLICATION"),
        ("GRANT pg_write_all_data TO {role}", "REVOKE pg_write_all_data"),
        ("GRANT pg_signal_backend TO {role}", "REVOKE pg_signal_backend"),
        ("GRANT CREATE ON SCHEMA shop TO {role}", "REVOKE CREATE ON SCHEMA shop"),
        ("GRANT UPDATE ON shop.orders TO {role}", "may write to shop.orders"),
        ("GRANT INSERT (id) ON shop.orders TO {role}", "may write to shop.orders"),
        ("GRANT CREATE ON SCHEMA shop TO {role}; ALTER TABLE shop.victims OWNER TO {role}", "owns shop.victims"),
        (
            "DO $$ BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || current_database() || ' TO {role}'; END $$",
            "may create schemas",
        ),
    ],
)
async def test_what_is_less_is_told(shop: Any, role: str, statement: str, words: str) -> None:
    warnings = await inspected(shop, role, statement)
    assert any(words in one for one in warnings), warnings
    assert all(role in one for one in warnings)


async def test_a_right_role_has_no_warnings(shop: Any, role: str) -> None:
    assert await inspected(shop, role) == []
