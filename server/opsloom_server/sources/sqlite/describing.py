"""What there is in a SQLite file."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

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
from opsloom_server.sources.sqlite.process import Given

__all__ = ["SCHEMA", "describe"]

SCHEMA: Final = "main"
"""What SQLite calls the file itself."""

Ask = Callable[[Sequence[str]], Awaitable[list[Given | None]]]


async def describe(ask: Ask) -> Description:
    """Read the tables and views of a file. Virtual tables are left out: what reading one does, a program decides."""
    there, counted = await ask([_MADE, "SELECT tbl, stat FROM sqlite_stat1"])
    counts = {
        str(table).lower(): int(str(stat).split()[0]) for table, stat in _rows(counted) if str(stat)[:1].isdigit()
    }
    named = _own(_rows(there))
    asked = [
        f"PRAGMA main.{pragma}({_quoted(name)})" for _, name in named for pragma in ("table_xinfo", "foreign_key_list")
    ]
    told = await ask(asked)
    tables = []
    described = 0
    for at, (kind, name) in enumerate(named):
        columns = _columns(_rows(told[2 * at]), _rows(told[2 * at + 1]))
        described += len(columns)
        if columns and described <= COLUMNS:
            tables.append(DescribedTable(SCHEMA, name, kind, tuple(columns), counts.get(name.lower(), -1)))
    sampled = await _with_values(ask, [one for one in tables if one.kind == "table"][:SAMPLED])
    tables = [sampled.get(one.name, one) for one in tables]
    return Description(tuple(tables[:TABLES]), max(0, len(tables) - TABLES))


def _rows(given: Given | None) -> list[list[Any]]:
    return [] if given is None else given.rows


def _own(there: list[list[Any]]) -> list[tuple[str, str]]:
    """Kind and name of what somebody made, without virtual tables and the tables that those keep their data in."""
    made = [name.lower() for _, name, sql in there if (sql or "").upper().split()[:2] == ["CREATE", "VIRTUAL"]]
    others = ("sqlite_", *(f"{name}_" for name in made))
    return [(kind, name) for kind, name, _ in there if name.lower() not in made and not name.lower().startswith(others)]


def _columns(columns: list[list[Any]], keys: list[list[Any]]) -> list[DescribedColumn]:
    targets = {row[3].lower(): row for row in keys}
    found = []
    for _, name, kind, _, _, primary, hidden in columns:
        if hidden == 1:
            continue
        key = "primary" if primary else ""
        if (target := targets.get(name.lower())) is not None:
            # Without a column it is the other table's primary key that is meant.
            key = f"{SCHEMA}.{target[2]}" + (f".{target[4]}" if target[4] else "")
        found.append(DescribedColumn(name=name, type=(kind or "any").lower(), key=key))
    return found


async def _with_values(ask: Ask, tables: Sequence[DescribedTable]) -> dict[str, DescribedTable]:
    """These tables, with the values of those columns that are categories, from their first rows."""
    asked = [(table, column) for table in tables for column in table.columns if _may_sample(column)]
    values: dict[tuple[str, str], tuple[str, ...]] = {}
    for (table, column), given in zip(asked, await ask([_kinds(*one) for one in asked]), strict=True):
        seen = [row[0] for row in _rows(given) if row]
        if 0 < len(seen) <= KINDS and all(isinstance(one, str) for one in seen):
            values[table.name, column.name] = tuple(seen)
    return {
        table.name: replace(
            table,
            columns=tuple(replace(one, values=values.get((table.name, one.name), ())) for one in table.columns),
        )
        for table in tables
    }


def _kinds(table: DescribedTable, column: DescribedColumn) -> str:
    name = _quoted(column.name)
    return (
        f"SELECT DISTINCT substr({name}, 1, {WIDTH}) AS v FROM (SELECT {name} FROM main.{_quoted(table.name)} "  # noqa: S608
        f"LIMIT {LOOKED_AT}) WHERE {name} IS NOT NULL ORDER BY v LIMIT {KINDS + 1}"
    )


def _may_sample(column: DescribedColumn) -> bool:
    text = any(word in column.type for word in ("char", "text", "clob"))
    return text and not column.key and not is_secret(column.name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_MADE: Final = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
