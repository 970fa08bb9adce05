"""The open connections of this node: one a server, opened on first use, shared by a workspace's turns, closed when
idle.

A workspace never meets another's connection: what a server knows of who speaks to it belongs to one tenant.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from opsloom_server.errors import Busy
from opsloom_server.fetching import Networks
from opsloom_server.mcp.failing import McpUnreachable
from opsloom_server.mcp.link import Link
from opsloom_server.mcp.listing import Listing
from opsloom_server.mcp.reaching import Reach

__all__ = ["Connections", "Wanted"]

log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 300.0
SWEEP_SECONDS: Final = 15.0
MOST_OPEN: Final = 64
"""Connections of a node. Beyond, the one that was idle longest is closed; where none is idle, a call is refused."""
AT_ONCE: Final = 16
"""Calls on one connection at once; more wait their turn."""
TURN_SECONDS: Final = 5.0
STEADY_SECONDS: Final = 30.0
"""What ran for as long before it crashed is started again at once."""
LONGEST_PAUSE: Final = 60.0
PATIENCE_SECONDS: Final = 2.0
"""A pause between two starts that a call waits out; where it is longer, the call fails in words."""


class Wanted:
    """A server as a call wants it: whose it is, and how it is reached. `rev` tells one way to reach it from another."""

    def __init__(
        self,
        workspace: str,
        server: str,
        name: str,
        rev: int,
        reach: Reach,
        listed: Callable[[Listing], Awaitable[None]] | None = None,
    ) -> None:
        self.key = (workspace, server)
        self.name = name
        self.rev = rev
        self.reach = reach
        self.listed = listed


class Connections:
    """Made by the composition root, and closed by it."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._places: dict[tuple[str, str], _Place] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def use(self, wanted: Wanted, *, now: bool = False) -> AsyncIterator[Link]:
        """A connection that works, for as long as the block runs. `now`: do not wait for a pause after failures.

        Raises McpUnreachable, Busy, or Invalid where it cannot be opened.
        """
        place = self._place(wanted)
        try:
            await asyncio.wait_for(place.turns.acquire(), TURN_SECONDS)
        except TimeoutError:
            raise Busy(f"The MCP server “{wanted.name}” has too much to do just now. Try again in a moment.") from None
        place.users += 1
        try:
            yield await self._open(place, wanted, now)
        finally:
            place.users -= 1
            place.used = _now()
            place.turns.release()

    async def forget(self, workspace: str, server: str) -> None:
        """Close a server's connection: it is gone, or reached in another way."""
        place = self._places.pop((workspace, server), None)
        if place is not None:
            self._end(place)

    async def close(self) -> None:
        """End every connection, each within some seconds."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait([self._sweeping])
        for place in self._places.values():
            self._end(place)
        self._places.clear()
        if self._endings:
            await asyncio.wait(self._endings)

    def _place(self, wanted: Wanted) -> "_Place":
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._sweep(), name="close idle MCP connections")
        place = self._places.get(wanted.key)
        if place is None or place.rev < wanted.rev:
            if place is not None:
                self._end(place)
            place = self._places[wanted.key] = _Place(wanted.rev)
        return place

    async def _open(self, place: "_Place", wanted: Wanted, now: bool) -> Link:
        async with place.opening:
            if place.link is not None and await place.link.alive():
                return place.link
            if place.link is not None:
                log.warning("MCP server %s has to be started again", wanted.name)
                place.failed(steady=_now() - place.opened > STEADY_SECONDS)
                self._end(place)
            await self._pause(place, wanted, now)
            self._make_room()
            link = Link(wanted.reach, wanted.name, self._networks, wanted.listed)
            try:
                await link.start()
            except Exception:
                place.failed(steady=False)
                raise
            place.link, place.opened = link, _now()
            if self._places.get(wanted.key) is not place:
                self._end(place)  # it was forgotten meanwhile
                raise McpUnreachable(f"The MCP server “{wanted.name}” was taken away.")
            if wanted.listed is not None:
                await wanted.listed(link.listing)
            return link

    async def _pause(self, place: "_Place", wanted: Wanted, now: bool) -> None:
        pause = 0.0 if now else place.not_before - _now()
        if pause > PATIENCE_SECONDS:
            raise McpUnreachable(
                f"The MCP server “{wanted.name}” failed {place.failures} times in a row. It is tried again in "
                f"{pause:.0f} seconds."
            )
        if pause > 0:
            await asyncio.sleep(pause)

    def _make_room(self) -> None:
        held = [place for place in self._places.values() if place.link is not None]
        if len(held) < MOST_OPEN:
            return
        idle = [place for place in held if place.users == 0]
        if not idle:
            raise Busy("This server holds as many connections to MCP servers as it may. Try again in a moment.")
        self._end(min(idle, key=lambda place: place.used))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for key, place in list(self._places.items()):
                if place.users == 0 and _now() - max(place.used, place.not_before) > IDLE_SECONDS:
                    del self._places[key]
                    self._end(place)

    def _end(self, place: "_Place") -> None:
        """Close what is open there, beside what goes on: a program may take seconds to end."""
        link, place.link = place.link, None
        if link is not None:
            task = asyncio.create_task(link.close(), name="end an MCP connection")
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)


class _Place:
    """Where a server's connection is, or will be again."""

    def __init__(self, rev: int) -> None:
        self.rev = rev
        self.link: Link | None = None
        self.opening = asyncio.Lock()
        self.turns = asyncio.Semaphore(AT_ONCE)
        self.users = 0
        self.used = _now()
        self.opened = 0.0
        self.failures = 0
        self.not_before = 0.0

    def failed(self, *, steady: bool) -> None:
        """Count a failure: the next start waits 1 s, 2 s, 4 s, up to a minute."""
        self.failures = 0 if steady else self.failures + 1
        pause = min(LONGEST_PAUSE, 2.0 ** (self.failures - 1)) if self.failures else 0.0
        self.not_before = _now() + pause


def _now() -> float:
    return asyncio.get_running_loop().time()
