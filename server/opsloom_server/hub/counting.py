"""What people use on all nodes together, counted in Redis. Where it does not answer, each node counts alone."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from opsloom_server.log.streams import REDIS_ERRORS

MINUTE_MS: Final = 60_000
# A count that its node no longer renews is of a node that died.
COUNT_SECONDS: Final = 90
RENEW_SECONDS: Final = 30.0
TELL_SECONDS: Final = 1.0
PATIENCE: Final = 0.1
# Not asked again so soon after it did not answer: nobody's message should wait for it twice.
AWAY_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)

# Counts a message by the millisecond; gives how long to wait where there were too many in the last minute.
_MESSAGE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] + ARGV[1] - now
end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 0
"""
# Writes one node's count and gives the sum of the others'.
_CONNECTIONS: Final = """
local now = tonumber(redis.call('TIME')[1])
if tonumber(ARGV[2]) > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. (now + ARGV[3]))
  redis.call('EXPIRE', KEYS[1], ARGV[3])
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
local others = 0
local counts = redis.call('HGETALL', KEYS[1])
for i = 1, #counts, 2 do
  local count, ends = string.match(counts[i + 1], '^(%d+):(%d+)$')
  if tonumber(ends) < now then
    redis.call('HDEL', KEYS[1], counts[i])
  elseif counts[i] ~= ARGV[1] then
    others = others + count
  end
end
return others
"""


class SharedCounts:
    """Messages and sockets of each person, over all nodes. `run` is a task of the hub's."""

    def __init__(self, redis: Redis, node: str) -> None:
        self._node = node
        self._message = redis.register_script(_MESSAGE)
        self._connections = redis.register_script(_CONNECTIONS)
        self._changed: set[str] = set()
        self._away_until = 0.0

    async def message(self, user: str, most: int, name: str) -> int:
        """Count a message under its name; 0, or the milliseconds until one may be sent."""
        return await self._ask(self._message, f"opsloom:messages:{{{user}}}", MINUTE_MS, most, name)

    async def sockets_elsewhere(self, user: str, here: int) -> int:
        """Tell how many sockets a person has here, and learn how many on other nodes."""
        return await self._ask(self._connections, f"opsloom:sockets:{{{user}}}", self._node, here, COUNT_SECONDS)

    def changed(self, user: str) -> None:
        """A person has other sockets here than before; the others are told within a second."""
        self._changed.add(user)

    async def run(self, here: Mapping[str, int]) -> None:
        """Keep the counts of `here` (sockets by person) until cancelled."""
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        while True:
            await asyncio.sleep(TELL_SECONDS)
            changed, self._changed = self._changed, set()
            if loop.time() - renewed > RENEW_SECONDS:
                changed.update(here)
                renewed = loop.time()
            for user in changed:
                await self.sockets_elsewhere(user, here.get(user, 0))

    async def _ask(self, script: AsyncScript, key: str, *arguments: str | int) -> int:
        loop = asyncio.get_running_loop()
        if loop.time() < self._away_until:
            return 0
        try:
            async with asyncio.timeout(PATIENCE):
                return int(await script(keys=[key], args=arguments))
        except REDIS_ERRORS as error:
            self._away_until = loop.time() + AWAY_SECONDS
            _log.warning("people's limits are counted by each node alone: %s", type(error).__name__)
            return 0
