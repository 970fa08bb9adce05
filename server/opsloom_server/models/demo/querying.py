"""The few questions that the demo model can put to the demo's shop: queries that were written before, and say so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

QUERY: Final = "query_data"
CHART: Final = "show_chart"
# Of another database nothing is known.
KNOWN_BY: Final = "shop.order_lines"


class Prepared(Struct, frozen=True):
    """A question with its query; `chart` is how its first two columns are drawn."""

    question: str
    pattern: re.Pattern[str]
    title: str
    sql: str
    chart: str

    def call(self) -> dict[str, Any]:
        return {"sql": self.sql, "title": self.title}

    def chart_of(self, value: Any) -> dict[str, Any] | None:
        """The arguments of `show_chart` for what the query gave."""
        rows = value.get("rows") if isinstance(value, Mapping) else None
        if not isinstance(rows, Sequence) or len(rows) < 2:
            return None
        return {
            "title": self.title,
            "type": self.chart,
            "labels": [str(row[0]) for row in rows],
            "series": [{"name": value["columns"][1], "values": [row[1] for row in rows]}],
        }


PREPARED: Final = (
    Prepared(
        "Show me sales by month",
        re.compile(
            r"\b(sales|revenue|turnover)\b.*\bmonth(s|ly)?\b|\bmonthly (sales|revenue|turnover)\b", re.IGNORECASE
        ),
        "Sales by month, 2025",
        "SELECT to_char(o.placed_on, 'YYYY-MM') AS month,\n"
        "       sum(l.quantity * l.price) AS revenue,\n"
        "       count(DISTINCT o.id) AS orders\n"
        "FROM shop.orders o\n"
        "JOIN shop.order_lines l ON l.order_id = o.id\n"
        "WHERE o.status <> 'cancelled'\n"
        "GROUP BY 1\n"
        "ORDER BY 1",
        "bar",
    ),
    Prepared(
        "Which products sell best?",
        re.compile(
            r"\bproducts?\b.*\bsell(s|ing)?\b.*\b(best|most)\b|\b(best|top)[ -]?sell(ing|ers?)\b|\btop products\b",
            re.IGNORECASE,
        ),
        "Products by revenue, 2025",
        "SELECT p.name AS product,\n"
        "       sum(l.quantity * l.price) AS revenue,\n"
        "       sum(l.quantity) AS sold\n"
        "FROM shop.order_lines l\n"
        "JOIN shop.orders o ON o.id = l.order_id AND o.status <> 'cancelled'\n"
        "JOIN shop.products p ON p.id = l.product_id\n"
        "GROUP BY p.name\n"
        "ORDER BY revenue DESC",
        "bar",
    ),
    Prepared(
        "Show me orders by country",
        re.compile(
            r"\b(orders?|sales|customers?|revenue)\b.*\b(by|per|from|each|which) (country|countries)\b", re.IGNORECASE
        ),
        "Orders by country, 2025",
        "SELECT c.country,\n"
        "       count(*) AS orders,\n"
        "       count(*) FILTER (WHERE o.status = 'returned') AS returned\n"
        "FROM shop.orders o\n"
        "JOIN shop.customers c ON c.id = o.customer_id\n"
        "GROUP BY c.country\n"
        "ORDER BY orders DESC",
        "bar",
    ),
)


def prepared(question: str) -> Prepared | None:
    """The query that was written for such a question."""
    return next((one for one in PREPARED if one.pattern.search(question)), None)
