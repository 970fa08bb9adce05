"""Tickets: one by HTTP before each connection, and the visitor's secret that makes the next one the same person's."""

from typing import Any, Final

import httpx2
from msgspec import Struct, convert
from msgspec import ValidationError as NotAsExpected
from opsloom_protocol.errors import ErrorCode

from opsloom_client.errors import Denied

_LATER: Final = frozenset({408, 425, 429})
_CODES: Final[dict[int, ErrorCode]] = {404: "not_found", 422: "invalid"}


class Later(Exception):
    """Not now: ask again after `seconds` (None: as usual after a break)."""

    def __init__(self, text: str, seconds: float | None = None) -> None:
        self.seconds = seconds
        super().__init__(text)


class _Reply(Struct):
    ticket: str
    visitor: str | None = None


class Tickets:
    """Takes tickets for one assistant as one person; `visitor` is that person's secret once there is one."""

    def __init__(self, http: httpx2.AsyncClient, assistant: str | None, visitor: str | None) -> None:
        self._http = http
        self.assistant = assistant
        self.visitor = visitor

    async def take(self) -> str:
        """A fresh ticket: 30 s, one use. Raises `Denied` where asking again is no use, else `Later`."""
        try:
            reply = await self._ask()
            if reply.status_code == 401 and self.visitor is not None:
                # The secret is no longer known there. Better a new person than a dead chat.
                self.visitor = None
                reply = await self._ask()
        except httpx2.InvalidURL as error:
            raise Denied("invalid", f"This is not the address of a server: {error}.") from error
        except httpx2.HTTPError as error:
            raise Later(f"The server does not answer ({error or type(error).__name__}).") from error
        if reply.status_code != 200:
            raise _refusal(reply)
        try:
            taken = convert(reply.json(), _Reply)
        except (ValueError, NotAsExpected) as error:
            raise Denied("invalid", "What answers at this address is not an Opsloom server.") from error
        if taken.visitor is not None:
            self.visitor = taken.visitor
        return taken.ticket

    async def _ask(self) -> httpx2.Response:
        wanted = {"assistant": self.assistant, "visitor": self.visitor}
        return await self._http.post("api/v1/tickets", json={k: v for k, v in wanted.items() if v is not None})


def _refusal(reply: httpx2.Response) -> Exception:
    status = reply.status_code
    words = _words(reply) or f"The server answered {status}."
    if status in _LATER or status >= 500:
        after = reply.headers.get("retry-after", "")
        return Later(words, float(after) if after.isascii() and after.isdigit() and len(after) < 6 else None)
    if status < 400:
        return Denied("invalid", f"The server moved: it answered {status} at {reply.url.host}.")
    return Denied(_CODES.get(status, "forbidden"), words)


def _words(reply: httpx2.Response) -> str:
    """The reason as the server says it: `detail` is a string, or a list of what was wrong, each with a `msg`."""
    try:
        body: Any = reply.json()
    except ValueError:
        return ""
    detail = body.get("detail") if isinstance(body, dict) else None
    if isinstance(detail, list):
        return " ".join(str(item.get("msg", "")) for item in detail if isinstance(item, dict)).strip()
    if isinstance(detail, dict):
        detail = detail.get("text")
    return detail if isinstance(detail, str) else ""
