"""`opsloom doctor` on an installation of several servers: Redis, and who else is on the database."""

import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

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


def doctor(arguments: tuple[str, ...] = (), **env: str) -> str:
    return " ".join(opsloom("doctor", *arguments, **env).stdout.split())


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


@contextmanager
def models_server(*names: str) -> Iterator[str]:
    """A server that lists these models as OpenAI, Anthropic and Ollama do."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path.partition("?")[0] == "/v1/models"
            body = json.dumps({"object": "list", "data": [{"id": name} for name in names]}).encode()
            self.send_response(200 if found else 404)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_each_provider_has_a_line_and_online_it_is_asked(tmp_path: Path) -> None:
    with models_server("qwen3:latest", "llava:7b") as url:
        said = doctor(
            OPSLOOM_DATA_DIR=str(tmp_path / "data"),
            OPSLOOM_MODEL="ollama:qwen3",
            OLLAMA_BASE_URL=url,
            ANTHROPIC_API_KEY="sk-ant-hunter2",
            ANTHROPIC_BASE_URL=f"http://127.0.0.1:{free_port()}",
            arguments=("--online",),
        )
    assert "✓ · ollama answers; it has llava:7b, qwen3:latest" in said
    assert "! · anthropic 127.0.0.1:" in said
    assert "cannot be reached" in said
    assert "! · openai not set up Set OPENAI_API_KEY." in said
    assert "AWS_REGION" in said
    assert "hunter2" not in said


def test_a_default_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    with models_server("qwen3:latest") as url:
        said = doctor(
            OPSLOOM_DATA_DIR=str(tmp_path / "data"),
            OPSLOOM_MODEL="ollama:llama3.3",
            OLLAMA_BASE_URL=url,
            arguments=("--online",),
        )
    assert "✗ · ollama it answers, but has no model llama3.3 It has qwen3:latest." in said
    said = doctor(OPSLOOM_DATA_DIR=str(tmp_path / "data"), OPSLOOM_MODEL="claude-sonnet-5-5")
    assert "Did you mean “anthropic:claude-sonnet-5-5”?" in said
