"""Nodes whose clocks are wrong, and leap: schedules under kills and drains, and owners that die.

Node 0 is an hour ahead and runs 2 % fast, and its monotonic clock began elsewhere; node 1 is an hour behind. Both leap
by up to an hour, in either direction, again and again.
"""

from typing import Any, Final

from faults.bench import Bench
from faults.clocks import Clock, can_shift_monotonic
from faults.scenarios import owners
from faults.scenarios.random_schedules import LEASE
from faults.scenarios.scenario import Scenario, Step
from faults.schedules import play_many
from faults.stage import Stage, Tally
from faults.weather import CLOCKS, RESTARTS, Weather, freeze_a_node

EVERY: Final = 3.0
DEATHS: Final = 10


def wrong_clocks() -> tuple[Clock, Clock]:
    """An hour ahead, 2 % fast and with another monotonic clock; an hour behind."""
    return Clock(3_600, pace=1.02, monotonic=100_000), Clock(-3_600)


async def run(count: int, seed: int, step: Step) -> dict[str, Any]:
    """So many schedules; then ten owners die."""
    seen, dead = Tally(), owners.Seen()
    clocks = wrong_clocks()
    async with Bench.open(2, wired=False, lease=LEASE, clocks=clocks) as bench:
        weather = Weather((*CLOCKS * 4, *RESTARTS, freeze_a_node), EVERY, seed)

        def played(number: int, tally: Tally) -> None:
            seen.add(tally)
            step()

        await play_many(Stage(bench), count, seed, weather=weather, played=played)
        bench.vendor.reset()
        bench.vendor.script(owners.script)
        for number in range(DEATHS):
            clocks[number % 2].leap(-5_400 if number % 4 < 2 else 5_400)
            await owners.one_death(bench, number, dead, LEASE, redis=False)
    told = dead.figures(LEASE)
    return {
        "schedules": seen.schedules,
        "replies_to_hello": seen.hellos,
        "frames_applied": seen.frames,
        "disasters": dict(weather.seen),
        "leaps_of_a_clock": sum(clock.leaps for clock in clocks),
        "monotonic_clock_shifted": can_shift_monotonic(),
        "owners_killed": told["times"],
        "lease_s": LEASE,
        "shown_after_s_p50": told["shown_after_s_p50"],
        "shown_after_s_max": told["shown_after_s_max"],
        "text_lost_ms_max": told["text_lost_ms_max"],
        "breaches": seen.breaches + told["breaches"],
        "worst": [*seen.worst, *told["worst"]],
    }


SKEWED: Final = Scenario(run, times=500, faketime=True)
