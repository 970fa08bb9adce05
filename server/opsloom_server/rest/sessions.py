"""``sessions``, their messages, and ``messages/{id}/feedback``."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Response, status
from opsloom_protocol.messages import FeedbackMark, Message
from pydantic import BaseModel, Field

from opsloom_server.auth import Principal
from opsloom_server.errors import NotFound
from opsloom_server.rest.access import Served, SignedIn
from opsloom_server.rest.markdown import transcript
from opsloom_server.rest.paging import CursorParam, LimitParam, Page, at_place, place, turn_page
from opsloom_server.rest.services import Services
from opsloom_server.rest.texts import Body, LongText, Moment, Name
from opsloom_server.store import records
from opsloom_server.store import sessions as store
from opsloom_server.store.conversations import find_session, messages_by_id, path, rfc3339
from opsloom_server.store.sessions import ListedSession

__all__ = ["router"]

router = APIRouter(tags=["sessions"])

# An export holds at most so many messages; a conversation of a year of working days is some 5,000.
EXPORTED = 10_000


class SessionShown(BaseModel):
    """A conversation; ``assistant`` is the slug. ``draft``: it tries that one's draft."""

    id: str
    title: str | None
    assistant: str
    user: str
    created_at: Moment
    updated_at: Moment
    draft: bool

    @classmethod
    def of(cls, row: ListedSession) -> "SessionShown":
        return cls(
            id=row.id,
            title=row.title,
            assistant=row.assistant,
            user=row.user,
            created_at=row.created_at,
            updated_at=row.updated_at,
            draft=row.draft,
        )


class SessionPage(Page):
    items: list[SessionShown]


class TitleWish(Body):
    title: Name


class FeedbackWish(Body):
    """``value``: 1 good, -1 bad, 0 takes it back."""

    value: Literal[-1, 0, 1]
    comment: Annotated[LongText, Field(max_length=4_000)] | None = None


class MessagePage(msgspec.Struct):
    """The protocol's own messages, oldest first; ``more``: there are older ones."""

    items: list[Message]
    more: bool


@router.get("/sessions")
async def list_sessions(
    services: Served,
    principal: SignedIn,
    limit: LimitParam = 50,
    cursor: CursorParam = None,
    q: Annotated[str | None, Query(max_length=200, description="Words in the title or in what was written")] = None,
    assistant: Annotated[str | None, Query(max_length=200, description="With this assistant (slug or id)")] = None,
    user: Annotated[str | None, Query(max_length=200, description="Admins: somebody else's, or `all`")] = None,
) -> SessionPage:
    """List conversations, the last used first: your own, or, for who runs the workspace, others'."""
    whose: str | None = principal.user
    if user is not None and user != principal.user:
        principal.demand_own(user)
        whose = None if user == "all" else user
    async with services.database.transact(principal.workspace) as connection:
        rows = await store.page(
            connection, limit + 1, at_place(cursor), user=whose, assistant=assistant, words=q.strip() if q else None
        )
    shown, following = turn_page(rows, limit, lambda row: place(row.updated_at, row.id))
    return SessionPage(items=[SessionShown.of(row) for row in shown], cursor=following)


@router.get("/sessions/{session}")
async def get_session(session: str, services: Served, principal: SignedIn) -> SessionShown:
    """Return a conversation's head."""
    return SessionShown.of(await _found(services, principal, session))


@router.patch("/sessions/{session}")
async def rename_session(session: str, wish: TitleWish, services: Served, principal: SignedIn) -> SessionShown:
    """Give a conversation another title; whoever has it open sees it change."""
    await _found(services, principal, session)
    await services.hub.rename(principal.workspace, session, wish.title)
    return SessionShown.of(await _found(services, principal, session))


@router.delete("/sessions/{session}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_session(session: str, services: Served, principal: SignedIn) -> None:
    """Delete a conversation: gone at once for everybody, and within hours from the database."""
    row = await _found(services, principal, session)
    async with services.database.transact(principal.workspace) as connection:
        if not await store.mark_deleted(connection, session):
            raise NotFound
        if row.user != principal.user:
            await records.note(
                connection, principal.workspace, principal.user, "session.delete", session, user=row.user
            )
    await services.hub.deleted(principal.workspace, session)


@router.get("/sessions/{session}/messages", response_class=Response)
async def list_messages(
    session: str,
    services: Served,
    principal: SignedIn,
    limit: LimitParam = 50,
    before: Annotated[str | None, Query(max_length=200, description="Messages older than this one")] = None,
) -> Response:
    """Return `{items: [Message], more}`: the messages on the path that people see, oldest first."""
    await _found(services, principal, session)
    async with services.database.transact(principal.workspace) as connection:
        row = await find_session(connection, session)
        if row is None:
            raise NotFound
        leaf = row.leaf
        if before is not None:
            known = (await messages_by_id(connection, session, [before])).get(before)
            if known is None:
                raise NotFound
            leaf = known.parent
        items, more = await path(connection, session, leaf, limit)
    return _json(MessagePage(items, more))


@router.get("/sessions/{session}/export", response_class=Response)
async def export_session(
    session: str,
    services: Served,
    principal: SignedIn,
    form: Annotated[Literal["json", "md"], Query(alias="format")] = "json",
) -> Response:
    """Return the conversation as a file: `json` with the protocol's messages, or `md` to read."""
    row = await _found(services, principal, session)
    async with services.database.transact(principal.workspace) as connection:
        found = await find_session(connection, session)
        items, more = await path(connection, session, None if found is None else found.leaf, EXPORTED)
    headers = {"Content-Disposition": f'attachment; filename="conversation-{_plain(session)}.{form}"'}
    if form == "md":
        return Response(transcript(row.title, items), media_type="text/markdown; charset=utf-8", headers=headers)
    body = {
        "session": SessionShown.of(row).model_dump(),
        "exported_at": rfc3339(datetime.now(UTC)),
        "messages": items,
        "more": more,
    }
    response = _json(body)
    response.headers.update(headers)
    return response


@router.post("/messages/{message}/feedback")
async def give_feedback(message: str, wish: FeedbackWish, services: Served, principal: SignedIn) -> FeedbackWish:
    """Say whether an answer was good. Whoever has the conversation open sees the mark."""
    async with services.database.transact(principal.workspace) as connection:
        row = await store.session_of_message(connection, message)
    if row is None:
        raise NotFound
    principal.demand_own(row.user)
    await services.hub.feedback(
        principal.workspace, row.id, message, FeedbackMark(value=wish.value, comment=wish.comment)
    )
    return wish


async def _found(services: Services, principal: Principal, session: str) -> ListedSession:
    """Return the conversation if it is theirs to see. Raises NotFound."""
    async with services.database.transact(principal.workspace) as connection:
        row = await store.find(connection, session)
    if row is None:
        raise NotFound
    principal.demand_own(row.user)
    return row


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _plain(key: str) -> str:
    return "".join(character for character in key if character.isalnum())[-12:]
