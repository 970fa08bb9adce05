"""`table`: rows under typed columns."""

from typing import Annotated, Literal

from msgspec import Meta
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data
from opsloom_blocks.dates import is_date
from opsloom_blocks.kind import BlockKind, duplicates, number
from opsloom_blocks.references import wrong_address

Cell = Annotated[str, Meta(max_length=2000)] | int | float | bool | None
Key = Annotated[str, Meta(min_length=1, max_length=64)]

ROWS = 10_000
"""Most rows; who has more shows the first and says so in `total`."""

FALLBACK_ROWS = 50
"""Rows that the plain text holds; the model reads it again in every later turn."""


class Column(Data, frozen=True, kw_only=True):
    key: Annotated[Key, Meta(description="the name of its values in the rows")]
    label: Annotated[str, Meta(min_length=1, max_length=200, description="the heading")]
    type: Annotated[
        Literal["text", "number", "date", "money", "boolean", "link"],
        Meta(description="dates as YYYY-MM-DD or RFC 3339; numbers and money as JSON numbers; links as https://…"),
    ] = "text"
    align: Literal["left", "center", "right"] | None = None
    unit: Annotated[str, Meta(max_length=16, description="for money a currency code like EUR; else km, % …")] | None = (
        None
    )


class Table(Data, frozen=True, kw_only=True):
    columns: Annotated[list[Column], Meta(min_length=1, max_length=30)]
    rows: Annotated[
        list[dict[Key, Cell]], Meta(max_length=ROWS, description="each row: column key → value; null is an empty cell")
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
        keys = {column.key for column in data.columns}
        # Texts need no look: 10,000 rows with two columns of text, one of numbers and one of dates take 12 ms.
        typed = [column for column in data.columns if column.type != "text"]
        for at, row in enumerate(data.rows):
            if not row.keys() <= keys:
                issues += [
                    Issue(path=_place(at, key), text="No column has this key.") for key in row if key not in keys
                ]
            for column in typed:
                if (value := row.get(column.key)) is not None and (text := _wrong(value, column)):
                    issues.append(Issue(path=_place(at, column.key), text=text))
            if len(issues) > 20:  # a wrong column type breaks every row; twenty examples are enough to see it
                break
        if data.total is not None and data.total < len(data.rows):
            issues.append(Issue(path="/total", text=f"There are already {len(data.rows)} rows."))
        return issues


def _place(row: int, key: str) -> str:
    return f"/rows/{row}/{key.replace('~', '~0').replace('/', '~1')}"


def _wrong(value: Cell, column: Column) -> str:
    match column.type:
        case "number" | "money":
            if isinstance(value, bool | str):
                return f"Column {column.label!r} holds numbers."
        case "date":
            if not is_date(value):
                return f"Column {column.label!r} holds dates, like 2026-01-31."
        case "boolean":
            if not isinstance(value, bool):
                return f"Column {column.label!r} holds true or false."
        case "link":
            if not isinstance(value, str) or not value.startswith(("https://", "http://", "mailto:")):
                return f"Column {column.label!r} holds addresses, like https://example.com/page."
            return wrong_address(value)
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
