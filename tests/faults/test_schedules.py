"""Random schedules on real processes, a short run of what `make faults` runs by the ten thousand."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from faults.bench import Bench
from faults.schedules import Play, Schedule, Stage, play_many, strategy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

Theatre = Callable[[Callable[[Stage], Coroutine[Any, Any, None]]], None]


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    """One server for all schedules of this module; each is played to its end in one loop."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        opened: asyncio.Future[Stage] = loop.create_future()
        over = asyncio.Event()

        async def hold() -> None:
            async with Bench.open(1, wired=False) as bench:
                opened.set_result(Stage(bench))
                await over.wait()

        async def wait() -> Stage:
            return await asyncio.wait_for(opened, 60)

        async def end() -> None:
            over.set()
            await holder

        holder = loop.create_task(hold())
        stage = runner.run(wait())
        try:
            yield lambda act: runner.run(act(stage))
        finally:
            runner.run(end())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schedule=strategy(nodes=1))
def test_any_schedule_on_one_node(theatre: Theatre, schedule: Schedule) -> None:
    theatre(lambda stage: Play(stage, schedule).run())


def test_many_schedules_at_once_on_one_node(theatre: Theatre) -> None:
    async def act(stage: Stage) -> None:
        await play_many(stage, 60, seed=3, keep_going=False)

    theatre(act)
