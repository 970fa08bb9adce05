"""Random schedules under all that can befall the servers: one node, two on one PostgreSQL, two with Redis."""

from typing import Any, Final

import msgspec

from faults.bench import Bench
from faults.scenarios.scenario import Scenario, Step
from faults.schedules import Stage, play_many
from faults.weather import Weather, disasters_for

LEASE: Final = 5.0
"""Seconds: short, so that thousands of schedules wait less; long enough for a node that two busy cores starve."""

EVERY: Final = 12.0
"""Seconds from one disaster to the next, on average; a node's restart takes about three."""


async def play(nodes: int, redis: bool, count: int, seed: int, step: Step) -> dict[str, Any]:
    """Play so many; gives the tally and the disasters."""
    async with Bench.open(nodes, redis=redis, lease=LEASE) as bench:
        weather = Weather(disasters_for(bench), EVERY, seed)
        tally = await play_many(Stage(bench), count, seed, weather=weather, step=lambda _: step())
        return {**msgspec.to_builtins(tally), "disasters": dict(weather.seen)}


async def _one(count: int, seed: int, step: Step) -> dict[str, Any]:
    return await play(1, False, count, seed, step)


async def _two(count: int, seed: int, step: Step) -> dict[str, Any]:
    return await play(2, False, count, seed, step)


async def _two_with_redis(count: int, seed: int, step: Step) -> dict[str, Any]:
    return await play(2, True, count, seed, step)


ONE_NODE: Final = Scenario(_one, times=300, share=20)
TWO_NODES: Final = Scenario(_two, times=300, share=40)
WITH_REDIS: Final = Scenario(_two_with_redis, times=300, share=40, redis=True)
