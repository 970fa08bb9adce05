"""The connection to Amazon Bedrock: aioboto3's client, opened on the loop at its first use.

It stands where the framework expects boto3's own client, whose calls block the thread that makes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from opsloom_server.models.clients import Clients, is_loopback

if TYPE_CHECKING:
    import aioboto3

SERVICE = "bedrock-runtime"


class BedrockRuntime:
    """One a server. Every model of Bedrock goes through it, for its credentials at least."""

    def __init__(self, clients: Clients) -> None:
        settings = clients.settings
        self._profile = settings.aws_profile
        self._endpoint = settings.aws_endpoint_url
        self._timeouts = clients.timeouts
        self._opening = asyncio.Lock()
        self._opened: tuple[aioboto3.Session, Any] | None = None
        self._stack = AsyncExitStack()
        self.region = settings.aws_region or ""
        self.meta = SimpleNamespace(
            endpoint_url=self._endpoint or f"https://{SERVICE}.{self.region}.amazonaws.com",
        )
        """What the framework asks of a client without calling it."""

    async def converse_stream(self, **params: Any) -> Any:
        """Bedrock's `ConverseStream`. Raises botocore's errors."""
        return await (await self._client()).converse_stream(**params)

    async def converse(self, **params: Any) -> Any:
        """Bedrock's `Converse`. Raises botocore's errors."""
        return await (await self._client()).converse(**params)

    async def count_tokens(self, **params: Any) -> Any:
        """Bedrock's `CountTokens`. Raises botocore's errors."""
        return await (await self._client()).count_tokens(**params)

    async def sign(self, method: str, url: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
        """The headers of this request with a signature. Raises botocore's errors, `NoCredentialsError` above all."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import NoCredentialsError

        session, _ = await self._open()
        credentials = session._session._credentials  # as the client found them; asking anew would read files here
        if credentials is None:
            raise NoCredentialsError
        request = AWSRequest(method, url, headers, body)
        SigV4Auth(await credentials.get_frozen_credentials(), "bedrock", self.region).add_auth(request)
        return {name: value for name, value in request.prepare().headers.items() if value is not None}

    async def close(self) -> None:
        """Close every connection. Running streams end with an error."""
        self._opened = None
        await self._stack.aclose()

    async def _client(self) -> Any:
        return (await self._open())[1]

    async def _open(self) -> tuple[aioboto3.Session, Any]:
        async with self._opening:
            if self._opened is None:
                self._opened = await asyncio.to_thread(self._prepare)
                self._stack.push_async_exit(self._opened[1])
            return self._opened

    def _prepare(self) -> tuple[aioboto3.Session, Any]:
        """In a thread, with a loop of its own: importing the package and reading the descriptions of Amazon's services
        takes 0.5 to 1.5 s, and credentials are looked for in files and asked of the machine. What comes of it belongs
        to no loop yet; connections are opened with the first request."""
        return asyncio.run(self._made())

    async def _made(self) -> tuple[aioboto3.Session, Any]:
        import aioboto3
        from aiobotocore.config import AioConfig
        from aiobotocore.session import get_session

        core = get_session()
        core.register_component("data_loader", _descriptions())
        session = aioboto3.Session(botocore_session=core, profile_name=self._profile, region_name=self.region or None)
        config = AioConfig(
            connect_timeout=self._timeouts.connect,
            read_timeout=self._timeouts.first_token,
            # Trying again is ours, before the first delta only: whatever is asked twice is billed twice.
            retries={"total_max_attempts": 1},
            max_pool_connections=1000,
            proxies={} if is_loopback(self._endpoint) else None,
        )
        client = session.client(SERVICE, endpoint_url=self._endpoint, config=config)
        return session, await client.__aenter__()


@cache
def _descriptions() -> Any:
    """Amazon's descriptions of the service, read (0.5 s)."""
    from aiobotocore.session import get_session

    session = get_session()
    session.warm_up_loader_caches(SERVICE)
    return session.get_component("data_loader")


async def arriving(response: Any, url: str) -> AsyncIterator[bytes]:
    """A streamed response's bytes as they come. Raises `httpx2.TransportError`, as the other vendors' streams do."""
    import httpx2

    from opsloom_server.models.http import Body

    async for chunk in Body(response, httpx2.Request("POST", url)):
        yield chunk
