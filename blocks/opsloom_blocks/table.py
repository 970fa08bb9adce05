"""`table`: rows under typed columns."""

from typing import Annotated, Literal

from msgspec import Meta
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data
from opsloom_blocks.dates import is_date
from opsloom_blocks.kind import BlockKind, duplicates, number

Cell = Annotated[str, Meta(max_length=2000)] | int | float | bool | None
Key = Annotated[str, Meta(min_length=1, max_length=64)]

FALLBACK_ROWS = 50
"""Rows that the plain text holds; the model reads it again in every later turn."""


class Column(Data, frozen=True, kw_only=True):
    key: Annotated[Key, Meta(description="the name of its values in the rows")]
    label: Annotated[str, Meta(min_length=1, max_length=200, description="the heading")]
    type: Annotated[
        Literal["text", "number", "date", "money"],
        Meta(description="dates as YYYY-MM-DD or RFC 3339; numbers and money as JSON numbers"),
    ] = "text"
    align: Literal["left", "center", "right"] | None = None
    unit: Annotated[str, Meta(max_length=16, description="for money a currency code like EUR; else km, % …")] | None = (
        None
    )


class Table(Data, frozen=True, kw_only=True):
    columns: Annotated[list[Column], Meta(min_length=1, max_length=30)]
    rows: Annotated[
        list[dict[Key, Cell]], Meta(max_length=500, description="each row: column key → value; null is an empty cell")
    ]
    title: Annotated[str, Meta(max_length=200)] | None = None
    total: Annotated[int, Meta(ge=0, description="how many rows there are, where only some are shown")] | None = None


class TableKind(BlockKind[Table]):
    kind = "table"
    title = "Show a table"
    about = "Show rows under typed columns. Use it for more than a few facts of the same form, or to compare."
    data = Table
    example = Table(
        title="Sales by region",
        columns=[
            Column(key="region", label="Region"),
            Column(key="orders", label="Orders", type="number"),
            Column(key="revenue", label="Revenue", type="money", unit="EUR"),
        ],
        rows=[
            {"region": "North", "orders": 124, "revenue": 18250.5},
            {"region": "South", "orders": 98, "revenue": 12940},
        ],
    )

    def fallback(self, data: Table) -> str:
        lines = [data.title] if data.title else []
        lines.append(" | ".join(f"{c.label} ({c.unit})" if c.unit else c.label for c in data.columns))
        lines += [
            " | ".join(_cell(row.get(column.key)) for column in data.columns) for row in data.rows[:FALLBACK_ROWS]
        ]
        left = max(len(data.rows), data.total or 0) - min(len(data.rows), FALLBACK_ROWS)
        if left:
            lines.append(f"… and {left} more rows")
        return "\n".join(lines)

    def check(self, data: Table) -> list[Issue]:
        issues = [
            Issue(path=f"/columns/{at}/key", text="Another column has this key.")
            for at in duplicates([column.key for column in data.columns])
        ]
        columns = {column.key: column for column in data.columns}
        for at, row in enumerate(data.rows):
            for key, value in row.items():
                place = f"/rows/{at}/{key.replace('~', '~0').replace('/', '~1')}"
                if key not in columns:
                    issues.append(Issue(path=place, text="No column has this key."))
                elif text := _wrong(value, columns[key]):
                    issues.append(Issue(path=place, text=text))
            if len(issues) > 20:  # a wrong column type breaks every row; twenty examples are enough to see it
                break
        if data.total is not None and data.total < len(data.rows):
            issues.append(Issue(path="/total", text=f"There are already {len(data.rows)} rows."))
        return issues


def _wrong(value: Cell, column: Column) -> str:
    match column.type:
        case "number" | "money":
            if value is not None and (isinstance(value, bool | str)):
                return f"Column {column.label!r} holds numbers."
        case "date":
            if value is not None and not is_date(value):
                return f"Column {column.label!r} holds dates, like 2026-01-31."
    return ""


def _cell(value: Cell) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number(value)
        case _:
            return " ".join(value.split())


TABLE = TableKind()
