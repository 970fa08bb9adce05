"""``usage`` and ``audit``."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from opsloom_server.errors import Invalid
from opsloom_server.rest.access import Admin, Served
from opsloom_server.rest.paging import CursorParam, LimitParam, Page, at_place, place, turn_page
from opsloom_server.rest.texts import Moment
from opsloom_server.store import records as store

__all__ = ["router"]

router = APIRouter(tags=["records"])

LONGEST = timedelta(days=400)


class UsageShown(BaseModel):
    """A day's figures of one assistant with one model; ``cost`` in US dollars, as far as prices are known."""

    day: date
    assistant: str
    model: str
    turns: int
    input_tokens: int
    output_tokens: int
    cost: float


class UsageList(BaseModel):
    items: list[UsageShown]


class AuditShown(BaseModel):
    """Who did what to what."""

    id: str
    at: Moment
    user: str | None
    action: str
    subject: str
    detail: dict[str, Any]


class AuditPage(Page):
    items: list[AuditShown]


@router.get("/usage")
async def get_usage(
    services: Served, principal: Admin, since: date | None = None, until: date | None = None
) -> UsageList:
    """Return what was used, by day (UTC), assistant and model; by default the last 30 days."""
    last = until or datetime.now(UTC).date()
    first = since or last - timedelta(days=29)
    if not timedelta(0) <= last - first <= LONGEST:
        raise Invalid(f"Ask for at most {LONGEST.days} days, `since` not after `until`.")
    async with services.database.transact(principal.workspace) as connection:
        rows = await store.usage_by_day(connection, first, last)
    return UsageList(
        items=[
            UsageShown(
                day=row.day,
                assistant=row.assistant,
                model=row.model,
                turns=row.turns,
                input_tokens=row.input_tokens,
                output_tokens=row.output_tokens,
                cost=float(row.cost),
            )
            for row in rows
        ]
    )


@router.get("/audit")
async def get_audit(
    services: Served, principal: Admin, limit: LimitParam = 50, cursor: CursorParam = None
) -> AuditPage:
    """Return who changed what, newest first."""
    async with services.database.transact(principal.workspace) as connection:
        rows = await store.audit_page(connection, limit + 1, at_place(cursor))
    shown, following = turn_page(rows, limit, lambda row: place(row.at, row.id))
    items = [
        AuditShown(id=row.id, at=row.at, user=row.user, action=row.action, subject=row.subject, detail=row.detail)
        for row in shown
    ]
    return AuditPage(items=items, cursor=following)
