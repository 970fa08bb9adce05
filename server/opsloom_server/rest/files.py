"""``files``: what people attach to a message. Kept in the data folder, given back as a download, never shown."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import UploadFile
from starlette.responses import StreamingResponse

from opsloom_server.auth import Principal
from opsloom_server.errors import Budget, Invalid, NotFound, Unavailable
from opsloom_server.rest.access import Served, SignedIn
from opsloom_server.rest.limits import too_long
from opsloom_server.rest.media import media_type
from opsloom_server.rest.paging import CursorParam, LimitParam, Page, at_place, place, turn_page
from opsloom_server.rest.services import Services
from opsloom_server.store import files as store
from opsloom_server.store.files import FileRow
from opsloom_server.store.ids import new_id

__all__ = ["router"]

router = APIRouter(prefix="/files", tags=["files"])

PIECE = 262_144


class FileShown(BaseModel):
    """A file as messages name it; ``media_type`` is what its content looks like."""

    id: str
    name: str
    media_type: str
    bytes: int


class FilePage(Page):
    items: list[FileShown]


OPENAPI = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post("", status_code=status.HTTP_201_CREATED, openapi_extra=OPENAPI)
async def upload(request: Request, services: Served, principal: SignedIn) -> FileShown:
    """Keep a file (multipart, field `file`); a message then names it by `id`."""
    limit = services.settings.limits.upload_bytes
    async with request.form(max_files=1, max_fields=4, max_part_size=65_536) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid("There is no file in the form's field `file`.")
        size = file.size or 0
        if limit and size > limit:
            raise too_long(limit)
        if not size:
            raise Invalid("This file is empty.")
        async with services.database.transact(principal.workspace) as connection:
            await _demand_room(connection, services, principal, size)  # before anything is written
        key = new_id("fil")
        target = _place(services, principal.workspace, key)
        try:
            digest, head = await _write(file, target)
        except OSError as error:
            raise Unavailable(f"The file could not be kept: {error.strerror}.", retry_ms=10_000) from error
    name = "".join(one for one in (file.filename or "file") if one.isprintable())
    name = name.replace("\\", "/").rpartition("/")[2].strip()[:200] or "file"
    try:
        async with services.database.transact(principal.workspace) as connection:
            await _demand_room(connection, services, principal, size)
            row = await store.add(
                connection, principal.workspace, principal.user, key, name, media_type(head), size, digest
            )
    except BaseException:
        await asyncio.to_thread(target.unlink, missing_ok=True)
        raise
    return _shown(row)


@router.get("")
async def list_files(
    services: Served, principal: SignedIn, limit: LimitParam = 50, cursor: CursorParam = None
) -> FilePage:
    """List your own files, newest first."""
    async with services.database.transact(principal.workspace) as connection:
        rows = await store.page(connection, principal.user, limit + 1, at_place(cursor))
    shown, following = turn_page(rows, limit, lambda row: place(row.created_at, row.id))
    return FilePage(items=[_shown(row) for row in shown], cursor=following)


@router.get("/{file}", response_class=Response)
async def download(file: str, services: Served, principal: SignedIn) -> Response:
    """Return a file, as a download: a browser must not open a stranger's file on our origin."""
    row = await _found(services, principal.workspace, file)
    principal.demand_own(row.user)
    path = _place(services, principal.workspace, row.id)
    if not await asyncio.to_thread(path.is_file):
        raise NotFound
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name, safe='')}",
        "Content-Length": str(row.bytes),
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    }
    return StreamingResponse(_pieces(path), media_type=row.media_type, headers=headers)


@router.delete("/{file}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_file(file: str, services: Served, principal: SignedIn) -> None:
    """Delete a file; messages keep its name."""
    row = await _found(services, principal.workspace, file)
    principal.demand_own(row.user)
    async with services.database.transact(principal.workspace) as connection:
        await store.remove(connection, row.id)
    await asyncio.to_thread(_place(services, principal.workspace, row.id).unlink, missing_ok=True)


async def _demand_room(connection: AsyncConnection, services: Services, principal: Principal, size: int) -> None:
    """Raises Budget where a person's files would take up more than they may."""
    limits = services.settings.limits
    most = limits.visitor_files_bytes if principal.role == "visitor" else limits.user_files_bytes
    if most and await store.kept_by(connection, principal.user) + size > most:
        raise Budget(
            f"There is no room left for this file: yours may take up {most / 1_048_576:.0f} MiB together. "
            "Delete some that you do not need any more."
        )


async def _found(services: Services, workspace: str, file: str) -> FileRow:
    async with services.database.transact(workspace) as connection:
        row = await store.find(connection, file)
    if row is None:
        raise NotFound
    return row


def _place(services: Services, workspace: str, key: str) -> Path:
    """Return where a file's bytes lie: made of ids of ours alone, never of a name that somebody chose."""
    return services.files / workspace / key


async def _write(file: UploadFile, target: Path) -> tuple[bytes, bytes]:
    """Copy an upload (starlette keeps more than 1 MiB of it on disk); return its SHA-256 and its first bytes."""
    await asyncio.to_thread(target.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
    digest, head = hashlib.sha256(), b""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            while piece := await file.read(PIECE):
                head = head or piece[:4_096]
                digest.update(piece)
                await asyncio.to_thread(out.write, piece)
    except BaseException:
        await asyncio.to_thread(target.unlink, missing_ok=True)
        raise
    return digest.digest(), head


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as source:
        while piece := await asyncio.to_thread(source.read, PIECE):
            yield piece


def _shown(row: FileRow) -> FileShown:
    return FileShown(id=row.id, name=row.name, media_type=row.media_type, bytes=row.bytes)
