"""Honest questions to MariaDB pass, and what runs gives what was asked for: the same rows as the text as it was
written, in the mode that people's clients have."""

import asyncio
from typing import Any

import aiomysql  # type: ignore[import-untyped]
import pytest
from opsloom_server.sources.mysql.values import DECODERS
from opsloom_server.sources.rows import hexadecimal
from server.sources.mysql.conftest import PASSWORD
from server.sources.mysql.honest import QUERIES


async def as_written(maria: Any, query: str) -> list[list[Any]]:
    """The rows of the query as it stands, by the same login."""
    connection = await aiomysql.connect(
        host="127.0.0.1",
        port=maria.server.port,
        user="reader",
        password=PASSWORD.encode().decode("latin-1"),
        db="shop",
        charset="utf8mb4",
        conv=DECODERS,
    )
    try:
        cursor = await connection.cursor()
        await cursor.execute(query)
        found = await cursor.fetchall()
        return [[hexadecimal(one) if isinstance(one, bytes) else one for one in row] for row in found]
    finally:
        await connection.ensure_closed()
        await asyncio.sleep(0)  # the loop needs a turn to close it


def test_there_are_many() -> None:
    assert len(set(QUERIES)) == len(QUERIES) >= 60


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: " ".join(query.split())[:60])
async def test_what_runs_gives_what_was_asked(maria: Any, query: str) -> None:
    rows = await maria.ask(query, seconds=10)
    expected = await as_written(maria, query.replace("FROM Orders", "FROM orders"))
    assert [list(row) for row in rows.rows] == expected
    assert expected, "a query that gives nothing shows nothing"
    assert not rows.truncated
