"""Random schedules on real processes, a short run of what `make faults` runs by the ten thousand."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from faults.bench import Bench
from faults.conftest import Theatre
from faults.play import Play
from faults.schedule import Schedule, strategy
from faults.schedules import play_many
from faults.stage import Stage, Tally
from faults.underway import Keeper

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(schedule=strategy(nodes=1))
def test_any_schedule_on_one_node(one_node: Theatre, schedule: Schedule) -> None:
    one_node(lambda bench: Play(Stage(bench), schedule).run())


async def many(bench: Bench, seed: int) -> Tally:
    seen = Tally()
    await play_many(Stage(bench), 50, seed, played=lambda _, tally: seen.add(tally))
    assert seen.breaches == 0, "\n".join(seen.worst)
    assert seen.schedules == 50
    return seen


def test_many_schedules_at_once_on_one_node(one_node: Theatre) -> None:
    async def act(bench: Bench) -> None:
        await many(bench, seed=3)

    one_node(act)


def test_many_schedules_at_once_on_two_nodes(two_nodes: Theatre) -> None:
    async def act(bench: Bench) -> None:
        seen = await many(bench, seed=4)
        assert seen.resumed + seen.snapshots == seen.hellos

    two_nodes(act)


def test_a_run_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    first = Keeper("some", 1, 10, tmp_path)
    first.add(3, Tally(schedules=1, frames=7), Counter(kill_a_node=2))
    first.keep()
    again = Keeper("some", 1, 10, tmp_path)
    assert (again.run.done, again.run.interruptions) == ({3}, 1)
    again.add(4, Tally(schedules=1, frames=5), Counter(kill_a_node=1))
    assert (again.run.tally.frames, again.run.disasters) == (12, {"kill_a_node": 3})
    assert Keeper("some", 2, 10, tmp_path).run.done == set()
    again.forget()
    assert Keeper("some", 1, 10, tmp_path).run.done == set()
