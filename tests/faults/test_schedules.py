"""Random schedules on real processes, a short run of what `make faults` runs by the ten thousand."""

import pytest
from hypothesis import HealthCheck, given, settings

from faults.bench import Bench
from faults.conftest import Theatre
from faults.schedules import Play, Schedule, Stage, play_many, strategy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(schedule=strategy(nodes=1))
def test_any_schedule_on_one_node(one_node: Theatre, schedule: Schedule) -> None:
    one_node(lambda bench: Play(Stage(bench), schedule).run())


def test_many_schedules_at_once_on_one_node(one_node: Theatre) -> None:
    async def act(bench: Bench) -> None:
        await play_many(Stage(bench), 50, seed=3, keep_going=False)

    one_node(act)


def test_many_schedules_at_once_on_two_nodes(two_nodes: Theatre) -> None:
    async def act(bench: Bench) -> None:
        await play_many(Stage(bench), 50, seed=4, keep_going=False)

    two_nodes(act)
