"""What a server answered, as plain values, and how much of it a model and people are told."""

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import mcp_types as types
import msgspec
from msgspec import Struct

__all__ = ["Answered", "Page", "Picture", "answered", "page_of", "read_out"]

PICTURES: Final = 4
"""Of one answer."""
_PICTURE_TYPES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")


class Picture(Struct, frozen=True):
    media_type: str
    data: bytes


class Answered(Struct, frozen=True, kw_only=True):
    """An answer of a tool or the contents of a resource. `structured` is None where there is none."""

    text: str = ""
    structured: Any = None
    pictures: tuple[Picture, ...] = ()
    resources: tuple[dict[str, str], ...] = ()
    error: bool = False


class Page(Struct, frozen=True, kw_only=True):
    """A page of an app (`ui://`): its HTML, and what it asks to reach."""

    html: str
    connect: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


def answered(result: types.CallToolResult, scrub: Callable[[str], str]) -> Answered:
    """`scrub` takes out what is nobody's to see."""
    texts: list[str] = []
    pictures: list[Picture] = []
    resources: list[dict[str, str]] = []
    for block in result.content:
        match block:
            case types.TextContent(text=text):
                texts.append(scrub(text))
            case types.ImageContent(data=data, mime_type=kind):
                texts += _pictured(data, kind, pictures)
            case types.EmbeddedResource(resource=resource):
                texts += _contents(resource, pictures, scrub)
            case types.ResourceLink():
                resources.append(_linked(block, scrub))
            case _:
                texts.append(f"({block.type} was left out: it cannot be shown here.)")
    structured = result.structured_content
    if structured is not None:
        structured = _scrubbed(structured, scrub)
        # The same again as text is what the protocol asks of servers, for clients of before.
        texts = [text for text in texts if _parsed(text) != structured]
    return Answered(
        text="\n\n".join(texts),
        structured=structured,
        pictures=tuple(pictures),
        resources=tuple(resources[:100]),
        error=bool(result.is_error),
    )


def read_out(result: types.ReadResourceResult, scrub: Callable[[str], str]) -> Answered:
    """The contents of a resource."""
    pictures: list[Picture] = []
    texts = [text for one in result.contents for text in _contents(one, pictures, scrub)]
    return Answered(text="\n\n".join(texts), pictures=tuple(pictures))


def page_of(result: types.ReadResourceResult) -> Page | None:
    """The first page of a resource that is an app's; None where there is none."""
    for one in result.contents:
        html = one.text if isinstance(one, types.TextResourceContents) else _decoded(one.blob).decode(errors="replace")
        if not html.strip() or not (one.mime_type or "text/html").startswith("text/html"):
            continue
        meta = (one.meta or {}).get("ui")
        csp = meta.get("csp") if isinstance(meta, dict) else None
        csp = csp if isinstance(csp, dict) else {}
        return Page(
            html=html, connect=_origins(csp.get("connectDomains")), resources=_origins(csp.get("resourceDomains"))
        )
    return None


def _contents(
    one: types.TextResourceContents | types.BlobResourceContents, pictures: list[Picture], scrub: Callable[[str], str]
) -> Iterator[str]:
    if isinstance(one, types.TextResourceContents):
        yield f"{scrub(str(one.uri))}:\n{scrub(one.text)}"
    else:
        kind = one.mime_type or "application/octet-stream"
        if kind in _PICTURE_TYPES:
            yield from _pictured(one.blob, kind, pictures)
        else:
            yield f"({scrub(str(one.uri))} holds bytes of the type {kind[:100]}, which cannot be shown here.)"


def _pictured(data: str, kind: str, pictures: list[Picture]) -> Iterator[str]:
    raw = _decoded(data)
    if kind not in _PICTURE_TYPES or not raw or len(pictures) == PICTURES:
        yield f"(A picture of the type {kind[:100]} was left out.)"
    else:
        pictures.append(Picture(kind, raw))


def _linked(block: types.ResourceLink, scrub: Callable[[str], str]) -> dict[str, str]:
    told = {"uri": str(block.uri), "name": block.name, "description": block.description or ""}
    return {name: scrub(text)[:500] for name, text in told.items() if text}


def _origins(value: Any) -> tuple[str, ...]:
    found: Sequence[Any] = value if isinstance(value, list) else ()
    return tuple(one for one in found if isinstance(one, str))[:20]


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        return b""


def _parsed(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return msgspec.UNSET


def _scrubbed(value: Any, scrub: Callable[[str], str]) -> Any:
    match value:
        case str():
            return scrub(value)
        case list():
            return [_scrubbed(one, scrub) for one in value]
        case dict():
            return {name: _scrubbed(one, scrub) for name, one in value.items()}
        case _:
            return value
