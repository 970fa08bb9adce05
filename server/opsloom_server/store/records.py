"""Usage by day, and the audit trail."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct
from opsloom_protocol.messages import Usage
from sqlalchemy import and_, bindparam, func, insert, null, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.ids import new_id
from opsloom_server.store.prepared import Prepared, Write
from opsloom_server.store.tables.records import audit, usage

__all__ = ["AuditRow", "By", "UsageRow", "audit_page", "note", "usage_report", "usage_write"]


By = Literal["day", "assistant", "user", "model"]


class UsageRow(Struct, frozen=True):
    """What one row of a report says: the columns that it is grouped by, the others are None.

    `cost` in US dollars lacks `unpriced_turns`: those used tokens of a model without a known price.
    """

    day: date | None
    assistant: str | None
    user: str | None
    model: str | None
    turns: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost: Decimal
    unpriced_turns: int


class AuditRow(Struct, frozen=True):
    """Who did what to what, when."""

    id: str
    at: datetime
    user: str | None
    action: str
    subject: str
    detail: dict[str, Any]


_FIGURES = (
    "turns",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cost",
    "unpriced_turns",
)


def _adding() -> Any:
    """The statement, built once: a turn's end waits for it."""
    given: dict[str, Any] = {
        name: bindparam(name, type_=usage.c[name].type)
        for name in ("workspace_id", "user_id", "assistant_id", "model", *_FIGURES)
    }
    added = upsert(usage).values(day=func.timezone("UTC", func.now()).cast(usage.c.day.type), **given)
    sums = {name: usage.c[name] + added.excluded[name] for name in _FIGURES}
    keys = [usage.c[name] for name in ("workspace_id", "day", "user_id", "assistant_id", "model")]
    return added.on_conflict_do_update(index_elements=keys, set_=sums)


_ADD_USAGE = Prepared(_adding())


def usage_write(
    workspace: str,
    user: str,
    assistant: str,
    model: str,
    used: Usage,
) -> Write:
    """What adds one turn to the figures of its day (UTC, the database's clock). Without a `cost` its price is not
    known."""
    return (
        _ADD_USAGE,
        {
            "workspace_id": workspace,
            "user_id": user,
            "assistant_id": assistant,
            "model": model,
            "turns": 1,
            "input_tokens": used.input_tokens,
            "output_tokens": used.output_tokens,
            "cached_tokens": used.cached_tokens,
            "reasoning_tokens": used.reasoning_tokens,
            # Eight places, as the column has: what is below a hundred-millionth of a dollar is nothing.
            "cost": Decimal(f"{used.cost or 0:.8f}"),
            "unpriced_turns": int(used.cost is None and used.input_tokens + used.output_tokens > 0),
        },
    )


async def usage_report(
    connection: AsyncConnection, since: date, until: date, by: Sequence[By], *, user: str | None = None
) -> list[UsageRow]:
    """Return the figures of these days (both included), one row for each combination of `by`, days first and oldest
    first; of one `user`, or of all."""
    columns = {"day": usage.c.day, "assistant": usage.c.assistant_id, "user": usage.c.user_id, "model": usage.c.model}
    keys = [columns[name] for name in columns if name in by]
    query = (
        select(
            *(column if name in by else null().label(name) for name, column in columns.items()),
            *(func.sum(usage.c[name]).cast(usage.c[name].type) for name in _FIGURES),
        )
        .where(usage.c.day.between(since, until))
        .group_by(*keys)
        .order_by(*keys)
    )
    if user is not None:
        query = query.where(usage.c.user_id == user)
    return [UsageRow(*row) for row in (await connection.execute(query)).all()]


async def note(
    connection: AsyncConnection, workspace: str, by: str | None, action: str, subject: str, /, **detail: Any
) -> None:
    """Write down what somebody did; in the same transaction, so that it is there exactly when the deed is."""
    await connection.execute(
        insert(audit).values(
            id=new_id("aud"), workspace_id=workspace, user_id=by, action=action, subject=subject, detail=detail
        )
    )


async def audit_page(connection: AsyncConnection, limit: int, after: tuple[datetime, str] | None) -> list[AuditRow]:
    """Return the trail, newest first, after a place in that order."""
    query = (
        select(audit.c.id, audit.c.at, audit.c.user_id, audit.c.action, audit.c.subject, audit.c.detail)
        .order_by(audit.c.at.desc(), audit.c.id.desc())
        .limit(limit)
    )
    if after is not None:
        at, last = after
        query = query.where(or_(audit.c.at < at, and_(audit.c.at == at, audit.c.id < last)))
    return [AuditRow(*row) for row in (await connection.execute(query)).all()]
