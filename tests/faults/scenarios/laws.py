"""`apply(old snapshot, frames) == fresh snapshot`, over random conversations that make every durable frame."""

import asyncio
import random
from collections import Counter
from typing import Any, Final

from faults.bench import Bench
from faults.law import ACTIONS, DURABLE, Conversation, script
from faults.scenarios.scenario import Scenario, Step
from faults.visitor import LOST, Breach

AT_ONCE: Final = 12
MOST_ACTIONS: Final = 14


async def play(bench: Bench, times: int, seed: int, step: Step) -> dict[str, Any]:
    """So many conversations; how many frames of each durable type were applied, and how often was compared."""
    bench.vendor.script(script)
    kinds: Counter[str] = Counter()
    compared = actions = 0
    broken: list[str] = []
    numbers = iter(range(times))

    async def talk() -> None:
        nonlocal compared, actions
        for number in numbers:
            chance = random.Random(f"{seed}-{number}")
            conversation = Conversation(bench, chance.randrange(1 << 30), kinds)
            try:
                await conversation.run(chance.choices(ACTIONS, k=chance.randint(4, MOST_ACTIONS)))
            except (Breach, *LOST) as error:
                broken.append(f"{seed}-{number}: {error!r}")
            compared += conversation.compared
            actions += len(conversation.done)
            bench.vendor.requests.clear()
            step()

    async with asyncio.TaskGroup() as group:
        for _ in range(min(AT_ONCE, times)):
            group.create_task(talk())
    unseen = sorted(DURABLE - kinds.keys())
    return {
        "conversations": times,
        "actions": actions,
        "comparisons_with_a_fresh_snapshot": compared,
        "durable_frames_applied": dict(sorted(kinds.items())),
        "types_never_seen": len(unseen),
        "breaches": len(broken) + len(unseen),
        "worst": [*broken, *(f"{kind} was never seen" for kind in unseen)][:10],
    }


async def _two_nodes(times: int, seed: int, step: Step) -> dict[str, Any]:
    async with Bench.open(2, wired=False) as bench:
        return await play(bench, times, seed, step)


LAW: Final = Scenario(_two_nodes, times=1_000)
