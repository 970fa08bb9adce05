"""Around a transport: what its messages may weigh before anybody reads them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Self

from mcp_types import JSONRPCResponse
from mcp_types.methods import validate_server_result
from mcp_types.version import LATEST_HANDSHAKE_VERSION

from opsloom_server.mcp.listing import MOST_TOOLS

__all__ = ["bounded"]


@asynccontextmanager
async def bounded(transport: AbstractAsyncContextManager[Any], cut: list[int]) -> AsyncIterator[Any]:
    """The transport, without the tools of a listing's page that are beyond `MOST_TOOLS` (10,000 take 0.6 s of the loop
    to validate) or described against the protocol. How many were taken out is added to `cut`.

    Without `outputSchema` too: the package would hold each result against it on the loop, and a pattern of the server's
    against a text of the server's may take for ever.
    """
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
            if isinstance(tools, list):
                message.result["tools"] = [
                    {name: value for name, value in tool.items() if name != "outputSchema"}
                    for tool in tools[:MOST_TOOLS]
                    if _of_the_protocol(tool)
                ]
                self._cut.append(len(tools) - len(message.result["tools"]))
        return item


def _of_the_protocol(tool: Any) -> bool:
    """One tool that is described wrongly would make the package refuse all of them."""
    try:
        validate_server_result("tools/list", LATEST_HANDSHAKE_VERSION, {"tools": [tool]})
    except ValueError:
        return False
    return True
