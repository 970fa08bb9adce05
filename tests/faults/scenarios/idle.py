"""Memory of an idle connection, against a bare Starlette application: the memory part of `make bench`."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from faults.scenarios.scenario import Scenario, Step

MOST: Final = 1.25
CONNECTIONS: Final = 2_000


async def run(times: int, seed: int, step: Step) -> dict[str, Any]:
    """The benchmark as it is, in a process of its own; the median of so many runs."""
    ratios, ours, bare = [], [], []
    with tempfile.TemporaryDirectory(prefix="opsloom-idle-") as folder:
        for number in range(times):
            out = Path(folder) / f"{number}.json"
            words = ("-m", "bench", "--only", "memory", "--out", str(out))
            process = await asyncio.create_subprocess_exec(sys.executable, *words)
            assert await process.wait() == 0, "the benchmark broke; its words stand above"
            made = json.loads(out.read_text())
            assert not made["not_run"], made["not_run"]
            ratios.append(made["ratios"]["memory_vs_bare"])
            ours.append(made["figures"]["idle_connection_kb_opsloom"])
            bare.append(made["figures"]["idle_connection_kb_bare"])
            step()
    middle = sorted(ratios)[len(ratios) // 2]
    return {
        "connections": CONNECTIONS,
        "kB_a_connection": [round(each, 1) for each in ours],
        "kB_a_bare_one": [round(each, 1) for each in bare],
        "times_as_much": round(middle, 3),
        "promised_at_most": MOST,
        "breaches": int(middle > MOST),
        "worst": [f"{middle:.3f} times a bare connection's memory"] if middle > MOST else [],
    }


IDLE: Final = Scenario(run, times=1)
