"""`sql`: a query with what it gave."""

from typing import Annotated

from msgspec import Meta
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind
from opsloom_blocks.table import TABLE, Column, Table


class Sql(Data, frozen=True, kw_only=True):
    query: Annotated[str, Meta(min_length=1, max_length=20_000)]
    title: Annotated[str, Meta(max_length=200, description="the question that it answers")] | None = None
    dialect: Annotated[str, Meta(max_length=40, description="like postgresql")] | None = None
    source: Annotated[str, Meta(max_length=200, description="the database it ran in")] | None = None
    data_source: (
        Annotated[str, Meta(max_length=200, description="the data source's id, where it can be run again")] | None
    ) = None
    result: Annotated[Table, Meta(description="the rows it gave")] | None = None
    error: Annotated[str, Meta(min_length=1, max_length=4000, description="what the database answered")] | None = None
    ms: Annotated[float, Meta(ge=0, description="how long it ran, milliseconds")] | None = None


class Run(Data, frozen=True, kw_only=True):
    """Run this query instead, in the same data source."""

    query: Annotated[str, Meta(min_length=1, max_length=20_000)]


class SqlKind(BlockKind[Sql]):
    kind = "sql"
    title = "Show a query"
    about = "Show a query and the rows that it gave, or the database's error. Only a query that a tool really ran."
    data = Sql
    example = Sql(
        title="Orders by month",
        dialect="postgresql",
        source="warehouse",
        query="SELECT month, count(*) AS orders\nFROM orders\nGROUP BY month",
        result=Table(
            columns=[Column(key="month", label="month"), Column(key="orders", label="orders", type="number")],
            rows=[{"month": "2026-01", "orders": 120}, {"month": "2026-02", "orders": 135}],
        ),
        ms=12.5,
    )
    actions = {"run": Run}  # noqa: RUF012
    handled = frozenset({"run"})

    def fallback(self, data: Sql) -> str:
        lines = [data.title] if data.title else []
        where = ", ".join(part for part in (data.dialect, data.source) if part)
        lines += [f"Query ({where}):" if where else "Query:", data.query]
        if data.result is not None:
            lines += ["Result:", TABLE.fallback(data.result)]
        if data.error:
            lines.append(f"Error: {data.error}")
        return "\n".join(lines)

    def summary(self, data: Sql, action: str, values: Run) -> str:
        return f"Ran this query:\n{values.query}"

    def check_action(self, data: Sql, action: str, values: Run) -> tuple[Run, list[Issue]]:
        if data.data_source is None:
            return values, [Issue(path="", text="This query belongs to no data source.")]
        if not values.query.strip():
            return values, [Issue(path="/query", text="Write a query.")]
        return Run(query=values.query.strip()), []

    def check(self, data: Sql) -> list[Issue]:
        if data.result is None:
            return []
        if data.error:
            return [Issue(path="/error", text="A query has rows or an error, not both.")]
        return [Issue(path=f"/result{issue.path}", text=issue.text) for issue in TABLE.check(data.result)]


SQL = SqlKind()
