"""Sends one request to a service whose address somebody has written down, and reads what it answers, within bounds.

Where the answer leads on, what was meant for this service stays with it: another host, port or scheme gets no body and
none of the headers, and nothing at all where the request holds what must not be passed on.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import httpx2
from msgspec import Struct
from msgspec.structs import replace

from opsloom_server.fetching.addresses import FetchRefused, Networks, Target, target
from opsloom_server.fetching.reaching import REDIRECTS, Reach, Resolve

__all__ = ["Answered", "Call", "Caller"]

MOST_BYTES = 1024 * 1024

_WORDS = {
    "private": "The address leads into a private network, and only what everybody can reach is called. Whoever runs "
    "the server can let a network in with OPSLOOM_FETCH_NETWORKS.",
    "port": "Only the ports 80 and 443 are called. Whoever runs the server can let a network in, with all its ports, "
    "with OPSLOOM_FETCH_NETWORKS.",
}
_ELSEWHERE = (
    "The service sent the request on to {host}. That is another address than the tool's, so it was not followed."
)


class Call(Struct, frozen=True, kw_only=True):
    """A request. `confidential`: it holds what nobody but this host may be told."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None = None
    confidential: bool = False


class Answered(Struct, frozen=True, kw_only=True):
    """What a service answered; `cut` where it was longer than what is read."""

    status: int
    type: str
    data: bytes
    cut: bool

    @property
    def reason(self) -> str:
        """The status in words: "404 (Not Found)"."""
        try:
            return f"{self.status} ({HTTPStatus(self.status).phrase})"
        except ValueError:
            return str(self.status)


class Caller:
    """Calls within bounds. ``also``: networks that are let in beside what is public; ``limit`` in bytes."""

    def __init__(self, also: Networks = (), *, limit: int = MOST_BYTES, resolve: Resolve | None = None) -> None:
        self._reach = Reach(also, resolve)
        self._limit = limit

    def check(self, url: str) -> None:
        """Raise FetchRefused for an address that would never be called, as far as it can be seen without asking."""
        wanted = target(url)
        if wanted.literal is not None:
            try:
                self._reach.judge(wanted.literal, wanted.port)
            except FetchRefused as error:
                raise _for_callers(error) from None

    async def call(self, call: Call, seconds: float) -> Answered:
        """Return what is answered, whatever its status. Raises FetchRefused with words for whoever called."""
        sending = False
        try:
            async with asyncio.timeout(seconds):
                wanted = target(call.url)
                for _ in range(REDIRECTS + 1):
                    sending = True
                    answer = await self._ask(wanted, call)
                    if isinstance(answer, Answered):
                        return answer
                    call, wanted = _led_on(call, wanted, answer)
        except TimeoutError:
            words = f"The service did not answer in full within {seconds:g} seconds."
            raise FetchRefused("unreachable", words, sent=sending) from None
        except FetchRefused as error:
            raise _for_callers(error) from None
        raise FetchRefused("unreachable", f"The service sent the request on more than {REDIRECTS} times.", sent=True)

    async def _ask(self, wanted: Target, call: Call) -> "Answered | _Onward":
        async with self._reach.open(call.method, wanted, call.headers, call.content) as response:
            if response.has_redirect_location:
                return _Onward(response.status_code, str(wanted.url.join(response.headers["location"])))
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                raise FetchRefused("unreachable", "The service answers packed only, which is not read.", sent=True)
            data, cut = await self._body(response)
            kind = response.headers.get("content-type", "")
            return Answered(status=response.status_code, type=kind, data=data, cut=cut)

    async def _body(self, response: httpx2.Response) -> tuple[bytes, bool]:
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > self._limit:
                return bytes(body[: self._limit]), True
        return bytes(body), False


class _Onward(Struct, frozen=True):
    """Where an answer leads on to."""

    status: int
    url: str


def _led_on(call: Call, before: Target, onward: _Onward) -> tuple[Call, Target]:
    """The request for where an answer leads. Raises FetchRefused where it must not go there."""
    after = target(onward.url)
    same = _origin(after) == _origin(before)
    if not same and call.confidential:
        raise FetchRefused("elsewhere", _ELSEWHERE.format(host=after.host), sent=True)
    if call.method != "GET":
        repeated = onward.status in (307, 308)
        if not same and repeated:
            raise FetchRefused("elsewhere", _ELSEWHERE.format(host=after.host), sent=True)
        if not repeated:  # it was done; what came of it is there
            kept = {name: value for name, value in call.headers.items() if name.lower() != "content-type"}
            call = replace(call, method="GET", content=None, headers=kept)
    if not same:
        own = {name: value for name, value in call.headers.items() if name.lower() in ("accept", "user-agent")}
        call = replace(call, headers=own, content=None)
    return call, after


def _for_callers(error: FetchRefused) -> FetchRefused:
    """The same in words for whoever made the tool, where the rules' own speak of documents."""
    return FetchRefused(error.code, _WORDS.get(error.code, error.text), sent=error.sent)


def _origin(wanted: Target) -> tuple[str, str, int]:
    return wanted.url.scheme, wanted.host, wanted.port
