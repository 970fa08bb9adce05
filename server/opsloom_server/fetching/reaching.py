"""Opens a request to a name: looked up once, each of its addresses judged, one of those connected to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from ipaddress import ip_address

import httpx2

from opsloom_server.fetching.addresses import Address, FetchRefused, Networks, Target, judge

__all__ = ["REDIRECTS", "Reach", "Resolve", "distrusted", "look_up", "trusted"]

REDIRECTS = 3
# A name with a hundred addresses is tried at its first ones only.
TRIES = 3

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


class Reach:
    """What may be reached: all that is public, and the networks ``also``."""

    def __init__(self, also: Networks = (), resolve: Resolve | None = None) -> None:
        self._also = tuple(also)
        self._resolve = resolve or look_up

    @asynccontextmanager
    async def open(
        self, method: str, wanted: Target, headers: Mapping[str, str], content: bytes | None = None
    ) -> AsyncIterator[httpx2.Response]:
        """The answer, its body unread and as it was sent. Tries the addresses in turn until one can be connected to;
        nothing was sent where none could. Raises FetchRefused. It has no time-out: the caller bounds all of it.
        """
        # A transport an answer: a connection that was made for one name is never used for another on the same address.
        # No client around it, which would log the address with its query. No `trust_env`: a proxy would look the name
        # up once more, by itself.
        trust = await trusted()
        for address in await self.addresses(wanted):
            async with httpx2.AsyncHTTPTransport(verify=trust, trust_env=False) as transport:
                request = _request(method, wanted, address, headers, content)
                try:
                    response = await transport.handle_async_request(request)
                except httpx2.ConnectError as error:
                    if distrusted(error):
                        words = f"{wanted.host} has no certificate that can be trusted. Check the address."
                        raise FetchRefused("unreachable", words) from None
                    continue
                except httpx2.HTTPError as error:
                    raise _broken(wanted, error) from None
                response.request = request
                try:
                    yield response
                except httpx2.HTTPError as error:
                    raise _broken(wanted, error) from None
                finally:
                    await response.aclose()
                return
        raise FetchRefused("unreachable", f"Nothing answers at {wanted.host}. Check the address, or try again later.")

    def judge(self, address: Address, port: int) -> None:
        """Raise FetchRefused for an address that may not be connected to."""
        judge(address, port, self._also)

    async def addresses(self, wanted: Target) -> Sequence[Address]:
        """Where a name may be connected to, the first few. Raises FetchRefused."""
        literal = wanted.literal
        try:
            found = [literal] if literal is not None else list(await self._resolve(wanted.host, wanted.port))
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise FetchRefused("unreachable", f"No address is known for {wanted.host}. Check how it is written.")
        for address in found:  # one bad among good ones is how a name server would try to get through
            self.judge(address, wanted.port)
        return found[:TRIES]


def _request(
    method: str, wanted: Target, address: Address, headers: Mapping[str, str], content: bytes | None
) -> httpx2.Request:
    # What is packed may unpack to a thousand times its size.
    own = {"host": wanted.url.netloc.decode("ascii"), "accept-encoding": "identity"}
    return httpx2.Request(
        method,
        wanted.url.copy_with(host=str(address)),
        headers={**headers, **own},
        content=content,
        extensions={"sni_hostname": wanted.host},
    )


def _broken(wanted: Target, error: httpx2.HTTPError) -> FetchRefused:
    words = f"{wanted.host} broke the answer off ({type(error).__name__}). Try again later."
    return FetchRefused("unreachable", words, sent=True)


async def look_up(host: str, port: int) -> Sequence[Address]:
    """The IP addresses of a name, as the system knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1, proto=6)  # SOCK_STREAM over TCP
    return [ip_address(each[4][0]) for each in found]


def distrusted(error: BaseException | None) -> bool:
    """Whether it came of a certificate."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


async def trusted() -> ssl.SSLContext:
    """The system's own certificates."""
    return await asyncio.to_thread(_trust)


@cache
def _trust() -> ssl.SSLContext:
    """The system's own certificates: 20 ms to read, so once."""
    return ssl.create_default_context()
