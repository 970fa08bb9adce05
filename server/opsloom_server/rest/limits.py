"""How much a request may send: refused before it is read, or while it is. And the headers that each answer carries."""

from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opsloom_server.errors import TooLong
from opsloom_server.rest.failures import answer
from opsloom_server.settings import Settings

__all__ = ["BodyLimit", "too_long"]

# An assistant with long instructions is some 40 kB.
JSON_BYTES = 1_048_576
# The field names and boundaries round a file, the quotes and escapes round a text.
ROUND_ABOUT = 1_048_576
_UPLOADS = ("/documents", "/files")


def too_long(limit: int) -> TooLong:
    """Return the error for a body over ``limit`` bytes."""
    return TooLong(f"This is longer than the server accepts ({limit / 1_048_576:.0f} MiB).")


class BodyLimit:
    """ASGI middleware: no request is read beyond its limit; no answer is kept by a cache or guessed by a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        settings: Settings = scope["state"]["services"].settings
        upload = scope["path"].endswith(_UPLOADS)
        shown = settings.limits.upload_bytes if upload else JSON_BYTES
        limit = shown + ROUND_ABOUT if upload else shown
        declared = Headers(scope=scope).get("content-length", "0")
        if shown and declared.isdigit() and int(declared) > limit:
            await answer(too_long(shown))(scope, receive, _with_headers(send))
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if shown and seen > limit:
                raise too_long(shown)
            return message

        await self._app(scope, counted, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending
