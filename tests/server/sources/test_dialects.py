"""The guard in every dialect: whatever it is given, it answers with a query or with words, and soon."""

import random
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opsloom_server.errors import NotPermitted
from opsloom_server.sources.engine import Engine
from opsloom_server.sources.engines import engines
from opsloom_server.sources.guard import Judged
from server.sources.honest import QUERIES as POSTGRESQL
from server.sources.mysql.attacks import ALL as MYSQL_ATTACKS
from server.sources.mysql.honest import QUERIES as MYSQL
from server.sources.shared import shared
from server.sources.sqlite.attacks import ALL as SQLITE_ATTACKS
from server.sources.sqlite.honest import QUERIES as SQLITE

ENGINES = engines()
HONEST = {"postgresql": POSTGRESQL, "mysql": MYSQL, "mariadb": MYSQL, "sqlite": SQLITE}
ATTACKS = {"mysql": MYSQL_ATTACKS, "mariadb": MYSQL_ATTACKS, "sqlite": SQLITE_ATTACKS}
COLUMNS = ("id", "customer_id", "placed_on", "placed_at", "total", "status", "channel", "details")
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PLAIN = "'\"`$-#/;"


def tables(kind: str) -> dict[tuple[str, str], tuple[str, ...]]:
    schema = "main" if kind == "sqlite" else "shop"
    return {
        (schema, "orders"): COLUMNS,
        (schema, "customers"): ("id", "name", "country", "email", "joined", "referrer"),
    }


def judged(engine: Engine[Any], query: str) -> Judged | None:
    """What runs; None where it is refused. Anything else that is raised is a fault."""
    try:
        return engine.judge(query, tables(engine.kind))
    except NotPermitted:
        return None


@pytest.mark.parametrize("kind", ATTACKS)
@FEW
@given(st.text(max_size=200), st.data())
def test_any_text_gets_an_answer(kind: str, text: str, data: Any) -> None:
    judged(ENGINES[kind], text)
    judged(ENGINES[kind], f"SELECT {text}")
    one, other = data.draw(st.sampled_from(HONEST[kind])).split(), data.draw(st.sampled_from(ATTACKS[kind])).split()
    at, to = data.draw(st.integers(0, len(one))), data.draw(st.integers(0, len(other)))
    judged(ENGINES[kind], " ".join(one[:at] + other[to:]))
    judged(ENGINES[kind], " ".join(one[:at] + other[:to] + one[at:]))


@pytest.mark.parametrize("kind", ATTACKS)
def test_an_attack_in_any_clothes_is_refused(kind: str) -> None:
    """Letters large and small, and something else where a space is: outside of quotes none of it means anything."""
    between = [" ", "\n", "/* x */", "/**/ ", " -- \n", "/* ' */"]
    for seed, query in enumerate([*shared("main." if kind == "sqlite" else "shop."), *ATTACKS[kind]]):
        if not any(sign in query for sign in PLAIN):
            chance = random.Random(seed)
            dressed = "".join(
                chance.choice(between) if sign == " " else chance.choice((sign.lower(), sign.upper())) for sign in query
            )
            assert judged(ENGINES[kind], dressed) is None, dressed


@pytest.mark.parametrize("kind", HONEST)
def test_what_was_printed_means_the_same_when_it_is_read_again(kind: str) -> None:
    """But for MySQL, whose texts are printed for another mode than they are read in."""
    for query in HONEST[kind]:
        first = judged(ENGINES[kind], query)
        if first is not None and "\\" not in first.text:  # its tables are here
            again = judged(ENGINES[kind], first.text)
            assert again is not None, first.text
            assert (again.text, again.tables) == (first.text, first.tables)


@pytest.mark.parametrize("kind", ATTACKS)
@pytest.mark.parametrize(
    "query",
    [
        "SELECT " + "+".join(["1"] * 9_000),
        "SELECT " + "NOT " * 4_000 + "true",
        "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
        "SELECT 1 " + "/*" * 9_000,
        "SELECT " + "a." * 9_000 + "a",
        "SELECT '" + "\\" * 9_000,
        "SELECT " + "`" * 9_001,
        ";" * 19_000,
        "x" * 20_001,
        "",
        "   ",
        "SELECT '\x00'",
        "SELECT '\ud800'",
    ],
    ids=lambda query: str(query)[:20],
)
def test_what_would_take_long_is_refused_at_once(kind: str, query: str) -> None:
    started = time.monotonic()
    assert judged(ENGINES[kind], query) is None
    assert time.monotonic() - started < 5
