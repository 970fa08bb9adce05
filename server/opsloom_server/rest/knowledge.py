"""``knowledge-bases``, and search in one."""

from typing import Annotated

from fastapi import APIRouter, status
from pydantic import BaseModel, Field

from opsloom_server.auth import Principal
from opsloom_server.errors import Invalid, NotFound
from opsloom_server.rest.access import Admin, Member, Served
from opsloom_server.rest.paging import CursorParam, LimitParam, Page, at_word, turn_page, word
from opsloom_server.rest.services import Services
from opsloom_server.rest.texts import Body, LongText, Moment, Name
from opsloom_server.store import knowledge as store
from opsloom_server.store import records
from opsloom_server.store.knowledge import BaseRow

__all__ = ["found_base", "may_read_base", "router"]

router = APIRouter(prefix="/knowledge-bases", tags=["knowledge"])

# What a knowledge base without vectors is written down as, until an embedder is there.
NO_EMBEDDER = "none"


class BaseWish(Body):
    """``embedder``: the server's own, and no other, can fill and search it."""

    name: Name
    embedder: Name | None = None


class BaseChange(Body):
    name: Name


class BaseShown(BaseModel):
    """A knowledge base; ``documents`` in all, of which ``ready`` can be found and ``failed`` could not be read."""

    id: str
    name: str
    embedder: str
    created_at: Moment
    documents: int
    ready: int
    failed: int

    @classmethod
    def of(cls, row: BaseRow) -> "BaseShown":
        return cls(
            id=row.id,
            name=row.name,
            embedder=row.embedder,
            created_at=row.created_at,
            documents=row.documents,
            ready=row.ready,
            failed=row.failed,
        )


class BasePage(Page):
    items: list[BaseShown]


class SearchWish(Body):
    query: Annotated[LongText, Field(min_length=1, max_length=10_000)]
    limit: Annotated[int, Field(ge=1, le=50)] = 8


class Found(BaseModel):
    """A passage: ``text`` is the document's stored text from ``start`` to ``end`` (code points)."""

    chunk: str
    document: str
    title: str
    text: str
    score: float
    start: int
    end: int
    page: int | None = None
    url: str | None = None


class SearchResults(BaseModel):
    """Passages, best first. ``notice`` says where search has to go by words alone."""

    results: list[Found]
    notice: str | None = None


@router.get("")
async def list_bases(
    services: Served, principal: Member, limit: LimitParam = 50, cursor: CursorParam = None
) -> BasePage:
    """List the knowledge bases by name."""
    async with services.database.transact(principal.workspace) as connection:
        rows = await store.base_page(connection, limit + 1, at_word(cursor))
    # After the transaction: a request that holds one connection must not wait for a second.
    readable = [row for row in rows[:limit] if await may_read_base(services, principal, row.id)]
    _, following = turn_page(rows, limit, lambda row: word(row.name))
    return BasePage(items=[BaseShown.of(row) for row in readable], cursor=following)


@router.post("", status_code=status.HTTP_201_CREATED)
async def make_base(wish: BaseWish, services: Served, principal: Admin) -> BaseShown:
    """Make a knowledge base."""
    embedder = services.knowledge.embedder
    own = NO_EMBEDDER if embedder is None else embedder.name
    if wish.embedder not in (None, own, services.settings.embedder):
        raise Invalid(f"This server embeds with “{own}”; set OPSLOOM_EMBEDDER to change that.")
    async with services.database.transact(principal.workspace) as connection:
        row = await store.create_base(connection, principal.workspace, wish.name, own)
        await records.note(connection, principal.workspace, principal.user, "knowledge.create", row.id, name=row.name)
    return BaseShown.of(row)


@router.get("/{base}")
async def get_base(base: str, services: Served, principal: Member) -> BaseShown:
    """Return a knowledge base, by id or name."""
    return BaseShown.of(await found_base(services, principal, base))


@router.patch("/{base}")
async def rename_base(base: str, wish: BaseChange, services: Served, principal: Admin) -> BaseShown:
    """Rename a knowledge base."""
    row = await found_base(services, principal, base)
    async with services.database.transact(principal.workspace) as connection:
        await store.rename_base(connection, row.id, wish.name)
    return BaseShown.of(await found_base(services, principal, row.id))


@router.delete("/{base}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_base(base: str, services: Served, principal: Admin) -> None:
    """Delete a knowledge base with all its documents."""
    row = await found_base(services, principal, base)
    if not await services.knowledge.remove_base(principal.workspace, row.id):
        raise NotFound
    async with services.database.transact(principal.workspace) as connection:
        await records.note(connection, principal.workspace, principal.user, "knowledge.delete", row.id, name=row.name)


@router.post("/{base}/search", response_model_exclude_none=True)
async def search(base: str, wish: SearchWish, services: Served, principal: Member) -> SearchResults:
    """Find passages as an assistant does: by meaning and by words."""
    row = await found_base(services, principal, base)
    passages = await services.knowledge.search(principal.workspace, [row.id], wish.query, wish.limit)
    results = [
        Found(
            chunk=one.chunk,
            document=one.document,
            title=one.title,
            text=one.text,
            score=one.score,
            start=one.start,
            end=one.end,
            page=one.page,
            url=one.url,
        )
        for one in passages
    ]
    return SearchResults(results=results, notice=services.knowledge.notice)


async def found_base(services: Services, principal: Principal, name: str) -> BaseRow:
    """Return the knowledge base if it is theirs to read. Raises NotFound."""
    async with services.database.transact(principal.workspace) as connection:
        row = await store.find_base(connection, name)
    if row is None or not await may_read_base(services, principal, row.id):
        raise NotFound
    return row


async def may_read_base(services: Services, principal: Principal, base: str) -> bool:
    """Whether they may read what lies in a knowledge base.

    Members: yes. Others, and keys that are narrowed to assistants: where an assistant that they may talk to uses it,
    for its answers quote it.
    """
    if principal.at_least("member") and principal.assistants is None:
        return True
    async with services.database.transact(principal.workspace) as connection:
        return await store.readable_by(connection, base, only=principal.assistants)
