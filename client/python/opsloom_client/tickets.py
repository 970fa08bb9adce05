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
    """Not now: ask again after `seconds` (None: as usual after a break). `answered`: the server itself said so."""

    def __init__(self, text: str, seconds: float | None = None, *, answered: bool = False) -> None:
        self.seconds = seconds
        self.answered = answered
        super().__init__(text)


class _Reply(Struct):
    ticket: str
    visitor: str | None = None


class Tickets:
    """Takes tickets for one assistant, or for its `draft`, as one person; `visitor` is that person's secret once there
    is one."""

    def __init__(
        self, http: httpx2.AsyncClient, assistant: str | None, visitor: str | None, *, draft: bool = False
    ) -> None:
        self._http = http
        self._draft = draft
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
        wanted = {"assistant": self.assistant, "visitor": self.visitor, "draft": self._draft or None}
        return await self._http.post("api/v1/tickets", json={k: v for k, v in wanted.items() if v is not None})


class _Failure(Struct):
    """How the server words a failure; `detail` is the web framework's, where the request itself had the wrong shape."""

    code: ErrorCode = "forbidden"
    text: str = ""
    retry_ms: int | None = None
    detail: Any = None


def _refusal(reply: httpx2.Response) -> Exception:
    status = reply.status_code
    try:
        failure = convert(reply.json(), _Failure)
    except (ValueError, NotAsExpected):
        failure = _Failure(code=_CODES.get(status, "forbidden"))
    words = failure.text or f"The server answered {status}."
    if isinstance(failure.detail, list):
        words = " ".join(
            [words, *(str(one["msg"]) for one in failure.detail if isinstance(one, dict) and "msg" in one)]
        )
    if status in _LATER or status >= 500:
        return Later(words, _pause(reply, failure), answered=True)
    if status < 400:
        return Denied("invalid", f"The server moved: it answered {status}.")
    return Denied(failure.code, words)


def _pause(reply: httpx2.Response, failure: _Failure) -> float | None:
    if failure.retry_ms is not None:
        return failure.retry_ms / 1000
    after = reply.headers.get("retry-after", "")
    # Six digits are eleven days; a date is left to the usual delays.
    return float(after) if after.isascii() and after.isdigit() and len(after) <= 6 else None
