"""A scripted server behind the fault proxy, worked from a test that has no loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from conftest import free_port
from faults.proxy import Proxy

from browser.scripted import Scripted

T = TypeVar("T")


class Cabled:
    """`origin` is the proxy's, which is where the page is opened; `server` is what stands behind it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        port = free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy")
        self._thread.start()
        self._proxy = Proxy(port)
        asyncio.run_coroutine_threadsafe(self._proxy.__aenter__(), self._loop).result(10)
        self.origin = f"http://127.0.0.1:{self._proxy.port}"
        self.server = Scripted(folder, port, database_url, OPSLOOM_PUBLIC_URL=self.origin)

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.server.__exit__(kind, error, trace)
        finally:
            asyncio.run_coroutine_threadsafe(self._proxy.__aexit__(None, None, None), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()

    def reset(self) -> None:
        """A sound wire and no script."""
        self._do(self._proxy.heal)
        self._refuse(False)
        self.server.vendor.reset()

    def cut(self) -> int:
        """Reset every connection that stands; how many there were."""
        return self._do(self._proxy.cut)

    def go_silent(self) -> None:
        """Half-open, both ways and for new connections too, until `heal`."""
        self._do(self._proxy.go_silent)

    def lose_replies(self) -> None:
        """What goes to the server arrives; what it says vanishes."""
        self._do(lambda: setattr(self._proxy.down, "lossy", True))

    def heal(self) -> None:
        self._do(self._proxy.heal)

    @contextmanager
    def away(self) -> Iterator[None]:
        """The server cannot be reached."""
        self._refuse(True)
        self.cut()
        try:
            yield
        finally:
            self._refuse(False)

    @property
    def accepted(self) -> int:
        return self._proxy.accepted

    def _refuse(self, yes: bool) -> None:
        self._do(lambda: setattr(self._proxy, "refuse", yes))

    def _do(self, work: Callable[[], T]) -> T:
        async def run() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)
