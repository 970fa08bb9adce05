"""Random schedules: {delta, cut, reload, new tab, node switch, log trim, restart} over real servers, many at a time."""

import asyncio
import random
from collections.abc import Callable, Container, Coroutine
from typing import Any

from faults.play import Play
from faults.schedule import drawn
from faults.stage import Stage, Tally
from faults.visitor import Breach

Weathers = Callable[[Stage], Coroutine[Any, Any, None]]


async def play_many(
    stage: Stage,
    count: int,
    seed: int,
    *,
    at_once: int = 24,
    without: Container[int] = (),
    weather: Weathers | None = None,
    played: Callable[[int, Tally], None] = lambda _, __: None,
) -> None:
    """Play the schedules 0 to `count` of a seed, `at_once` of them at a time; `weather` does its worst meanwhile.

    Args:
        without: numbers to leave out, since they were played before.
        played: is told each number and what was seen of it. A broken promise is counted there, and the rest goes on.
    """
    numbers = iter([number for number in range(count) if number not in without])

    async def worker() -> None:
        for number in numbers:
            play = Play(stage, drawn(random.Random(f"{seed}-{number}"), len(stage.bench.nodes)))
            try:
                await play.run()
            except Breach as breach:
                play.tally.breaches = 1
                play.tally.worst = [f"seed {seed}-{number}: {breach}"]
            played(number, play.tally)

    storm = asyncio.create_task(weather(stage), name="weather") if weather is not None else None
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, count)):
                group.create_task(worker())
    finally:
        if storm is not None:
            storm.cancel()
            await asyncio.wait([storm])
            if not storm.cancelled() and (error := storm.exception()) is not None:
                raise error
