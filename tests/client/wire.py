"""A TCP proxy before a server that breaks WebSockets where a test says: after so many frames, in either direction.

It knows frames but not what is in them, so it serves the tests' own server and the real one alike.
"""

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Final, Self

from msgspec import Struct

_CONTROL: Final = 0x8


class Cut(Struct, frozen=True):
    """Break the connection before frame `at` (from 0) that goes down to the client, or `up` to the server.

    With `half`, the first half of its bytes still goes.
    """

    at: int
    up: bool = False
    half: bool = False


class Wire:
    """`async with Wire(port, cuts) as wire:` gives `wire.url`. The n-th WebSocket gets the n-th cut, later ones none.

    A frame that goes down comes twice where `duplicate` says so.
    """

    def __init__(self, port: int, cuts: Iterable[Cut | None] = (), *, duplicate: Callable[[bytes], bool] | None = None):
        self._port = port
        self._cuts = iter(cuts)
        self._duplicate = duplicate
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.sockets = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Break whatever is open now."""
        for writer in list(self._open):
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="wire")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: asyncio.StreamWriter | None = None
        self._open.add(writer)
        try:
            back, upstream = await asyncio.open_connection("127.0.0.1", self._port)
            self._open.add(upstream)
            head = await reader.readuntil(b"\r\n\r\n")
            upstream.write(head)
            cut: Cut | None = None
            socket = b"upgrade: websocket" in head.lower()
            if socket:
                cut = next(self._cuts, None)
                self.sockets += 1
                writer.write(await back.readuntil(b"\r\n\r\n"))
            down = self._pump(back, writer, socket, cut if cut is not None and not cut.up else None)
            up = self._pump(reader, upstream, socket, cut if cut is not None and cut.up else None)
            pumps = [asyncio.create_task(down), asyncio.create_task(up)]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                if not socket:
                    await asyncio.wait(pumps, timeout=2)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            for end in (writer, upstream):
                if end is not None:
                    self._open.discard(end)
                    end.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, socket: bool, cut: Cut | None
    ) -> None:
        count = 0
        try:
            while True:
                if not socket:
                    data = await reader.read(65536)
                    if not data:
                        writer.write_eof()
                        return
                    writer.write(data)
                    await writer.drain()
                    continue
                frame, code = await _frame(reader)
                if code < _CONTROL:
                    if cut is not None and count == cut.at:
                        if cut.half:
                            writer.write(frame[: len(frame) // 2])
                            await writer.drain()
                        return
                    count += 1
                    if self._duplicate is not None and not frame[1] & 0x80 and self._duplicate(frame):
                        writer.write(frame)
                writer.write(frame)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return


async def _frame(reader: asyncio.StreamReader) -> tuple[bytes, int]:
    """One whole WebSocket frame as it stands on the wire, and its opcode."""
    head = await reader.readexactly(2)
    length = head[1] & 0x7F
    if length > 125:
        more = await reader.readexactly(2 if length == 126 else 8)
        head += more
        length = int.from_bytes(more, "big")
    mask = 4 if head[1] & 0x80 else 0
    return head + await reader.readexactly(length + mask), head[0] & 0x0F
