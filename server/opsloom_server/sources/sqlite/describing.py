"""What there is in a SQLite file."""

import sqlite3
from typing import Any, Final

import aiosqlite
from msgspec.structs import replace

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
from opsloom_server.sources.sqlite.opening import quoted

__all__ = ["SCHEMA", "describe"]

SCHEMA: Final = "main"
"""What SQLite calls the file itself."""


async def describe(connection: aiosqlite.Connection) -> Description:
    """Read the tables and views of a file. Virtual tables are left out: what reading one does, a program decides."""
    there = await _all(
        connection, "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
    )
    made = [name.lower() for _, name, sql in there if (sql or "").upper().split()[:2] == ["CREATE", "VIRTUAL"]]
    own = tuple(f"{name}_" for name in made)
    counts = await _counts(connection)
    tables: list[DescribedTable] = []
    described = 0
    for kind, name, _ in there:
        lower = name.lower()
        if lower.startswith("sqlite_") or lower in made or lower.startswith(own) or described > COLUMNS:
            continue
        columns = await _columns(connection, name)
        described += len(columns)
        if len(tables) < SAMPLED and kind == "table":
            columns = await _with_values(connection, name, columns)
        tables.append(DescribedTable(SCHEMA, name, kind, tuple(columns), counts.get(lower, -1)))
    return Description(tuple(tables[:TABLES]), max(0, len(tables) - TABLES))


async def _all(connection: aiosqlite.Connection, query: str) -> list[Any]:
    async with connection.execute(query) as cursor:
        return list(await cursor.fetchall())


async def _counts(connection: aiosqlite.Connection) -> dict[str, int]:
    """Rows of tables, where somebody ran ANALYZE."""
    try:
        found = await _all(connection, "SELECT tbl, stat FROM sqlite_stat1")
    except sqlite3.OperationalError:
        return {}
    return {str(table).lower(): int(str(stat).split()[0]) for table, stat in found if str(stat)[:1].isdigit()}


async def _columns(connection: aiosqlite.Connection, table: str) -> list[DescribedColumn]:
    try:
        columns = await _all(connection, f"PRAGMA main.table_xinfo({quoted(table)})")
        keys = {row[3].lower(): row for row in await _all(connection, f"PRAGMA main.foreign_key_list({quoted(table)})")}
    except sqlite3.OperationalError:
        return []  # a view of what is no longer there
    found = []
    for _, name, kind, _, _, primary, hidden in columns:
        if hidden == 1:
            continue
        key = "primary" if primary else ""
        if (target := keys.get(name.lower())) is not None:
            # Without a column it is the other table's primary key that is meant.
            key = f"{SCHEMA}.{target[2]}.{target[4] or 'primary key'}"
        found.append(DescribedColumn(name=name, type=(kind or "any").lower(), key=key))
    return found


async def _with_values(
    connection: aiosqlite.Connection, table: str, columns: list[DescribedColumn]
) -> list[DescribedColumn]:
    """The columns of a table with the values of those that are categories, from its first rows."""
    changed = []
    for one in columns:
        if not _may_sample(one):
            changed.append(one)
            continue
        name = quoted(one.name)
        query = (
            f"SELECT DISTINCT substr({name}, 1, {WIDTH}) AS v FROM (SELECT {name} FROM main.{quoted(table)} "  # noqa: S608
            f"LIMIT {LOOKED_AT}) WHERE {name} IS NOT NULL ORDER BY v LIMIT {KINDS + 1}"
        )
        try:
            values = [value for (value,) in await _all(connection, query)]
        except sqlite3.OperationalError:
            values = []
        few = 0 < len(values) <= KINDS and all(isinstance(value, str) for value in values)
        changed.append(replace(one, values=tuple(values)) if few else one)
    return changed


def _may_sample(column: DescribedColumn) -> bool:
    text = any(word in column.type for word in ("char", "text", "clob"))
    return text and not column.key and not is_secret(column.name)
