"""``knowledge-bases/{id}/documents`` and ``documents/{id}``: what assistants know, and where their words stand."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, status
from pydantic import BaseModel

from opsloom_server.auth import Principal
from opsloom_server.errors import Invalid, NotFound
from opsloom_server.rest.access import Admin, Member, Served, SignedIn
from opsloom_server.rest.intake import OPENAPI, read
from opsloom_server.rest.knowledge import found_base, may_read_base
from opsloom_server.rest.paging import CursorParam, LimitParam, Page, at_place, place, turn_page
from opsloom_server.rest.services import Services
from opsloom_server.rest.texts import Moment
from opsloom_server.store import knowledge as store
from opsloom_server.store import records
from opsloom_server.store.knowledge import DocumentRow

__all__ = ["router"]

router = APIRouter(tags=["knowledge"])

# A panel shows a page or two; a program that wants it all asks again.
WINDOW = 4_000
LARGEST_WINDOW = 200_000


class Failure(BaseModel):
    """Why a document could not be read, and what to do."""

    code: str
    text: str


class DocumentShown(BaseModel):
    """A document. ``progress`` is 0 to 1; ``error`` stands where ``status`` is ``failed``."""

    id: str
    knowledge_base: str
    title: str
    url: str | None = None
    media_type: str | None = None
    bytes: int
    sha256: str | None = None
    status: Literal["queued", "working", "ready", "failed"]
    progress: float
    error: Failure | None = None
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, row: DocumentRow) -> "DocumentShown":
        failed = row.error if row.status == "failed" else None
        return cls.model_validate(
            {
                "id": row.id,
                "knowledge_base": row.knowledge_base,
                "title": row.title,
                "url": row.url,
                # What was written down before the document was read is a mark for the worker, no finding.
                "media_type": row.media_type if row.status == "ready" else None,
                "bytes": row.bytes,
                "sha256": row.sha256,
                "status": row.status,
                "progress": row.progress,
                "error": failed and {"code": failed.get("code", "failed"), "text": failed.get("text", "")},
                "created_at": row.created_at,
                "updated_at": row.updated_at,
            }
        )


class DocumentPage(Page):
    items: list[DocumentShown]


class DocumentsTaken(BaseModel):
    """What became of a list, in its order."""

    items: list[DocumentShown]


class TextShown(BaseModel):
    """A stretch of a document's stored text: ``start`` and ``end`` are code points, ``length`` is that of the whole."""

    document: str
    title: str
    url: str | None = None
    text: str
    start: int
    end: int
    length: int


@router.post(
    "/knowledge-bases/{base}/documents",
    status_code=status.HTTP_202_ACCEPTED,
    response_model_exclude_none=True,
    openapi_extra=OPENAPI,
)
async def add_documents(
    base: str, request: Request, services: Served, principal: Admin
) -> DocumentShown | DocumentsTaken:
    """Hand in a file (multipart, field `file`), a `{url}` to fetch, one `{title, text}`, or a list of up to 1,000.

    The answer comes at once; `GET documents/{id}` tells how far the reading is.
    """
    row = await found_base(services, principal, base)
    settings = services.settings
    new, many = await read(request, settings.limits.upload_bytes, settings.fetch_networks)
    async with services.database.transact(principal.workspace) as connection:
        rows = await store.add_documents(connection, principal.workspace, row.id, new)
        await records.note(
            connection, principal.workspace, principal.user, "documents.add", row.id, count=len(rows), first=rows[0].id
        )
    services.worker.wake(principal.workspace)
    shown = [DocumentShown.of(one) for one in rows]
    return DocumentsTaken(items=shown) if many else shown[0]


@router.get("/knowledge-bases/{base}/documents", response_model_exclude_none=True)
async def list_documents(
    base: str,
    services: Served,
    principal: Member,
    limit: LimitParam = 50,
    cursor: CursorParam = None,
    status: Literal["queued", "working", "ready", "failed"] | None = None,
) -> DocumentPage:
    """List a knowledge base's documents, newest first."""
    row = await found_base(services, principal, base)
    async with services.database.transact(principal.workspace) as connection:
        rows = await store.document_page(connection, row.id, limit + 1, at_place(cursor), status)
    shown, following = turn_page(rows, limit, lambda one: place(one.created_at, one.id))
    return DocumentPage(items=[DocumentShown.of(one) for one in shown], cursor=following)


@router.get("/documents/{document}", response_model_exclude_none=True)
async def get_document(document: str, services: Served, principal: SignedIn) -> DocumentShown:
    """Tell how far a document is. A visitor may ask where a public assistant answers from it."""
    return DocumentShown.of(await _found(services, principal, document))


@router.get("/documents/{document}/text", response_model_exclude_none=True)
async def get_text(
    document: str,
    services: Served,
    principal: SignedIn,
    start: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
    end: Annotated[int | None, Query(ge=0, le=1_000_000_000)] = None,
) -> TextShown:
    """Return the text that a source's `start` and `end` point into: a window of it, by default 4,000 code points."""
    row = await _found(services, principal, document)
    until = start + WINDOW if end is None else end
    if until < start or until - start > LARGEST_WINDOW:
        raise Invalid(f"Ask for at most {LARGEST_WINDOW:,} characters, with `end` not before `start`.")
    async with services.database.transact(principal.workspace) as connection:
        window = await store.text_window(connection, document, start, until)
    if window is None:
        raise NotFound
    return TextShown(
        document=row.id,
        title=row.title,
        url=row.url,
        text=window.text,
        start=window.start,
        end=window.end,
        length=window.length,
    )


@router.delete("/documents/{document}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_document(document: str, services: Served, principal: Admin) -> None:
    """Delete a document; nothing is found in it from now on."""
    row = await _found(services, principal, document)
    if not await services.knowledge.remove(principal.workspace, row.id):
        raise NotFound
    async with services.database.transact(principal.workspace) as connection:
        await records.note(connection, principal.workspace, principal.user, "documents.delete", row.id, title=row.title)


async def _found(services: Services, principal: Principal, document: str) -> DocumentRow:
    """Return the document if it is theirs to read. Raises NotFound."""
    async with services.database.transact(principal.workspace) as connection:
        row = await store.find_document(connection, document)
    if row is None or not await may_read_base(services, principal, row.knowledge_base):
        raise NotFound
    return row
