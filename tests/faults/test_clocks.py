"""Nodes whose clocks are wrong, and leap: nothing changes, since leases are on PostgreSQL's clock. Short form."""

import pytest
from conftest import CI

from faults import clocks
from faults.bench import Bench
from faults.scenarios import owners
from faults.scenarios.skewed import wrong_clocks
from faults.schedules import play_many
from faults.stage import Stage, Tally
from faults.weather import CLOCKS, Weather

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(120)]

LEASE = 3.0


async def test_wrong_clocks_change_nothing() -> None:
    if clocks.library() is None and not CI:
        pytest.skip("libfaketime is not installed on this machine.")
    wrong = wrong_clocks()
    async with Bench.open(2, wired=False, lease=LEASE, clocks=wrong) as bench:
        # They are wrong indeed: what a node stamps is off by an hour.
        stamped = []
        for node in bench.nodes:
            window = await owners.ask_something(bench, node)
            stamped.append(window.messages[0].created_at)
            window.cut()
        assert stamped[0] > stamped[1]
        seen = Tally()
        await play_many(
            Stage(bench),
            20,
            seed=5,
            weather=Weather(CLOCKS, 0.5, seed=5),
            played=lambda _, tally: seen.add(tally),
        )
        assert seen.breaches == 0, "\n".join(seen.worst)
        assert sum(clock.leaps for clock in wrong) > 0
        bench.vendor.reset()
        bench.vendor.script(owners.script)
        for number, clock in enumerate(wrong):
            clock.leap(-3_600)
            dead = owners.Seen()
            await owners.one_death(bench, number, dead, LEASE, redis=False)
            assert not dead.breaches, dead.breaches
