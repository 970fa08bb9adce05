"""The rows of a query as a table that people see, and as many of them as a model is told."""

from typing import Any, Final

import msgspec
from opsloom_blocks.dates import is_date
from opsloom_blocks.table import Column, Table

from opsloom_server.sources import Rows

__all__ = ["as_table", "for_a_model"]

COLUMNS: Final = 30
"""What a `table` takes."""
CELL: Final = 2_000
TABLE_BYTES: Final = 200_000
"""Of a table in an answer: it travels with every snapshot of the conversation."""
TOLD_ROWS: Final = 50
TOLD_CHARS: Final = 8_000
"""Of the rows that a model is told, some 2,000 tokens."""

_NUMBERS: Final = {
    *("int2", "int4", "int8", "numeric", "float4", "float8", "oid"),
    *("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year", "bit"),
    *("integer", "real"),
}
_DATES: Final = {"date", "timestamp", "timestamptz", "datetime"}
"""Of all kinds of databases, by their own names."""


def as_table(found: Rows) -> Table:
    """The first 30 columns and as many rows as an answer holds."""
    shown = found.columns[:COLUMNS]
    rows: list[dict[str, Any]] = []
    size = 0
    types = [_type(one.type, [row[at] for row in found.rows]) for at, one in enumerate(shown)]
    for row in found.rows:
        cells = {f"c{at}": _cell(row[at], kind) for at, kind in enumerate(types)}
        size += len(msgspec.json.encode(cells))
        if size > TABLE_BYTES:
            break
        rows.append(cells)
    cut = found.truncated or len(rows) < len(found.rows)
    title = f"The first {len(rows)} rows; there are more" if cut else None
    if len(found.columns) > COLUMNS:
        title = f"{title or f'{len(rows)} rows'}; {COLUMNS} of {len(found.columns)} columns"
    columns = [
        Column(key=f"c{at}", label=(one.name.strip() or "?")[:200], type=kind)  # type: ignore[arg-type]
        for at, (one, kind) in enumerate(zip(shown, types, strict=True))
    ]
    return Table(columns=columns, rows=rows, title=title)


def for_a_model(found: Rows) -> dict[str, Any]:
    """The first rows, and how many there are."""
    rows: list[Any] = []
    size = 0
    for row in found.rows[:TOLD_ROWS]:
        size += len(msgspec.json.encode(row))
        if size > TOLD_CHARS and rows:
            break
        rows.append([one[:CELL] if isinstance(one, str) else one for one in row])
    count = f"more than {len(found.rows)}" if found.truncated else len(found.rows)
    return {"columns": [one.name for one in found.columns], "rows": rows, "rows_in_all": count}


def _type(name: str, values: list[Any]) -> str:
    """A column's type on the page: what its values are, where the database's type says that they may be."""
    there = [value for value in values if value is not None]
    if name == "bool":
        return "boolean"
    if name in _NUMBERS and all(isinstance(value, int | float) for value in there):
        return "number"
    if name in _DATES and there and all(is_date(value) for value in there):
        return "date"
    return "text"


def _cell(value: Any, kind: str) -> Any:
    if value is None or kind != "text":
        return value
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = text.replace("\0", "")
    return text if len(text) <= CELL else text[: CELL - 1] + "…"
