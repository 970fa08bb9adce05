"""What a login may read of a MySQL or MariaDB server."""

import re
from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import Invalid
from opsloom_server.sources.description import (
    COLUMNS,
    KINDS,
    LOOKED_AT,
    SAMPLED,
    TABLES,
    WIDTH,
    DescribedColumn,
    DescribedTable,
    Description,
    is_secret,
)

__all__ = ["OWN", "describe"]

OWN: Final = ("information_schema", "mysql", "performance_schema", "sys")
"""The server's own databases."""

_TEXTS: Final = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
# Engines that keep their rows here. Others (FEDERATED, CONNECT, SPIDER …) fetch them, and another server decides how.
_ENGINES: Final = (
    "innodb",
    "myisam",
    "aria",
    "memory",
    "archive",
    "mrg_myisam",
    "rocksdb",
    "columnstore",
    "ndbcluster",
)
_WORD: Final = re.compile(r"'((?:[^']|'')*)'")


async def describe(connection: AsyncConnection, databases: Sequence[str]) -> Description:
    """Read what the login may read of these databases. Raises Invalid for one that is not there."""
    there = [row[0] for row in await _asked(connection, _DATABASES)]
    known = [one for one in there if one.lower() not in OWN]
    if missing := [one for one in databases if one not in known]:
        raise Invalid(
            f"There is no database {missing[0]} that the login may use. There are: {', '.join(known) or 'none'}."
        )
    keys = {
        (row.TABLE_SCHEMA, row.TABLE_NAME, row.COLUMN_NAME): row.target
        for row in await _asked(connection, _KEYS, databases=databases)
    }
    json = await _json(connection, databases)
    columns: dict[tuple[str, str], list[DescribedColumn]] = {}
    for row in await _asked(connection, _COLUMNS, databases=databases, most=COLUMNS):
        at = (row.TABLE_SCHEMA, row.TABLE_NAME)
        primary = "primary" if row.COLUMN_KEY == "PRI" else ""
        columns.setdefault(at, []).append(
            DescribedColumn(
                name=row.COLUMN_NAME,
                type="json" if (*at, row.COLUMN_NAME) in json else _shown(row.COLUMN_TYPE),
                # A column that is both says what it refers to, which is what joins are made of.
                key=keys.get((*at, row.COLUMN_NAME)) or primary,
                comment=(row.COLUMN_COMMENT or "")[:200],
                values=_words(row.COLUMN_TYPE),
            )
        )
    tables: list[DescribedTable] = []
    for row in await _asked(connection, _TABLES, databases=databases):
        found = columns.get((row.TABLE_SCHEMA, row.TABLE_NAME))
        view = row.TABLE_TYPE == "VIEW"
        if not found or not (view or (row.ENGINE or "").lower() in _ENGINES):
            continue
        if len(tables) < SAMPLED and not view:
            found = await _with_values(connection, row.TABLE_SCHEMA, row.TABLE_NAME, found)
        tables.append(
            DescribedTable(
                row.TABLE_SCHEMA,
                row.TABLE_NAME,
                "view" if view else "table",
                tuple(found),
                -1 if view or row.TABLE_ROWS is None else int(row.TABLE_ROWS),
                "" if view else (row.TABLE_COMMENT or "")[:400],
            )
        )
    return Description(tuple(tables[:TABLES]), max(0, len(tables) - TABLES))


async def _json(connection: AsyncConnection, databases: Sequence[str]) -> set[tuple[str, str, str]]:
    """Columns of JSON in MariaDB, where they are texts with a check of the column's own name."""
    try:
        found = await _asked(connection, _CHECKS, databases=databases)
    except DBAPIError:  # MySQL has a type for JSON, and another table of checks
        return set()
    return {(row.CONSTRAINT_SCHEMA, row.TABLE_NAME, row.CONSTRAINT_NAME) for row in found}


async def _asked(connection: AsyncConnection, query: str, **values: Any) -> Sequence[Any]:
    statement = text(query)
    if "databases" in values:
        statement = statement.bindparams(bindparam("databases", expanding=True))
        values["databases"] = list(values["databases"])
    return (await connection.execute(statement, values)).all()


async def _with_values(
    connection: AsyncConnection, database: str, table: str, columns: list[DescribedColumn]
) -> list[DescribedColumn]:
    """The columns of a table with the values of those that are categories, from its first rows."""
    asked = [one for one in columns if _may_sample(one)]
    if not asked:
        return columns
    where = f"{_quoted(database)}.{_quoted(table)}"
    query = " UNION ALL ".join(
        f"(SELECT {at}, v FROM (SELECT DISTINCT LEFT({_quoted(one.name)}, {WIDTH}) AS v FROM "  # noqa: S608
        f"(SELECT {_quoted(one.name)} FROM {where} LIMIT {LOOKED_AT}) AS seen WHERE {_quoted(one.name)} IS NOT NULL "
        f"ORDER BY v LIMIT {KINDS + 1}) AS kinds)"
        for at, one in enumerate(asked)
    )
    try:
        found: Sequence[Any] = (await connection.exec_driver_sql(query.replace("%", "%%"))).all()
    except DBAPIError:
        return columns  # a column that cannot be read: the table is of use without
    seen: dict[str, list[str]] = {}
    for row in found:
        if isinstance(row[1], str):
            seen.setdefault(asked[int(row[0])].name, []).append(row[1])
    values = {name: tuple(kinds) for name, kinds in seen.items() if len(kinds) <= KINDS}
    return [replace(one, values=values.get(one.name, one.values)) for one in columns]


def _may_sample(column: DescribedColumn) -> bool:
    return column.type.partition("(")[0] in _TEXTS and not column.key and not is_secret(column.name)


def _shown(kind: str) -> str:
    """A type without the words of an enum, which are told beside it."""
    return kind.partition("(")[0] if kind.startswith(("enum(", "set(")) else kind


def _words(kind: str) -> tuple[str, ...]:
    if not kind.startswith(("enum(", "set(")):
        return ()
    return tuple(one.replace("''", "'") for one in _WORD.findall(kind))[:KINDS]


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


_DATABASES: Final = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1"

_TABLES: Final = """
SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, TABLE_COMMENT FROM information_schema.TABLES
WHERE TABLE_SCHEMA IN :databases AND TABLE_TYPE IN ('BASE TABLE', 'VIEW') ORDER BY 1, 2
"""

# Of a table of which the login may read some columns, information_schema shows it those.
_COLUMNS: Final = """
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, COLUMN_KEY, COLUMN_COMMENT FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA IN :databases AND PRIVILEGES LIKE '%select%' ORDER BY 1, 2, ORDINAL_POSITION LIMIT :most
"""

_CHECKS: Final = """
SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME FROM information_schema.CHECK_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA IN :databases AND CHECK_CLAUSE LIKE 'json_valid(%'
"""

_KEYS: Final = """
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME,
  concat_ws('.', REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME) AS target
FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA IN :databases AND REFERENCED_TABLE_NAME IS NOT NULL
"""
