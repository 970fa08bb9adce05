"""Reading turns that run on other nodes, from Redis: all of them with one blocking read on one connection."""

import asyncio
import logging
from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis

from opsloom_server.log.hot import Follower
from opsloom_server.log.streams import AGAIN_SECONDS, REDIS_ERRORS, runs_of, stream_of

# A turn that is followed from now on joins the read that comes next.
BLOCK_SECONDS: Final = 0.1
FRAMES: Final = 500

_log = logging.getLogger(__name__)


class Feed:
    """Gives each followed turn its frames as they come."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._turns: dict[str, Follower] = {}
        self._wanted = asyncio.Event()
        # Whether turns are fed; where they are not, the database is asked.
        self.live = False

    def add(self, turn: Follower) -> None:
        """Follow this turn."""
        self._turns[turn.id] = turn
        self._wanted.set()

    def remove(self, turn: Follower) -> None:
        """Follow it no more."""
        if self._turns.get(turn.id) is turn:
            del self._turns[turn.id]

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                if not await self._read():
                    await self._idle()
                self.live = True
            except REDIS_ERRORS as error:
                if self.live:
                    _log.warning("turns of other nodes cannot be read from Redis (%s)", type(error).__name__)
                self.live = False
                await asyncio.sleep(AGAIN_SECONDS)

    async def _idle(self) -> None:
        """Until there is a turn to read, or for a second at most: it may have been waited for."""
        self._wanted.clear()
        await self._redis.ping()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), AGAIN_SECONDS)

    async def _read(self) -> bool:
        """Read once. False where there is nothing to read."""
        readers = {stream_of(turn.id, turn.epoch): turn for turn in self._turns.values() if not turn.stalled}
        if not readers:
            return False
        after = {stream: f"{turn.seq}-0" for stream, turn in readers.items()}
        wanted: Any = after  # its keys may be of more types than a dict of text says
        answer: Any = await self._redis.xread(wanted, count=FRAMES, block=int(BLOCK_SECONDS * 1000))
        for stream, entries in answer or ():
            readers[stream.decode()].feed(runs_of(entries))
        return True
