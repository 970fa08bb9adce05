"""Random schedules under all that can befall the servers: one node, two on one PostgreSQL, two with Redis."""

from typing import Any, Final

from faults.bench import Bench
from faults.scenarios.scenario import Scenario, Step
from faults.schedules import play_many
from faults.stage import Stage, Tally
from faults.underway import Keeper
from faults.weather import Weather, disasters_for

LEASE: Final = 5.0
"""Seconds: short, so that thousands of schedules wait less; long enough for a node that two busy cores starve."""

EVERY: Final = 12.0
"""Seconds from one disaster to the next, on average; a node's restart takes about three."""

AT_ONCE: Final = 40
"""People at a time. Most of them wait, for a lease or for a model that takes its time."""


async def play(name: str, nodes: int, redis: bool, count: int, seed: int, step: Step) -> dict[str, Any]:
    """Play so many; gives the tally and the disasters. What an interrupted run has played is not played again."""
    keeper = Keeper(name, seed, count)
    for _ in keeper.run.done:
        step()
    async with Bench.open(nodes, redis=redis, lease=LEASE) as bench:
        # A run that goes on meets other disasters than those which it has behind it.
        weather = Weather(disasters_for(bench), EVERY, seed + len(keeper.run.done))

        def played(number: int, tally: Tally) -> None:
            keeper.add(number, tally, weather.seen)
            step()

        try:
            await play_many(
                Stage(bench),
                count,
                seed,
                at_once=AT_ONCE,
                without=keeper.run.done.copy(),
                weather=weather,
                played=played,
            )
        except BaseException:
            keeper.keep()
            raise
    keeper.forget()
    run = keeper.run
    return {
        **run.tally.told(),
        "disasters": run.disasters,
        "interruptions": run.interruptions,
        "seconds": round(run.seconds, 1),
    }


def _scenario(name: str, nodes: int, *, share: int, redis: bool = False) -> Scenario:
    async def run(count: int, seed: int, step: Step) -> dict[str, Any]:
        return await play(name, nodes, redis, count, seed, step)

    return Scenario(run, times=300, share=share, redis=redis)


SCENARIOS: Final = {
    "schedules-one-node": _scenario("schedules-one-node", 1, share=20),
    "schedules-two-nodes": _scenario("schedules-two-nodes", 2, share=40),
    "schedules-two-nodes-redis": _scenario("schedules-two-nodes-redis", 2, share=40, redis=True),
}
