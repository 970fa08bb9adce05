"""What a login may read of a PostgreSQL database."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec

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

__all__ = ["describe"]


async def describe(connection: "asyncpg.Connection[asyncpg.Record]", schemas: Sequence[str] | None) -> Description:
    """Read what the login may read of these schemas (None: of all but the system's). Raises Invalid for one that is not
    there."""
    wanted = await _schemas(connection, schemas)
    enums = {row[0]: tuple(row[1]) for row in await connection.fetch(_ENUMS)}
    keys: dict[tuple[int, int], str] = {}
    for row in await connection.fetch(_KEYS, wanted):
        # A column that is both says what it refers to, which is what joins are made of.
        keys[row["table"], row["number"]] = row["target"] or keys.get((row["table"], row["number"])) or "primary"
    columns: dict[tuple[int, str, str, str, int, str], list[DescribedColumn]] = {}
    for row in await connection.fetch(_RELATIONS, wanted, COLUMNS):
        table = (row["oid"], row["schema"], row["name"], row["kind"], row["rows"], row["comment"] or "")
        columns.setdefault(table, []).append(
            DescribedColumn(
                name=row["column"],
                type=row["type"],
                key=keys.get((row["oid"], row["number"]), ""),
                comment=(row["column_comment"] or "")[:200],
                values=enums.get(row["type_oid"], ())[:KINDS],
            )
        )
    tables = []
    for at, ((_, schema, name, kind, rows, comment), found) in enumerate(columns.items()):
        if at < SAMPLED and kind in "rpm":
            found = await _with_values(connection, schema, name, found)
        tables.append(DescribedTable(schema, name, _NAMES[kind], tuple(found), rows, comment[:400]))
    return Description(tuple(tables[:TABLES]), max(0, len(tables) - TABLES))


async def _schemas(connection: "asyncpg.Connection[asyncpg.Record]", wanted: Sequence[str] | None) -> list[str]:
    there = [row[0] for row in await connection.fetch(_ALL_SCHEMAS)]
    if wanted is None:
        return there
    if missing := [one for one in wanted if one not in there]:
        raise Invalid(
            f"There is no schema {missing[0]} that the login may use. There are: {', '.join(there) or 'none'}."
        )
    return list(wanted)


async def _with_values(
    connection: "asyncpg.Connection[asyncpg.Record]", schema: str, table: str, columns: list[DescribedColumn]
) -> list[DescribedColumn]:
    """The columns of a table with the values of those that are categories, from its first rows."""
    asked = [one for one in columns if _may_sample(one)]
    if not asked:
        return columns
    kinds = ", ".join(
        f"ARRAY(SELECT DISTINCT left(CAST({_quoted(one.name)} AS text), {WIDTH}) FROM seen "  # noqa: S608
        f"WHERE {_quoted(one.name)} IS NOT NULL ORDER BY 1 LIMIT {KINDS + 1})"
        for one in asked
    )
    names = ", ".join(_quoted(one.name) for one in asked)
    query = f"WITH seen AS (SELECT {names} FROM {_quoted(schema)}.{_quoted(table)} LIMIT {LOOKED_AT}) SELECT {kinds}"  # noqa: S608
    await connection.execute("SAVEPOINT sampling")
    try:
        found = await connection.fetchrow(query)
    except asyncpg.PostgresError:
        await connection.execute("ROLLBACK TO sampling")
        return columns  # a policy that fails, a column that cannot be read: the table is of use without
    await connection.execute("RELEASE sampling")
    assert found is not None
    values = {one.name: tuple(kinds) for one, kinds in zip(asked, found, strict=True) if 0 < len(kinds) <= KINDS}
    return [msgspec.structs.replace(one, values=values.get(one.name, one.values)) for one in columns]


def _may_sample(column: DescribedColumn) -> bool:
    text = column.type.startswith(("text", "character")) and not column.type.endswith("[]")
    return text and not column.key and not is_secret(column.name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_NAMES: Final[dict[str, Any]] = {"r": "table", "p": "table", "v": "view", "m": "materialized view"}

_ALL_SCHEMAS: Final = """
SELECT nspname::text FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
AND has_schema_privilege(oid, 'USAGE') ORDER BY 1
"""

# Foreign tables are left out: what reading one does, another server decides. A view reads with its owner's rights.
_RELATIONS: Final = """
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
  greatest(c.reltuples, -1)::bigint AS rows, obj_description(c.oid, 'pg_class') AS comment, a.attnum::int AS number,
  a.attname::text AS column, format_type(a.atttypid, a.atttypmod) AS type, a.atttypid AS type_oid,
  col_description(c.oid, a.attnum) AS column_comment
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition AND n.nspname = ANY ($1)
AND has_column_privilege(c.oid, a.attnum, 'SELECT') ORDER BY n.nspname, c.relname, a.attnum LIMIT $2
"""

_KEYS: Final = """
SELECT k.conrelid AS table, unnested.number::int AS number, CASE k.contype WHEN 'f' THEN
  (SELECT n.nspname || '.' || c.relname || '.' || a.attname FROM pg_class c
   JOIN pg_namespace n ON n.oid = c.relnamespace
   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.confkey[unnested.at]
   WHERE c.oid = k.confrelid) END AS target
FROM pg_constraint k JOIN pg_namespace own ON own.oid = k.connamespace
CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS unnested (number, at)
WHERE k.contype IN ('p', 'f') AND own.nspname = ANY ($1) ORDER BY k.contype DESC
"""

_ENUMS: Final = """
SELECT enumtypid, array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum GROUP BY enumtypid
"""
