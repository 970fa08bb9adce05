"""How bytes come from the vendors: aiohttp below the SDKs' own HTTP client.

The SDKs speak through httpx2, whose usual transport spends 100 µs of CPU on each read of a stream (locks, cancel
scopes, a parser in Python). aiohttp's takes half of that, and a stream has a read a token. Everything above the bytes
stays as it was: requests, redirects, decoding, errors.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from ssl import SSLContext

import aiohttp
import httpx2
from yarl import URL

# Most that one read gives; an answer's chunks are some hundred bytes.
READ_BYTES = 1 << 16
KEEP_ALIVE_SECONDS = 30.0
CUT = "peer closed connection without sending complete message body (incomplete chunked read)"

# In this order: the first that fits.
_ERRORS: tuple[tuple[type[Exception], type[httpx2.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx2.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx2.ReadTimeout),
    (aiohttp.ClientProxyConnectionError, httpx2.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx2.ProxyError),
    (aiohttp.ClientConnectorError, httpx2.ConnectError),
    (aiohttp.NonHttpUrlClientError, httpx2.UnsupportedProtocol),
    (aiohttp.InvalidURL, httpx2.UnsupportedProtocol),
    (aiohttp.ServerDisconnectedError, httpx2.RemoteProtocolError),
    (aiohttp.ClientPayloadError, httpx2.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx2.RemoteProtocolError),
    (aiohttp.ClientConnectionError, httpx2.ReadError),
    (TimeoutError, httpx2.ReadTimeout),
    (OSError, httpx2.ReadError),
)


@contextmanager
def _as_httpx(request: httpx2.Request) -> Iterator[None]:
    """What goes wrong, in the words that the SDKs know."""
    try:
        yield
    except (aiohttp.ClientError, OSError) as error:
        known = next((ours for theirs, ours in _ERRORS if isinstance(error, theirs)), httpx2.NetworkError)
        # A cut in mid-body is told as httpx2's own transport tells it.
        cut = isinstance(error, aiohttp.ClientPayloadError)
        raise known(CUT if cut else str(error) or type(error).__name__, request=request) from error


class Body(httpx2.AsyncByteStream):
    """A response's bytes as they arrive, still encoded."""

    def __init__(self, response: aiohttp.ClientResponse, request: httpx2.Request) -> None:
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._response.content
        with _as_httpx(self._request):
            try:
                # Whatever has arrived, as one piece: a reader that was late catches up in one step.
                while data := await content.read(READ_BYTES):
                    yield data
            except (aiohttp.ClientError, OSError):
                # aiohttp forgets what arrived before the line was cut; an answer keeps all that came. The name is
                # private: should it go, the end of a broken answer is lost and the test of cuts says so.
                if rest := b"".join(getattr(content, "_buffer", ())):
                    yield rest[getattr(content, "_buffer_offset", 0) :]
                raise

    async def aclose(self) -> None:
        # A body that was not read to its end takes its connection with it: so does a stop reach the vendor.
        self._response.release()


class _Response(httpx2.Response):
    """A response whose bytes come straight from its body, where nothing has to be decoded.

    httpx2's own way hands each read through three more generators, which takes 10 µs; a stream has a read a token.
    """

    body: Body

    async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncGenerator[bytes, None]:
        if chunk_size is not None or self.is_stream_consumed or self.is_closed or "content-encoding" in self.headers:
            async with aclosing(super().aiter_bytes(chunk_size)) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        self.is_stream_consumed = True
        try:
            async for chunk in self.body:
                yield chunk
        finally:
            await self.aclose()


class Transport(httpx2.AsyncBaseTransport):
    """HTTP/1.1 over a pool of connections that belongs to the loop of the first request."""

    def __init__(self, tls: SSLContext, *, connections: int, trust_env: bool) -> None:
        self._tls = tls
        self._connections = connections
        self._trust_env = trust_env
        self._session: aiohttp.ClientSession | None = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections, ssl=self._tls, keepalive_timeout=KEEP_ALIVE_SECONDS
                ),
                # Proxies of the environment; cookies and decoding are the client's business above.
                trust_env=self._trust_env,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        limits = request.extensions.get("timeout", {})
        timeout = aiohttp.ClientTimeout(
            connect=limits.get("pool"), sock_connect=limits.get("connect"), sock_read=limits.get("read")
        )
        with _as_httpx(request):
            response = await self._opened().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=await request.aread() or None,
                allow_redirects=False,
                timeout=timeout,
            )
        body = Body(response, request)
        made = _Response(
            response.status,
            headers=response.raw_headers,
            stream=body,
            request=request,
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": (response.reason or "").encode()},
        )
        made.body = body
        return made

    async def aclose(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
