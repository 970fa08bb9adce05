"""``usage`` and ``audit``."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from opsloom_server.errors import Invalid
from opsloom_server.rest.access import Admin, Member, Served
from opsloom_server.rest.paging import CursorParam, LimitParam, Page, at_place, place, turn_page
from opsloom_server.rest.texts import Moment
from opsloom_server.store import records as store

__all__ = ["router"]

router = APIRouter(tags=["records"])

LONGEST = timedelta(days=400)


class UsageShown(BaseModel):
    """One row of a report: what it is grouped by, and its figures.

    ``cached_tokens`` are part of ``input_tokens``, ``reasoning_tokens`` of ``output_tokens``. ``cost`` in US dollars
    lacks the ``unpriced_turns``: those used a model whose price is not known.
    """

    day: date | None = None
    assistant: str | None = None
    user: str | None = None
    model: str | None = None
    turns: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost: float
    unpriced_turns: int


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


@router.get("/usage", response_model_exclude_none=True)
async def get_usage(
    services: Served,
    principal: Member,
    since: Annotated[date | None, Query(alias="from", description="First day; else 30 days are shown")] = None,
    until: Annotated[date | None, Query(alias="to", description="Last day; else today")] = None,
    by: Annotated[list[store.By] | None, Query(description="One row for each of these; may be repeated")] = None,
    user: Annotated[str | None, Query(max_length=200, description="Admins: of this user alone")] = None,
) -> UsageList:
    """Return what was used, by day (UTC), assistant and model unless `by` says otherwise: of everybody for admins, your
    own for others."""
    last = until or datetime.now(UTC).date()
    first = since or last - timedelta(days=29)
    if not timedelta(0) <= last - first <= LONGEST:
        raise Invalid(f"Ask for at most {LONGEST.days} days, `from` not after `to`.")
    if user is not None:
        principal.demand_own(user)
    elif not principal.at_least("admin"):
        user = principal.user
    async with services.database.transact(principal.workspace) as connection:
        rows = await store.usage_report(connection, first, last, by or ("day", "assistant", "model"), user=user)
    return UsageList(
        items=[
            UsageShown(
                day=row.day,
                assistant=row.assistant,
                user=row.user,
                model=row.model,
                turns=row.turns,
                input_tokens=row.input_tokens,
                output_tokens=row.output_tokens,
                cached_tokens=row.cached_tokens,
                reasoning_tokens=row.reasoning_tokens,
                cost=float(row.cost),
                unpriced_turns=row.unpriced_turns,
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
