"""Documents as they are handed in: a file, one ``{title, text}``, a list of them; each becomes a ``NewDocument``."""

import hashlib
from typing import Annotated, Any

import msgspec
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, TypeAdapter, ValidationError
from starlette.datastructures import UploadFile

from opsloom_server.errors import Invalid
from opsloom_server.fetching import FetchRefused, Networks, judge, target
from opsloom_server.rest.limits import too_long
from opsloom_server.rest.texts import Body, LongText, Name
from opsloom_server.store.knowledge import TITLE_CHARS, TO_FETCH, NewDocument

__all__ = ["OPENAPI", "TextDocument", "UrlDocument", "read"]

MOST = 1_000


class TextDocument(Body):
    """A text, plain or Markdown. ``url`` is where people find it; nothing is fetched."""

    title: Name
    text: Annotated[str, Field(min_length=1, max_length=20_000_000)]
    url: Annotated[LongText, Field(max_length=2_000)] | None = None


class UrlDocument(Body):
    """An address whose page, PDF or text is fetched. Without a ``title``, the document's own stands."""

    url: Annotated[LongText, Field(min_length=1, max_length=2_000)]
    title: Name | None = None


_ONE: TypeAdapter[TextDocument] = TypeAdapter(TextDocument)
_MANY: TypeAdapter[list[TextDocument]] = TypeAdapter(
    Annotated[list[TextDocument], Field(min_length=1, max_length=MOST)]
)
_URL: TypeAdapter[UrlDocument] = TypeAdapter(UrlDocument)

OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}, "title": {"type": "string"}},
                }
            },
            "application/json": {
                "schema": {
                    "oneOf": [
                        TextDocument.model_json_schema(),
                        UrlDocument.model_json_schema(),
                        {"type": "array", "maxItems": MOST, "items": TextDocument.model_json_schema()},
                    ]
                }
            },
        },
    }
}


async def read(request: Request, limit: int, networks: Networks) -> tuple[list[NewDocument], bool]:
    """Read what a request hands in, and whether it was a list. Raises Invalid, TooLong, RequestValidationError.

    ``limit`` bounds a file, and a text, in bytes (0: no bound); ``networks`` may be fetched from though not public.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return [await _file(request, limit)], False
    if kind != "application/json":
        raise Invalid(
            "Send a file as multipart/form-data (field `file`), or {title, text} or {url} as application/json."
        )
    try:
        body = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, UnicodeError):
        raise Invalid("The body is not JSON.") from None
    try:
        if isinstance(body, list):
            return [_text(one, limit) for one in _MANY.validate_python(body)], True
        if isinstance(body, dict) and "url" in body and "text" not in body:
            return [_address(_URL.validate_python(body), networks)], False
        return [_text(_ONE.validate_python(body), limit)], False
    except ValidationError as error:
        raise RequestValidationError(
            [one | {"loc": ("body", *one["loc"])} for one in error.errors(include_url=False, include_context=False)]
        ) from None


def _address(one: UrlDocument, networks: Networks) -> NewDocument:
    """What is to be fetched. What can be told from the address alone is told at once; the worker looks at the rest."""
    try:
        wanted = target(one.url)
        if wanted.literal is not None:
            judge(wanted.literal, wanted.port, networks)
    except FetchRefused as error:
        raise Invalid(error.text) from None
    url = str(wanted.url)
    return NewDocument(title=one.title or url[:TITLE_CHARS], source=b"", media_type=TO_FETCH, url=url)


async def _file(request: Request, limit: int) -> NewDocument:
    async with request.form(max_files=1, max_fields=4, max_part_size=65_536) as form:
        file, title = form.get("file"), form.get("title")
        if not isinstance(file, UploadFile):
            raise Invalid("There is no file in the form's field `file`.")
        if limit and (file.size or 0) > limit:
            raise too_long(limit)
        data = await file.read()
        name = _clean(file.filename or "")
        if not data:
            raise Invalid(f"The file {name or 'that you sent'} is empty. Send one with text in it.")
        shown = _clean(title) if isinstance(title, str) else ""
        return NewDocument(
            title=shown or name or "Document",
            source=data,
            # A title that was given stands; a file's name gives way to the title that stands in the document.
            media_type="application/octet-stream" if shown else None,
            sha256=hashlib.sha256(data).hexdigest(),
        )


def _text(one: TextDocument, limit: int) -> NewDocument:
    try:
        data = one.text.encode()
    except UnicodeEncodeError:
        raise Invalid("The text holds half of a surrogate pair, which is no character.") from None
    if limit and len(data) > limit:
        raise too_long(limit)
    if not one.text.strip():
        raise Invalid(f"The text of “{one.title}” is empty. Send some words with it.")
    return NewDocument(
        title=one.title,
        source=data,
        media_type="text/markdown",
        url=one.url,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _clean(text: str) -> str:
    """A name fit to be stored and shown: one line, no path, at most 200 characters."""
    kept = "".join(character for character in text if character.isprintable())
    return kept.replace("\\", "/").rpartition("/")[2].strip()[:200]
