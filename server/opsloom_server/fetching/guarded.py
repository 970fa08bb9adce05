"""A connection of a client to an address that somebody named, within the same bounds as a fetched document.

For conversations with a server (MCP), where `Fetcher` is for one document: each request's name is looked up, each of
its addresses is judged, and one of those is connected to.
"""

from collections.abc import AsyncIterator

import httpx2

from opsloom_server.fetching.addresses import Address, FetchRefused, Networks, Target, target
from opsloom_server.fetching.reaching import Reach, Resolve, distrusted, trusted

__all__ = ["Guarded"]


class Guarded(httpx2.AsyncBaseTransport):
    """`httpx2.AsyncClient(transport=Guarded(networks, limit=…))`. `limit`: bytes of an answer, unless it is a stream of
    events.

    Raises FetchRefused for what may not be connected to, and for what answers packed or at too great length.
    """

    def __init__(self, also: Networks = (), *, limit: int, resolve: Resolve | None = None) -> None:
        self._reach = Reach(also, resolve)
        self._limit = limit
        self._inner: httpx2.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        wanted = target(str(request.url))
        inner = self._inner
        if inner is None:
            inner = self._inner = httpx2.AsyncHTTPTransport(verify=await trusted(), trust_env=False)
        for address in await self._reach.addresses(wanted):
            try:
                response = await inner.handle_async_request(_at(request, wanted, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                if distrusted(error):
                    words = f"{wanted.host} has no certificate that can be trusted. Check the address."
                    raise FetchRefused("unreachable", words) from None
                continue
            return await self._bounded(response)
        raise FetchRefused("unreachable", f"Nothing answers at {wanted.host}. Check the address, or try again later.")

    async def aclose(self) -> None:
        if self._inner is not None:
            await self._inner.aclose()

    async def _bounded(self, response: httpx2.Response) -> httpx2.Response:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()
            raise FetchRefused("unreachable", "The server there sends its answers packed only.")
        if not response.headers.get("content-type", "").lower().startswith("text/event-stream"):
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = _Bounded(response.stream, self._limit)
        return response


class _Bounded(httpx2.AsyncByteStream):
    """A body that ends with an error where it gets too long."""

    def __init__(self, inner: httpx2.AsyncByteStream, limit: int) -> None:
        self._inner = inner
        self._left = limit
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._left -= len(piece)
            if self._left < 0:
                raise FetchRefused("too_large", f"The server there answers with more than {self._limit >> 20} MiB.")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


def _at(request: httpx2.Request, wanted: Target, address: Address) -> httpx2.Request:
    """The request as it goes to that very address; the name stays in `Host`, and the certificate has to be its."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": wanted.host},
    )
