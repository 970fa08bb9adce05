"""The hot log on Redis or Valkey: one stream a turn and epoch, whose ids are our `seq`.

All turns' frames that wait go in one pipeline; while it is under way the next ones gather, so there is no task and no
round trip a delta. A turn shows its frames when Redis has them. If the answer takes longer than `PATIENCE`, they are
shown all the same; if none comes, the node works without Redis, asks for it every second, and when it is back writes
what its turns have on their rings.
"""

import asyncio
import logging
from collections.abc import Collection
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from opsloom_server.log.feed import Feed
from opsloom_server.log.hot import Follower, Owner
from opsloom_server.log.ring import Entry
from opsloom_server.log.streams import AGAIN_SECONDS, APPEND, REDIS_ERRORS, add, runs_of, stream_of
from opsloom_server.store.turns import Run

# Longer than a healthy Redis takes under load, shorter than an eye notices.
PATIENCE: Final = 0.05
READ_SECONDS: Final = 0.25
# After its end a turn may still be read by a node that is slow to hear of it.
LINGER_SECONDS: Final = 30
# Beyond any frame.
_LAST: Final = 1 << 62

_log = logging.getLogger(__name__)


class RedisLog:
    """The hot log of this node."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._feed = Feed(redis)
        # What this node runs and has shown something of.
        self._turns: set[Owner] = set()
        self._pending: dict[Owner, list[Entry]] = {}
        self._sending: dict[Owner, list[Entry]] = {}
        self._finished: list[Owner] = []
        self._due = asyncio.Event()
        self._live = False
        # Whether it is known not to answer.
        self._away = False
        # Whether frames are shown without waiting: Redis is away, or late with its answer.
        self._hasty = True

    @property
    def live(self) -> bool:
        """Whether frames are written to Redis."""
        return self._live

    @property
    def feeding(self) -> bool:
        return self._feed.live

    def follow(self, turn: Follower) -> None:
        self._feed.add(turn)

    def leave(self, turn: Follower) -> None:
        self._feed.remove(turn)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed.run(), name="frames from Redis")
            group.create_task(self._write(), name="frames to Redis")

    # ------------------------------------------------------------------------------------------ writing

    def append(self, turn: Owner, entries: Collection[Entry]) -> bool:
        self._turns.add(turn)
        if not self._live:
            return True
        self._pending.setdefault(turn, []).extend(entries)
        self._due.set()
        return self._hasty

    def finish(self, turn: Owner) -> None:
        self._turns.discard(turn)
        if self._live:
            self._pending.pop(turn, None)
            self._finished.append(turn)
            self._due.set()

    async def _write(self) -> None:
        while True:
            try:
                await self._begin()
                while True:
                    await self._due.wait()
                    await self._send()
            except NoScriptError:
                self._lose()  # it was restarted and is there again
                continue
            except REDIS_ERRORS as error:
                if self._live:
                    _log.warning("answers go on without Redis: %s: %s", type(error).__name__, error)
                self._lose()
            except Exception:
                _log.exception("frames could not be written to Redis")
                self._lose()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _begin(self) -> None:
        await self._redis.script_load(APPEND)
        if not self._live:
            _log.info("frames of running turns go to Redis")
        self._live, self._away, self._hasty = True, False, False
        for turn in self._turns:
            entries = turn.so_far()
            if entries:
                self._pending[turn] = list(entries)
                self._due.set()

    def _lose(self) -> None:
        self._live, self._away = False, True
        self._show_all()
        self._pending.clear()
        self._finished.clear()

    def _show_all(self) -> None:
        self._hasty = True
        for turn in [*self._sending, *self._pending]:
            turn.release(_LAST)
        self._sending = {}

    async def _send(self) -> None:
        self._due.clear()
        sending, self._pending = self._pending, {}
        finished, self._finished = self._finished, []
        self._sending = sending
        pipeline = self._redis.pipeline(transaction=False)
        for turn, entries in sending.items():
            add(pipeline, turn.id, turn.epoch, entries)
        for turn in finished:
            pipeline.expire(stream_of(turn.id, turn.epoch), LINGER_SECONDS)
        late = asyncio.get_running_loop().call_later(PATIENCE, self._show_all)
        try:
            answers = await pipeline.execute(raise_on_error=False)
        finally:
            late.cancel()
        for (turn, entries), answer in zip(sending.items(), answers, strict=False):
            if isinstance(answer, Exception):
                raise answer  # it has lost the script, its memory is full, …: begin again
            if answer == -1:
                turn.lose()
            else:
                turn.release(entries[-1].seq)
        self._hasty = False
        self._sending = {}

    # ------------------------------------------------------------------------------------------ reading

    async def tail(self, turn: str, epoch: int, after: int) -> list[Run] | None:
        if self._away:
            return None
        try:
            async with asyncio.timeout(READ_SECONDS):
                found: Any = await self._redis.xrange(stream_of(turn, epoch), min=f"{after + 1}-0")
                return runs_of(found)
        except REDIS_ERRORS as error:
            _log.warning("frames could not be read from Redis (%s)", type(error).__name__)
            return None

    async def fence(self, turn: str, epoch: int) -> None:
        if self._away:
            return
        try:
            async with asyncio.timeout(READ_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                pipeline.script_load(APPEND)
                add(pipeline, turn, epoch, ())
                await pipeline.execute()
        except REDIS_ERRORS as error:
            _log.warning("an old owner's frames could not be refused in Redis (%s)", type(error).__name__)
