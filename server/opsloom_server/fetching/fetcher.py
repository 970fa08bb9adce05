"""Fetches one document, wherever its address leads on to."""

import asyncio
from urllib.parse import unquote

import httpx2
from msgspec import Struct

from opsloom_server.fetching.addresses import FetchRefused, Networks, Target, target
from opsloom_server.fetching.reaching import REDIRECTS, Reach, Resolve

__all__ = ["Fetched", "Fetcher"]

MOST_BYTES = 10 * 1024 * 1024
# For everything together: the names, the redirects, the last byte. A page that takes longer is no document.
SECONDS = 10.0


class Fetched(Struct, frozen=True):
    """What was there, and a name for it: the last part of the address that answered, else its host."""

    data: bytes
    name: str


class Fetcher:
    """Fetches within bounds. ``also``: networks that are let in beside what is public; ``limit`` in bytes."""

    def __init__(
        self,
        also: Networks = (),
        *,
        limit: int = MOST_BYTES,
        seconds: float = SECONDS,
        resolve: Resolve | None = None,
    ) -> None:
        self._reach = Reach(also, resolve)
        self._limit = limit
        self._seconds = seconds

    async def fetch(self, url: str) -> Fetched:
        """Return what stands at an address. Raises FetchRefused with words for whoever named it."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(target(url))
        except TimeoutError:
            raise FetchRefused(
                "unreachable", f"The address did not answer in full within {self._seconds:g} seconds. Try again later."
            ) from None

    async def _follow(self, wanted: Target) -> Fetched:
        for _ in range(REDIRECTS + 1):
            answer = await self._ask(wanted)
            if isinstance(answer, Fetched):
                return answer
            wanted = answer
        raise FetchRefused("unreachable", f"The address leads on more than {REDIRECTS} times. Name the last one.")

    async def _ask(self, wanted: Target) -> Fetched | Target:
        """What is there, or where it leads on."""
        headers = {
            "accept": "text/html, text/markdown, text/plain, application/pdf, */*;q=0.5",
            "user-agent": "Opsloom (fetches a document that somebody added to a knowledge base)",
        }
        async with self._reach.open("GET", wanted, headers) as response:
            if response.has_redirect_location:
                return target(str(wanted.url.join(response.headers["location"])))
            _accept(response)
            return Fetched(await self._body(response), _name(wanted))

    async def _body(self, response: httpx2.Response) -> bytes:
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > self._limit:
                raise FetchRefused(
                    "too_large", f"What stands there is larger than {self._limit >> 20} MiB. Add parts of it as files."
                )
        return bytes(body)


def _accept(response: httpx2.Response) -> None:
    """Refuse an answer that holds no document."""
    status = response.status_code
    if status in (401, 403, 407):
        words = "The page is not shown without signing in. Download it yourself and add the file."
    elif status in (404, 410):
        words = f"There is no page at this address (it answered {status}). Check how it is written."
    elif status >= 500 or status == 429:
        words = f"The server there has trouble of its own (it answered {status}). Try again later."
    elif status != 200:
        words = f"The address answered {status} and not with a page. Check it."
    elif response.headers.get("content-encoding", "identity").lower() != "identity":
        words = "The server there sends the page packed only. Download it yourself and add the file."
    else:
        return
    raise FetchRefused("unreachable", words)


def _name(wanted: Target) -> str:
    path = unquote(wanted.url.path).rstrip("/").rpartition("/")[2]
    return "".join(character for character in path if character.isprintable())[:200] or wanted.host
