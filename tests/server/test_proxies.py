"""Behind a proxy that is trusted, the address is the one it forwards: for sockets and REST alike."""

from pathlib import Path

import httpx2
import pytest
from conftest import PostgresUrl, free_port
from stage.process import ServerProcess, server_process
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

LIMITS = {"OPSLOOM_LIMIT_CONNECTS_PER_SECOND": "3", "OPSLOOM_LIMIT_LOGINS_PER_MINUTE": "3"}


async def upgrade(server: ServerProcess, forwarded: str, origin: str | None = None) -> int:
    """The status that an upgrade gets."""
    headers = {"X-Forwarded-For": forwarded} | ({"Origin": origin} if origin else {})
    try:
        async with connect(server.url, additional_headers=headers):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def login(server: ServerProcess, forwarded: str) -> int:
    async with httpx2.AsyncClient(base_url=server.base, headers={"X-Forwarded-For": forwarded}) as http:
        return (await http.post("/api/v1/login", json={"token": "opsl_default_x"})).status_code


@pytest.mark.slow
async def test_the_forwarded_address_counts_behind_a_trusted_proxy(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    environment = {"DATABASE_URL": seeded_url.dsn, "OPSLOOM_TRUSTED_PROXIES": "10.0.0.0/8, 127.0.0.1", **LIMITS}
    async with server_process(environment, free_port(), tmp_path) as server:
        assert [await upgrade(server, "192.0.2.1") for _ in range(4)] == [101, 101, 101, 429]
        # What the client wrote itself stands to the left of what the proxies added.
        assert await upgrade(server, "192.0.2.9, 192.0.2.1, 10.1.2.3") == 429
        assert await upgrade(server, "192.0.2.2") == 101
        assert await upgrade(server, "192.0.2.3", "https://evil.example") == 403
        assert [await login(server, "192.0.2.1") for _ in range(4)] == [401, 401, 401, 429]
        assert await login(server, "192.0.2.2") == 401
        assert "ERROR" not in server.log.read_text()


@pytest.mark.slow
async def test_nobody_is_trusted_unasked(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    async with server_process({"DATABASE_URL": seeded_url.dsn, **LIMITS}, free_port(), tmp_path) as server:
        assert [await upgrade(server, f"192.0.2.{number}") for number in range(4)] == [101, 101, 101, 429]
        assert [await login(server, f"192.0.2.{number}") for number in range(4)] == [401, 401, 401, 429]
