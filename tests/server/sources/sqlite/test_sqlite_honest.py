"""Honest questions to a SQLite file pass, and what runs gives what was asked for: the same rows as the text as it was
written."""

import sqlite3
from typing import Any

import pytest
from server.sources.sqlite.honest import QUERIES


def as_written(shop: Any, query: str) -> list[list[Any]]:
    connection = sqlite3.connect(shop.path)
    try:
        return [list(row) for row in connection.execute(query).fetchall()]
    finally:
        connection.close()


def test_there_are_many() -> None:
    assert len(set(QUERIES)) == len(QUERIES) >= 60


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: " ".join(query.split())[:60])
async def test_what_runs_gives_what_was_asked(sqlite_shop: Any, query: str) -> None:
    rows = await sqlite_shop.ask(query, seconds=10)
    expected = as_written(sqlite_shop, query)
    assert [list(row) for row in rows.rows] == expected
    assert expected, "a query that gives nothing shows nothing"
    assert not rows.truncated
