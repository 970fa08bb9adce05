"""Around a transport: what its messages may weigh before anybody reads them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Self

from mcp_types import JSONRPCResponse

from opsloom_server.mcp.listing import MOST_TOOLS

__all__ = ["bounded"]


@asynccontextmanager
async def bounded(transport: AbstractAsyncContextManager[Any], cut: list[int]) -> AsyncIterator[Any]:
    """The transport, with the tools of a listing's page beyond `MOST_TOOLS` taken out: 10,000 take 0.6 s of the loop to
    validate. How many were taken out is added to `cut`."""
    async with transport as (incoming, outgoing):
        yield _Bounded(incoming, cut), outgoing


class _Bounded:
    """A read stream of the MCP package's."""

    def __init__(self, inner: Any, cut: list[int]) -> None:
        self._inner = inner
        self._cut = cut

    @property
    def last_context(self) -> Any:
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> Any:
        return self._checked(await self._inner.receive())

    async def aclose(self) -> None:
        await self._inner.aclose()

    def close(self) -> None:
        self._inner.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return self._checked(await self._inner.__anext__())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _checked(self, item: Any) -> Any:
        message = getattr(item, "message", None)
        if isinstance(message, JSONRPCResponse):
            tools = message.result.get("tools")
            if isinstance(tools, list) and len(tools) > MOST_TOOLS:
                self._cut.append(len(tools) - MOST_TOOLS)
                message.result["tools"] = tools[:MOST_TOOLS]
        return item
