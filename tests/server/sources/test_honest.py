"""Honest questions pass, and what runs gives what was asked for: the same rows as the text as it was written."""

import json
from typing import Any

import asyncpg
import pytest
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.postgresql import PostgreSQL
from opsloom_server.sources.postgresql.running import run
from server.sources.honest import QUERIES

POSTGRESQL = PostgreSQL()
FREE = Bounds(seconds=10, cost=0)


async def as_written(shop: Any, query: str) -> list[list[Any]]:
    """The rows of the query as it stands, by the same login."""
    connection = await asyncpg.connect(shop.url)
    try:
        await connection.execute("SET search_path = shop; SET jit = off")
        prepared = await connection.prepare(query)
        names = ", ".join(f'"{at}"' for at in range(len(prepared.get_attributes())))
        body = query.rstrip().rstrip(";")
        found = await connection.fetch(f"SELECT to_json(q)::text FROM ({body}\n) AS q ({names})")
        return [list(json.loads(row[0]).values()) for row in found]
    finally:
        await connection.close()


def test_there_are_many() -> None:
    assert len(QUERIES) >= 60


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: " ".join(query.split())[:60])
async def test_what_runs_gives_what_was_asked(shop: Any, query: str) -> None:
    judged = POSTGRESQL.judge(query, shop.described.known())
    assert "--" not in judged.text.replace("'-- no comment'", "")
    rows = await run(shop.address, judged.text, FREE)
    expected = await as_written(shop, query)
    assert [list(row) for row in rows.rows] == expected
    assert expected, "a query that gives nothing shows nothing"
    assert not rows.truncated
