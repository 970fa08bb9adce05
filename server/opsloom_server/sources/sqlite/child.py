"""A process that reads one SQLite file for one question, and is gone. It is given its orders on standard input, as
JSON, says that it has begun with an empty line, and writes what it found on standard output; see `process`.

Why a process: SQLite looks at its clock between instructions, and one call of `printf`, `replace` or LIKE is one
instruction. A query of one line kept a thread for 113 s beyond its 0.3 s; a process can be ended. What a damaged file
does to SQLite's memory it does here, too, and not to the server. Only Python's own library is imported: 40 ms.
"""

import contextlib
import json
import sqlite3
import sys
import time
from collections.abc import Callable
from typing import Any

try:
    import resource
except ImportError:  # Windows: the clock outside still holds
    resource = None  # type: ignore[assignment]

Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]

# Instructions between two looks at the clock: some 0.1 ms.
_STEPS = 10_000
_TABLE_PRAGMAS = ("table_xinfo", "foreign_key_list")
_LIMITS = {
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 200_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 1_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 500,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 250_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 100,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
# Temporary tables lie in memory, which is bounded, and never on the disk.
_SETTINGS = ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "temp_store = MEMORY")


def main() -> None:
    orders = json.load(sys.stdin)
    _bound(orders)
    print(flush=True)  # noqa: T201
    try:
        answer: Any = _answers(orders)
    except (sqlite3.Error, MemoryError, OverflowError) as error:
        memory = isinstance(error, MemoryError)
        answer = {
            "error": str(error),
            "code": sqlite3.SQLITE_NOMEM if memory else getattr(error, "sqlite_errorcode", 0),
        }
    json.dump(answer, sys.stdout)


def _bound(orders: dict[str, Any]) -> None:
    if resource is None:
        return
    for limit, most in (
        (resource.RLIMIT_AS, orders["memory"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS knows no RLIMIT_AS
            resource.setrlimit(limit, (most, most))


def _answers(orders: dict[str, Any]) -> list[Any]:
    connection = sqlite3.connect(
        orders["uri"], uri=True, isolation_level=None, timeout=orders["wait"], cached_statements=0
    )
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, orders["value"])
    for limit, most in _LIMITS.items():
        connection.setlimit(limit, most)
    for setting in (*_SETTINGS, f"hard_heap_limit = {orders['memory'] // 2}"):
        connection.execute(f"PRAGMA {setting}")
    if orders["seconds"]:
        until = time.monotonic() + orders["seconds"]
        connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    # Text of any bytes: what is no UTF-8 is shown as that, and does not end the query.
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    reading = orders["reading"]
    connection.set_authorizer(_looking_over() if reading is None else _reading(connection, **reading))
    return [_answer(connection, statement, orders) for statement in orders["statements"]]


def _answer(connection: sqlite3.Connection, statement: str, orders: dict[str, Any]) -> Any:
    """The columns' names and the rows; None where a statement of a description failed."""
    try:
        cursor = connection.execute(statement)
        rows: list[list[Any]] = []
        size = 0
        for row in cursor:
            plain = [{"blob": value.hex()} if isinstance(value, bytes) else value for value in row]
            size += len(json.dumps(plain))
            # One that is too much is sent too where it is the first, so that it can be told from none at all.
            rows.append(plain if size <= orders["bytes"] else [])
            if len(rows) > orders["rows"] or size > orders["bytes"]:
                break
        return {"names": [one[0] for one in cursor.description or ()], "rows": rows}
    except sqlite3.OperationalError:
        if orders["reading"] is None:
            return None
        raise


def _reading(connection: sqlite3.Connection, tables: list[str], functions: list[str], made: list[str]) -> Authorizer:
    """For a query of these tables and views: it may read them, what a view of them reads, and call what is listed.
    `made`: functions that stand in FROM."""
    for name in made:  # set up by its first use, which itself asks for more than reading
        connection.execute(f"EXPLAIN SELECT * FROM {_quoted(name)}('')").close()  # noqa: S608
    others = {name.lower() for (name,) in connection.execute("SELECT name FROM sqlite_master")} | {"sqlite_master"}
    seen = set(made)

    def record(action: int, first: str | None, second: str | None, database: str | None, by: str | None) -> int:
        if action == sqlite3.SQLITE_READ and first and not first.lower().startswith("sqlite_"):
            seen.add(first.lower())
        return sqlite3.SQLITE_OK

    connection.set_authorizer(record)
    for table in tables:
        connection.execute(f"EXPLAIN SELECT * FROM main.{_quoted(table)}").close()  # noqa: S608

    def judge(action: int, first: str | None, second: str | None, database: str | None, by: str | None) -> int:
        name = (first or "").lower()
        match action:
            case sqlite3.SQLITE_SELECT | sqlite3.SQLITE_RECURSIVE:
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_READ if name in seen and database in ("main", None):
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_READ if not second and name not in others and database is None:
                return sqlite3.SQLITE_OK  # a query of WITH, of which no column is asked for
            case sqlite3.SQLITE_FUNCTION if second and second.lower() in functions:
                return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    return judge


def _looking_over() -> Authorizer:
    """For a description: it may read, and ask which columns and keys a table has."""

    def judge(action: int, first: str | None, second: str | None, database: str | None, by: str | None) -> int:
        match action:
            case sqlite3.SQLITE_SELECT | sqlite3.SQLITE_READ:
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_FUNCTION if (second or "").lower() == "substr":
                return sqlite3.SQLITE_OK
            case sqlite3.SQLITE_PRAGMA if (first or "").lower() in _TABLE_PRAGMAS:
                return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    return judge


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


if __name__ == "__main__":
    main()
