"""Fetches one document: a name is looked up once, each of its addresses is judged, and one of those is connected to."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from ipaddress import ip_address
from urllib.parse import unquote

import httpx2
from msgspec import Struct

from opsloom_server.fetching.addresses import Address, FetchRefused, Networks, Target, judge, target

__all__ = ["Fetched", "Fetcher", "look_up", "trusted"]

MOST_BYTES = 10 * 1024 * 1024
# For everything together: the names, the redirects, the last byte. A page that takes longer is no document.
SECONDS = 10.0
REDIRECTS = 3
# A name with a hundred addresses is tried at its first ones only.
TRIES = 3

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


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
        self._also = tuple(also)
        self._limit = limit
        self._seconds = seconds
        self._resolve = resolve or look_up

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
        """What is there, or where it leads on. Tries the addresses in turn until one can be connected to."""
        addresses = await self._addresses(wanted)
        for address in addresses:
            try:
                return await self._ask_at(wanted, address)
            except httpx2.ConnectError as error:
                if _distrusted(error):
                    words = f"{wanted.host} has no certificate that can be trusted. Check the address."
                    raise FetchRefused("unreachable", words) from None
            except httpx2.HTTPError as error:
                words = f"{wanted.host} broke the answer off ({type(error).__name__}). Try again later."
                raise FetchRefused("unreachable", words) from None
        raise FetchRefused("unreachable", f"Nothing answers at {wanted.host}. Check the address, or try again later.")

    async def _addresses(self, wanted: Target) -> Sequence[Address]:
        literal = wanted.literal
        try:
            found = [literal] if literal is not None else list(await self._resolve(wanted.host, wanted.port))
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise FetchRefused("unreachable", f"No address is known for {wanted.host}. Check how it is written.")
        for address in found:  # one bad among good ones is how a name server would try to get through
            judge(address, wanted.port, self._also)
        return found[:TRIES]

    async def _ask_at(self, wanted: Target, address: Address) -> Fetched | Target:
        headers = {
            "host": wanted.url.netloc.decode("ascii"),
            "accept": "text/html, text/markdown, text/plain, application/pdf, */*;q=0.5",
            # What is packed may unpack to a thousand times its size.
            "accept-encoding": "identity",
            "user-agent": "Opsloom (fetches a document that somebody added to a knowledge base)",
        }
        # A client an answer: a connection that was made for one name is never used for another on the same address.
        # No `trust_env`: a proxy would look the name up once more, by itself. No timeout: `fetch` bounds all of it.
        trust = await trusted()
        async with (
            httpx2.AsyncClient(verify=trust, trust_env=False, timeout=None) as client,
            client.stream(
                "GET",
                wanted.url.copy_with(host=str(address)),
                headers=headers,
                extensions={"sni_hostname": wanted.host},
                follow_redirects=False,
            ) as response,
        ):
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


async def look_up(host: str, port: int) -> Sequence[Address]:
    """The IP addresses of a name, as the system knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1, proto=6)  # SOCK_STREAM over TCP
    return [ip_address(each[4][0]) for each in found]


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


def _distrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _name(wanted: Target) -> str:
    path = unquote(wanted.url.path).rstrip("/").rpartition("/")[2]
    return "".join(character for character in path if character.isprintable())[:200] or wanted.host


async def trusted() -> ssl.SSLContext:
    """The system's own certificates."""
    return await asyncio.to_thread(_trust)


@cache
def _trust() -> ssl.SSLContext:
    """The system's own certificates: 20 ms to read, so once."""
    return ssl.create_default_context()
