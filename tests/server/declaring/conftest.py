"""The command line in this process, on a database of the test's own: a process a command would take a second each."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Cluster, PostgresUrl, database_of
from opsloom_server.cli.application import application
from typer.testing import CliRunner, Result

Opsloom = Callable[..., Result]


@pytest.fixture
def opsloom(seeded_url: PostgresUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opsloom:
    """Runs a command on a fresh installation; with `database`, on another one."""

    def run(*words: str | Path, database: str = seeded_url, answer: str | None = None) -> Result:
        monkeypatch.setenv("DATABASE_URL", database)
        monkeypatch.setenv("OPSLOOM_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("OPSLOOM_EMBEDDER", "none")
        monkeypatch.setenv("OPSLOOM_SECRET", "s" * 40)
        result = CliRunner().invoke(application, [str(word) for word in words], input=answer)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture
def elsewhere(postgres_cluster: Cluster, seeded: str) -> Iterator[PostgresUrl]:
    """Another fresh installation."""
    with database_of(postgres_cluster, seeded) as url:
        yield url


def query(cluster: Cluster, url: str, statement: str) -> list[Any]:
    """The first column of each row, as the database's owner sees it; JSON as values."""
    import asyncpg

    found: list[Any] = []

    async def work() -> None:
        connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://", 1))
        try:
            for row in await connection.fetch(statement):
                value = row[0]
                found.append(json.loads(value) if isinstance(value, str) and value[:1] in "{[" else value)
        finally:
            await connection.close()

    cluster.run(work)
    return found
