"""What befalls the servers while schedules play: nodes killed and drained, the database restarted, Redis emptied."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from faults.bench import Bench
from faults.stage import Stage

Disaster = Callable[[Stage, random.Random], Coroutine[Any, Any, None]]


async def kill_a_node(stage: Stage, chance: random.Random) -> None:
    node = chance.choice(stage.bench.nodes)
    await node.kill()
    await node.start()


async def drain_a_node(stage: Stage, chance: random.Random) -> None:
    node = chance.choice(stage.bench.nodes)
    await node.terminate()
    await node.start()


async def freeze_a_node(stage: Stage, chance: random.Random) -> None:
    """SIGSTOP for longer than the short lease."""
    node = chance.choice(stage.bench.nodes)
    node.pause()
    await asyncio.sleep(chance.uniform(0.2, 4.0))
    node.resume()


async def restart_postgres(stage: Stage, chance: random.Random) -> None:
    await stage.bench.postgres.restart(away=chance.uniform(0.0, 1.0))


async def cut_the_database(stage: Stage, chance: random.Random) -> None:
    wires = chance.choice(stage.bench.nodes).wires
    if "database" in wires:
        with wires["database"].away():
            await asyncio.sleep(chance.uniform(0.0, 1.0))


async def slow_the_wires(stage: Stage, chance: random.Random) -> None:
    """The database and Redis answer late, or not at all for a moment."""
    wires = list(chance.choice(stage.bench.nodes).wires.values())
    for wire in wires:
        wire.up.delay = wire.down.delay = chance.uniform(0.0, 0.05)
    await asyncio.sleep(0.5)
    for wire in wires:
        wire.stall()
    await asyncio.sleep(chance.uniform(0.0, 0.6))
    for wire in wires:
        wire.heal()


async def cut_the_vendor(stage: Stage, chance: random.Random) -> None:
    wires = chance.choice(stage.bench.nodes).wires
    if "vendor" in wires:
        wires["vendor"].cut()


async def flush_redis(stage: Stage, chance: random.Random) -> None:
    if stage.bench.redis is not None:
        await stage.bench.redis.say("FLUSHALL")


async def restart_redis(stage: Stage, chance: random.Random) -> None:
    if stage.bench.redis is not None:
        stage.bench.redis.kill()
        await asyncio.sleep(chance.uniform(0.0, 1.0))
        await stage.bench.redis.start()


async def freeze_redis(stage: Stage, chance: random.Random) -> None:
    if stage.bench.redis is not None:
        stage.bench.redis.stop()
        await asyncio.sleep(chance.uniform(0.1, 1.5))
        stage.bench.redis.go_on()


async def turn_a_clock(stage: Stage, chance: random.Random) -> None:
    """A node's wall clock leaps by up to an hour, in either direction."""
    clocks = [node.clock for node in stage.bench.nodes if node.clock is not None]
    if clocks:
        chance.choice(clocks).leap(chance.uniform(-3600, 3600))


RESTARTS: tuple[Disaster, ...] = (kill_a_node, drain_a_node)
WIRES: tuple[Disaster, ...] = (cut_the_database, slow_the_wires, cut_the_vendor)
POSTGRES: tuple[Disaster, ...] = (restart_postgres,)
CLOCKS: tuple[Disaster, ...] = (turn_a_clock,)
REDIS: tuple[Disaster, ...] = (flush_redis, restart_redis, freeze_redis)


def disasters_for(bench: Bench) -> tuple[Disaster, ...]:
    """All that can befall this bench."""
    several = (freeze_a_node,) if len(bench.nodes) > 1 else ()
    wires = WIRES if bench.nodes[0].wires else ()
    return (*RESTARTS, *several, *wires, *POSTGRES, *(REDIS if bench.redis is not None else ()))


class Weather:
    """`Weather(disasters, every, seed)` is what `play_many` takes; `seen` counts what happened."""

    def __init__(self, disasters: tuple[Disaster, ...], every: float, seed: int) -> None:
        self._disasters = disasters
        self._every = every
        self._chance = random.Random(seed)
        self.seen: Counter[str] = Counter()

    async def __call__(self, stage: Stage) -> None:
        try:
            while True:
                await asyncio.sleep(self._every * self._chance.uniform(0.5, 1.5))
                disaster = self._chance.choice(self._disasters)
                # Before and after: a schedule that began in the middle of it has a reason too.
                stage.disasters += 1
                await disaster(stage, self._chance)
                stage.disasters += 1
                self.seen[disaster.__name__] += 1
        finally:
            for node in stage.bench.nodes:
                if node.up:
                    node.resume()
                node.heal()
            if stage.bench.redis is not None:
                stage.bench.redis.go_on()
