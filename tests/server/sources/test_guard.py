"""The guard itself: whatever it is given, it answers with a query or with words, and soon."""

import random
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opsloom_server.errors import NotPermitted
from opsloom_server.sources.guard import Judged
from opsloom_server.sources.postgresql import PostgreSQL
from server.sources.attacks import ALL
from server.sources.honest import QUERIES

POSTGRESQL = PostgreSQL()
TABLES = {
    ("shop", "orders"): (
        "id",
        "customer_id",
        "placed_on",
        "placed_at",
        "total",
        "status",
        "channel",
        "tags",
        "details",
    ),
    ("shop", "customers"): ("id", "name", "country", "email", "joined", "referrer"),
}
MANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BETWEEN = [" ", "\n", "\t", "/* x */", "/**/ ", " --\n", "/* /* ' */ */"]


def judged(query: str) -> Judged | None:
    """What runs; None where it is refused. Anything else that is raised is a fault."""
    try:
        return POSTGRESQL.judge(query, TABLES)
    except NotPermitted:
        return None


def dressed(query: str, seed: int, between: list[str]) -> str:
    """Letters large and small, and something else where a space is: outside of quotes none of it means anything."""
    chance = random.Random(seed)
    return "".join(
        chance.choice(between) if sign == " " else chance.choice((sign.lower(), sign.upper())) for sign in query
    )


@MANY
@given(st.text(max_size=200))
def test_any_text_gets_an_answer(text: str) -> None:
    judged(text)
    judged(f"SELECT {text}")


@MANY
@given(st.sampled_from(QUERIES), st.sampled_from([query for _, query in ALL]), st.data())
def test_parts_of_queries_put_together_get_an_answer(one: str, other: str, data: Any) -> None:
    first, second = one.split(), other.split()
    at, to = data.draw(st.integers(0, len(first))), data.draw(st.integers(0, len(second)))
    judged(" ".join(first[:at] + second[to:]))
    judged(" ".join(first[:at] + second[:to] + first[at:]))


@MANY
@given(st.sampled_from([query for _, query in ALL if not any(sign in query for sign in "'\"$-")]), st.integers())
def test_an_attack_in_any_clothes_is_refused(query: str, seed: int) -> None:
    assert judged(dressed(query, seed, [" ", "\n", "/* x */", "/**/ ", " --\n", "/* /* ' */ */"])) is None


@MANY
@given(st.sampled_from([query for query in QUERIES if not any(sign in query for sign in "'\"$-/")]), st.integers())
def test_an_honest_query_means_the_same_in_any_clothes(query: str, seed: int) -> None:
    plain = judged(query)
    if plain is not None:  # its tables are here
        found = judged(dressed(query, seed, [" ", "\n", "\t", "  "]))
        assert found is not None
        assert (found.text.lower(), found.tables) == (plain.text.lower(), plain.tables)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT " + "+".join(["1"] * 9_000),
        "SELECT " + "NOT " * 4_000 + "true",
        "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
        "SELECT " + "array[" * 39 + "1" + "]" * 39,
        "WITH c0 AS (SELECT 1 AS x), "
        + ", ".join(f"c{n} AS (SELECT * FROM c{n - 1} a, c{n - 1} b)" for n in range(1, 60))
        + " SELECT * FROM c59 z WHERE z.x = 1",
        "SELECT 1 " + "/*" * 9_000,
        "SELECT " + "a." * 9_000 + "a",
        ";" * 19_000,
        "x" * 20_001,
        'SELECT 1 AS "' + "é" * 40 + '"',
        "",
        "   ",
        "SELECT '\x00'",
        "SELECT '\ud800'",
    ],
    ids=lambda query: str(query)[:20],
)
def test_what_would_take_long_is_refused_at_once(query: str) -> None:
    started = time.monotonic()
    assert judged(query) is None
    assert time.monotonic() - started < 5


def test_a_page_of_sql_is_judged_fast() -> None:
    query = max(QUERIES, key=len)
    POSTGRESQL.judge(query, TABLES)
    started = time.process_time()
    for _ in range(10):
        POSTGRESQL.judge(query, TABLES)
    assert time.process_time() - started < 2
