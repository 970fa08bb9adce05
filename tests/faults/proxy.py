"""A TCP proxy that breaks wires: cut, stall, delay, throttle, flip bits, lose what is sent, refuse.

It stands between any pair: a client and a node, a node and PostgreSQL (also by its Unix socket), Redis, the model's
vendor. It knows nothing of what it carries.

    async with Proxy(port) as proxy:          # or Proxy("/run/postgresql/.s.PGSQL.5432")
        …connect to proxy.port…
        proxy.down.delay = 0.1                # seconds, from the server to the client; `up` is the other way
        proxy.up.rate = 10_000                # bytes a second
        proxy.stall(); proxy.resume()         # nothing passes, nothing is lost
        proxy.go_silent()                     # half-open: what is sent vanishes, neither end hears that the other went
        proxy.cut()                           # reset every connection there is
        proxy.refuse = True                   # and take no new ones

Everything runs in callbacks of the loop: without a fault, a chunk costs one read and one write.
"""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Final, Self, cast

HELD_BYTES: Final = 1 << 20
"""What one direction of one connection may hold back before its sender is no longer read."""

RESET: Final = struct.pack("ii", 1, 0)
SLICES_A_SECOND: Final = 20
"""A throttled line passes its bytes in so many pieces a second."""


@dataclass
class Line:
    """The faults of one direction, for every connection of a proxy."""

    delay: float = 0.0
    """Seconds that every byte takes longer; order stays."""
    rate: float = 0.0
    """Bytes a second; 0 = as fast as possible."""
    flip: float = 0.0
    """Chance that a chunk gets one bit turned."""
    stalled: bool = False
    lossy: bool = False
    """What is sent vanishes."""

    @property
    def clear(self) -> bool:
        return not (self.delay or self.rate or self.stalled)


class _Flow:
    """One direction of one connection. An empty chunk stands for the end of what is sent."""

    def __init__(self, proxy: "Proxy", line: Line) -> None:
        self._proxy = proxy
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._held: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._full = False
        self._unwritable = False
        self.ended = False
        self.back: _Flow | None = None
        self.source: asyncio.Transport | None = None
        self.target: asyncio.Transport | None = None

    def take(self, data: bytes) -> None:
        line = self._line
        if line.lossy:
            return
        if data and line.flip and self._proxy.random.random() < line.flip:
            data = _flipped(data, self._proxy.random)
        if line.clear and not self._held and self.target is not None:
            self._pass(data)
            return
        size = max(1, int(line.rate / SLICES_A_SECOND)) if line.rate else len(data) or 1
        for start in range(0, len(data) or 1, size):
            piece = data[start : start + size]
            self._due = max(self._due, self._loop.time() + line.delay) + (len(piece) / line.rate if line.rate else 0)
            self._held.append((self._due, piece))
        self._bytes += len(data)
        self._choke()
        self.plan()

    def plan(self) -> None:
        """Arrange the next delivery, if one is possible."""
        if self._timer is None and self._held and not self._line.stalled and self.target is not None:
            self._timer = self._loop.call_at(self._held[0][0], self._deliver)

    def writable(self, yes: bool) -> None:
        self._unwritable = not yes
        self._choke()

    def forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._held.clear()
        self._bytes = 0

    def _deliver(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._held and not self._line.stalled and self._held[0][0] <= now + 0.0005:
            _, data = self._held.popleft()
            self._bytes -= len(data)
            self._pass(data)
        self._choke()
        self.plan()

    def _pass(self, data: bytes) -> None:
        target = self.target
        if target is None or target.is_closing():
            return
        if data:
            self._proxy.bytes += len(data)
            target.write(data)
        elif target.can_write_eof():
            try:
                target.write_eof()
            except OSError:
                target.abort()  # the other end reset it, and the loop has not told us yet
            self.ended = True
            if self.back is not None and self.back.ended:
                # Both have said all they had to say.
                target.close()
                if self.source is not None:
                    self.source.close()

    def _choke(self) -> None:
        full = self._unwritable or self._bytes > HELD_BYTES
        if self.source is None or self.source.is_closing() or full == self._full:
            return
        self._full = full
        if full:
            self.source.pause_reading()
        else:
            self.source.resume_reading()


class _End(asyncio.Protocol):
    """One of the two sockets of a connection."""

    def __init__(self, link: "Link", outgoing: _Flow, incoming: _Flow) -> None:
        self._link = link
        self._outgoing = outgoing
        self._incoming = incoming
        self._ended = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._outgoing.source = self.transport
        self._incoming.target = self.transport
        self._incoming.plan()
        self._link.made(self)

    def data_received(self, data: bytes) -> None:
        self._outgoing.take(data)

    def eof_received(self) -> bool:
        self._ended = True
        self._outgoing.take(b"")
        return True

    def pause_writing(self) -> None:
        self._incoming.writable(False)

    def resume_writing(self) -> None:
        self._incoming.writable(True)

    def connection_lost(self, error: Exception | None) -> None:
        self._incoming.target = None
        self._link.lost(self)


class Link:
    """One connection through the proxy: the client's socket and the one to the target."""

    def __init__(self, proxy: "Proxy") -> None:
        self._proxy = proxy
        self._up = _Flow(proxy, proxy.up)
        self._down = _Flow(proxy, proxy.down)
        self._up.back, self._down.back = self._down, self._up
        self.client = _End(self, self._up, self._down)
        self.server = _End(self, self._down, self._up)

    def reset(self) -> None:
        """Break both sockets, with a TCP reset where there is TCP."""
        for flow in (self._up, self._down):
            flow.forget()
        for end in (self.client, self.server):
            _reset(end.transport)

    def made(self, end: _End) -> None:
        if end is self.client:
            self._proxy.dial(self)
        elif self.client.transport is None or self.client.transport.is_closing():
            self.reset()  # it went while we were dialling

    def lost(self, end: _End) -> None:
        other = self.server if end is self.client else self.client
        if not (self._proxy.up.lossy or self._proxy.down.lossy):
            for flow in (self._up, self._down):
                flow.forget()
            _reset(other.transport)
        if all(one.transport is None or one.transport.is_closing() for one in (self.client, self.server)):
            self._proxy.gone(self)

    def resume(self) -> None:
        self._up.plan()
        self._down.plan()


class Proxy:
    """`async with Proxy(target) as proxy:`, and then `proxy.port`. A target is a port of loopback or a Unix socket's
    path; `links` are the connections that stand."""

    def __init__(self, target: int | str, *, seed: int = 0) -> None:
        self.target = target
        self.up = Line()
        self.down = Line()
        self.refuse = False
        self.random = Random(seed)
        self.links: set[Link] = set()
        self.accepted = 0
        self.bytes = 0
        self._dials: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(self._accept, "127.0.0.1", 0, backlog=4096)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.refuse = True
        self.heal()
        for dial in list(self._dials):
            dial.cancel()
        await asyncio.gather(*self._dials, return_exceptions=True)
        while self.links:
            self.cut()
            await asyncio.sleep(0)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    # ------------------------------------------------------------------------------------------ faults

    def cut(self) -> int:
        """Reset every connection that stands; how many there were."""
        links = list(self.links)
        for link in links:
            link.reset()
        return len(links)

    def stall(self) -> None:
        """From now on nothing passes; what is sent meanwhile comes after `resume`. New connections are accepted."""
        self.up.stalled = self.down.stalled = True

    def resume(self) -> None:
        """End a stall."""
        self.up.stalled = self.down.stalled = False
        for link in self.links:
            link.resume()

    def go_silent(self) -> None:
        """Half-open: what is sent vanishes, and nobody is told that the other end has gone."""
        self.up.lossy = self.down.lossy = True

    def heal(self) -> None:
        """No faults any more. Connections that lost bytes are reset: nothing sound can come over them."""
        silent = self.up.lossy or self.down.lossy
        for line in (self.up, self.down):
            line.delay = line.rate = line.flip = 0.0
            line.lossy = False
        if silent:
            self.cut()
        self.resume()

    @contextmanager
    def away(self) -> Iterator[None]:
        """The target cannot be reached: what stood is reset, and what comes is refused."""
        self.refuse = True
        self.cut()
        try:
            yield
        finally:
            self.refuse = False

    # ------------------------------------------------------------------------------------------ connections

    def _accept(self) -> asyncio.Protocol:
        link = Link(self)
        self.links.add(link)
        self.accepted += 1
        return link.client

    def dial(self, link: Link) -> None:
        """Called by a link whose client is there."""
        task = asyncio.create_task(self._dial(link), name="proxy dials")
        self._dials.add(task)
        task.add_done_callback(self._dials.discard)

    async def _dial(self, link: Link) -> None:
        loop = asyncio.get_running_loop()
        try:
            if self.refuse:
                raise ConnectionRefusedError
            if isinstance(self.target, int):
                await loop.create_connection(lambda: link.server, "127.0.0.1", self.target)
            else:
                await loop.create_unix_connection(lambda: link.server, self.target)
        except OSError:
            link.reset()

    def gone(self, link: Link) -> None:
        """Called by a link both of whose sockets are closed."""
        self.links.discard(link)


def _reset(transport: asyncio.Transport | None) -> None:
    if transport is None or transport.is_closing():
        return
    raw = transport.get_extra_info("socket")
    if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


def _flipped(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]
