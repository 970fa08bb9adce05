"""What was used today and this month, for budgets: one statement, over rows that are summed by day already."""

from datetime import date
from typing import Final

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.engine import driver_of
from opsloom_server.store.prepared import Prepared

__all__ = ["SCOPES", "Spent", "spent"]

# By whom something was used, and in which period: what may be limited.
SCOPES: Final = {
    "user_day": "day = today AND user_id = :user",
    "assistant_user_day": "day = today AND user_id = :user AND assistant_id = :assistant",
    "assistant_day": "day = today AND assistant_id = :assistant",
    "assistant_month": "assistant_id = :assistant",
    "workspace_day": "day = today",
    "workspace_month": "true",
}


class Spent(Struct, frozen=True):
    """Tokens and US dollars by scope, as of `today` (UTC, the database's clock), and when today and this month are
    over, in seconds."""

    today: date
    day_left: float
    month_left: float
    tokens: dict[str, int]
    money: dict[str, float]


def _statement(rows: str) -> Prepared:
    """The sums over the rows since `first`; `rows` narrows them down further."""
    sums = ", ".join(
        f"coalesce(sum(input_tokens + output_tokens) FILTER (WHERE {which}), 0)::bigint AS {name}_tokens, "
        f"coalesce(sum(cost) FILTER (WHERE {which}), 0)::float8 AS {name}_money"
        for name, which in SCOPES.items()
    )
    return Prepared(
        text(
            f"""
            WITH clock AS (SELECT timezone('UTC', now()) AS at),
            used AS (
                SELECT usage.*, at::date AS today FROM usage, clock
                WHERE day >= CASE WHEN cast(:monthly AS boolean) THEN date_trunc('month', at)::date ELSE at::date END
                  AND day <= at::date AND {rows}
            )
            SELECT at::date AS today,
                   extract(epoch FROM date_trunc('day', at) + interval '1 day' - at)::float8 AS day_left,
                   extract(epoch FROM date_trunc('month', at) + interval '1 month' - at)::float8 AS month_left,
                   used.* FROM clock, (SELECT {sums} FROM used) AS used
            """  # noqa: S608 - the parts are those above
        )
    )


_ALL: Final = _statement("true")
# The unique key begins with workspace, day and user: where only people's own use is limited, theirs alone is read.
_OWN: Final = _statement("user_id = :user")


async def spent(
    connection: AsyncConnection, user: str, assistant: str, *, monthly: bool = False, own: bool = False
) -> Spent:
    """Sum up what a user, an assistant and the workspace have used. `monthly`: the month's figures are wanted too;
    `own`: only the user's are."""
    values = {"user": user, "assistant": assistant, "monthly": monthly}
    row = await (_OWN if own else _ALL).one(driver_of(connection), values)
    assert row is not None
    return Spent(
        row["today"],
        row["day_left"],
        row["month_left"],
        {name: row[f"{name}_tokens"] for name in SCOPES},
        {name: row[f"{name}_money"] for name in SCOPES},
    )
