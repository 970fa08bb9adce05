"""How much a request may send, and how slowly: refused before it is read, or while it is. And the headers that each
answer carries.
"""

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opsloom_server.errors import TooLong, TooSlow
from opsloom_server.rest.failures import answer
from opsloom_server.settings import Settings

__all__ = ["BodyLimit", "too_long"]

# An assistant with long instructions is some 40 kB.
JSON_BYTES = 1_048_576
# The field names and boundaries round a file, the quotes and escapes round a text.
ROUND_ABOUT = 1_048_576
_UPLOADS = ("/documents", "/files")
# A phone between two cells may be silent for some seconds; whoever is for longer has to begin anew.
SECONDS = 20.0


def too_long(limit: int) -> TooLong:
    """Return the error for a body over ``limit`` bytes."""
    return TooLong(f"This is longer than the server accepts ({limit / 1_048_576:.0f} MiB).")


class _Pulse:
    """Whether a body comes fast enough: in any 20 s that somebody waited for it, 20 times ``rate`` bytes. Only waiting
    counts: a server that is slow to read what was sent blames nobody. 0 is no limit.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._waited = 0.0
        self._came = 0

    async def next(self, receive: Receive) -> Message:
        """What comes next. Raises TooSlow."""
        if not self._rate:
            return await receive()
        began = time.monotonic()
        try:
            async with asyncio.timeout(SECONDS - self._waited):
                message = await receive()
        except TimeoutError:
            raise TooSlow(
                f"The body came too slowly: less than {self._rate} bytes a second. Send it again over a better line."
            ) from None
        self._waited += time.monotonic() - began
        self._came += len(message.get("body", b""))
        if self._came >= self._rate * SECONDS:
            self._waited, self._came = 0.0, 0
        return message


class BodyLimit:
    """ASGI middleware: no request is read beyond its limit, or for as long as somebody likes; no answer is kept by a
    cache or guessed by a browser.
    """

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
        seen, whole, answered = 0, False, False
        pulse = _Pulse(settings.limits.body_bytes_per_second)

        async def counted() -> Message:
            nonlocal seen, whole
            if whole or answered:  # and now somebody only wants to know when the peer goes
                return await receive()
            try:
                message = await pulse.next(receive)
            except TooSlow:
                if answered:
                    return await receive()
                raise
            whole = not message.get("more_body", False)
            seen += len(message.get("body", b""))
            if shown and seen > limit:
                raise too_long(shown)
            return message

        async def sending(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        await self._app(scope, counted, _with_headers(sending))


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
            headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        await send(message)

    return sending
