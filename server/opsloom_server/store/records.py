"""Usage by day, and the audit trail."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from sqlalchemy import and_, bindparam, func, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.ids import new_id
from opsloom_server.store.prepared import Prepared, Write
from opsloom_server.store.tables.records import audit, usage

__all__ = ["AuditRow", "UsageRow", "audit_page", "note", "usage_by_day", "usage_write"]


class UsageRow(Struct, frozen=True):
    """What one day cost with one model."""

    day: date
    assistant: str
    model: str
    turns: int
    input_tokens: int
    output_tokens: int
    cost: Decimal


class AuditRow(Struct, frozen=True):
    """Who did what to what, when."""

    id: str
    at: datetime
    user: str | None
    action: str
    subject: str
    detail: dict[str, Any]


def _adding() -> Any:
    """The statement, built once: a turn's end waits for it."""
    figures = ("turns", "input_tokens", "output_tokens", "cost")
    given: dict[str, Any] = {
        name: bindparam(name, type_=usage.c[name].type)
        for name in ("workspace_id", "user_id", "assistant_id", "model", *figures)
    }
    added = upsert(usage).values(day=func.timezone("UTC", func.now()).cast(usage.c.day.type), **given)
    sums = {name: usage.c[name] + added.excluded[name] for name in figures}
    keys = [usage.c[name] for name in ("workspace_id", "day", "user_id", "assistant_id", "model")]
    return added.on_conflict_do_update(index_elements=keys, set_=sums)


_ADD_USAGE = Prepared(_adding())


def usage_write(
    workspace: str,
    user: str,
    assistant: str,
    model: str,
    *,
    input_tokens: int,
    output_tokens: int,
    cost: float | None = None,
) -> Write:
    """What adds one turn to the figures of its day (UTC, the database's clock)."""
    return (
        _ADD_USAGE,
        {
            "workspace_id": workspace,
            "user_id": user,
            "assistant_id": assistant,
            "model": model,
            "turns": 1,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cost": Decimal(str(cost or 0)),
        },
    )


async def usage_by_day(connection: AsyncConnection, since: date, until: date) -> list[UsageRow]:
    """Return the figures of these days (both included), oldest first."""
    query = (
        select(
            usage.c.day,
            usage.c.assistant_id,
            usage.c.model,
            func.sum(usage.c.turns).cast(usage.c.turns.type),
            func.sum(usage.c.input_tokens).cast(usage.c.turns.type),
            func.sum(usage.c.output_tokens).cast(usage.c.turns.type),
            func.sum(usage.c.cost),
        )
        .where(usage.c.day.between(since, until))
        .group_by(usage.c.day, usage.c.assistant_id, usage.c.model)
        .order_by(usage.c.day, usage.c.assistant_id, usage.c.model)
    )
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
