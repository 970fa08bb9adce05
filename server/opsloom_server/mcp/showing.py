"""What people see of a server's answer: pictures, and the page that an app shows its result on."""

import logging
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from opsloom_blocks import BlockError, make_block
from opsloom_blocks.app import HTML_CHARS

from opsloom_server.mcp.answers import Answered, Page
from opsloom_server.mcp.keeping import Keeping, looks_like
from opsloom_server.store.ids import new_id
from opsloom_server.tools.events import Show
from opsloom_server.tools.tool import ToolContext

__all__ = ["show_app", "show_pictures"]

log = logging.getLogger(__name__)

PAGE_BYTES: Final = 1024 * 1024
"""Longest page of an app; what an `app` block reads from a file."""
DATA_BYTES: Final = 65_536
"""Of a result that an app is told: it stands in the block, which every open tab is sent."""
DESCRIPTION_CHARS: Final = 4_000


async def show_pictures(
    answer: Answered, title: str, context: ToolContext, keeping: Keeping, notes: list[str]
) -> AsyncIterator[Show]:
    """A block for each picture, where the assistant may show pictures; `notes` tells the model what became of them."""
    for at, picture in enumerate(answer.pictures, start=1):
        kind = looks_like(picture.data)
        if kind is None:
            notes.append(f"Picture {at} was left out: it is no PNG, JPEG, GIF or WebP.")
            continue
        if "image" not in context.blocks:
            notes.append(f"Picture {at} was not shown: this assistant has no block for pictures.")
            continue
        try:
            file = await keeping.keep(
                context.workspace, context.user, f"picture.{kind.partition('/')[2]}", kind, picture.data
            )
        except OSError as error:
            log.warning("a picture of an MCP server could not be kept: %s", error.strerror)
            notes.append(f"Picture {at} could not be kept.")
            continue
        data = {"file": file, "alt": f"A picture from {title}"[:1000]}
        yield Show(make_block("image", data, new_id("blk"), context.kinds))
        notes.append(f"Picture {at} is shown to the person (file {file}).")


async def show_app(
    page: Page, answer: Answered, title: str, context: ToolContext, keeping: Keeping
) -> tuple[Show | None, str]:
    """The page with the result as its data, and what the model is told of it. It is in the answer for good: a reload
    asks the server nothing."""
    data: dict[str, Any] = {"title": title[:200], "description": _description(answer, title)}
    raw = page.html.encode()
    if len(raw) > PAGE_BYTES:
        return None, f"Its app was not shown: the page is larger than {PAGE_BYTES >> 20} MiB."
    if isinstance(answer.structured, dict):
        if len(msgspec.json.encode(answer.structured)) > DATA_BYTES:
            return None, f"Its app was not shown: the result is larger than {DATA_BYTES >> 10} KiB."
        data["data"] = answer.structured
    if len(page.html) <= HTML_CHARS:
        data["html"] = page.html
    else:
        data["file"] = await keeping.keep(context.workspace, context.user, "app.html", "text/html", raw)
    if page.connect or page.resources:
        data["csp"] = {"connect": _plain(page.connect), "resources": _plain(page.resources)}
    try:
        block = make_block("app", data, new_id("blk"), context.kinds)
    except BlockError as error:
        return None, f"Its app was not shown. {error.text}"
    return Show(block), "The person sees the result in the server's own app. Do not repeat all of it."


def _description(answer: Answered, title: str) -> str:
    """In plain words, for who cannot see the page."""
    text = answer.text.strip()
    if not text and answer.structured is not None:
        text = msgspec.json.encode(answer.structured).decode()
    return (text or title)[:DESCRIPTION_CHARS]


def _plain(origins: tuple[str, ...]) -> list[str]:
    """Without what the block would refuse: wildcards, paths."""
    kept = []
    for origin in origins:
        scheme, slashes, host = origin.rstrip("/").partition("://")
        if slashes and scheme in ("http", "https") and host and all(one.isalnum() or one in ".-:" for one in host):
            kept.append(f"{scheme}://{host}")
    return kept
