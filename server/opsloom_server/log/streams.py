"""A turn's frames as a stream of Redis: its key, its ids (our `seq`), the fence before it, and how it is read."""

from collections.abc import Iterable, Sequence
from hashlib import sha1
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from opsloom_server.log.ring import Entry
from opsloom_server.store.turns import Run

# Redis does not answer. uvloop says that a connection is closed with a RuntimeError.
REDIS_ERRORS: Final = (RedisError, OSError, TimeoutError, RuntimeError)
ANSWER_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 1.0
KEEP_SECONDS: Final = 600

# The fence, the append and the expiry are one step: between them no other owner's frame can slip in. A frame that is
# there already is passed over, so that sending twice does no harm. Gives -1 where a newer owner was here.
APPEND: Final = b"""
local fence = tonumber(redis.call('GET', KEYS[2]) or '0')
local epoch = tonumber(ARGV[1])
if fence > epoch then return -1 end
redis.call('SET', KEYS[2], epoch, 'EX', ARGV[2])
local last = 0
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if newest[1] then last = tonumber(string.match(newest[1][1], '^%d+')) end
for i = 3, #ARGV, 2 do
  local seq = tonumber(ARGV[i])
  if seq > last then redis.call('XADD', KEYS[1], seq .. '-0', 'f', ARGV[i + 1]) end
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return last
"""
_SHA: Final = sha1(APPEND, usedforsecurity=False).hexdigest()


def connect(url: str) -> Redis:
    """A client that fails at once rather than trying again by itself: everything here has something else to do."""
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


def stream_of(turn: str, epoch: int) -> str:
    """The key of a turn's frames."""
    return f"opsloom:turn:{{{turn}}}:{epoch}"


def _fence_of(turn: str) -> str:
    return f"opsloom:turn:{{{turn}}}:owner"


def runs_of(entries: Iterable[tuple[bytes, Any]]) -> list[Run]:
    """A stream's entries as runs of frames without holes."""
    runs: list[Run] = []
    held: list[str] = []
    first = 0
    for key, fields in entries:
        seq = int(key.partition(b"-")[0])
        if not held or seq != first + len(held):
            held, first = [], seq
            runs.append(Run(first, held))
        held.append(fields[b"f"].decode())
    return runs


def add(pipeline: Pipeline, turn: str, epoch: int, entries: Sequence[Entry]) -> None:
    """Append frames under the fence, which also stands where there are none."""
    arguments: list[str | int] = [epoch, KEEP_SECONDS]
    for entry in entries:
        arguments += (entry.seq, entry.text)
    pipeline.evalsha(_SHA, 2, stream_of(turn, epoch), _fence_of(turn), *arguments)
