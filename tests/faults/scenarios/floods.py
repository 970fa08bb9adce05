"""Somebody floods a server with every limit as it comes, and everybody else goes on."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import psutil

from faults.bench import Bench
from faults.figures import quantile
from faults.scenarios.scenario import Scenario, Step

PROGRAM: Final = Path(__file__).resolve().parents[2] / "stage" / "flood.py"
ENDS_SECONDS: Final = 1.0
HEALTH_MS: Final = 250.0
HELLO_SECONDS: Final = 5.0
ROUNDS: Final = 15
HALF_OPEN: Final = 10_000

KINDS: Final = {
    "pings": "pings, and their answers are never read",
    "pongs": "pongs that nobody asked for",
    "fragments": "empty fragments of one message",
    "messages": "empty messages",
    "half_open": "10,000 requests that stop in the middle",
    "handshakes": "10,000 upgrades that never say `hello`",
}


class Probe:
    """Asks `/health/ready` over and over, each time on a connection of its own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.delays: list[float] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._run(), name="probe")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    async def _run(self) -> None:
        while True:
            began = time.perf_counter()
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                writer.write(b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                assert (await reader.read(64)).startswith(b"HTTP/1.1 200 "), "not ready under the flood"
            finally:
                writer.close()
            self.delays.append(time.perf_counter() - began)
            await asyncio.sleep(0.005)


async def flood(bench: Bench, kind: str, rounds: int) -> dict[str, Any]:
    """One kind of flood to its end; what the flooder saw, beside what others saw meanwhile."""
    process = bench.nodes[0].process
    server = psutil.Process(process.pid)
    before, spent = server.memory_info().rss, sum(server.cpu_times()[:2])
    probe = Probe(process.port)
    async with probe.running():
        words = (str(PROGRAM), kind, str(process.port), bench.key, str(rounds))
        flooder = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
        out, _ = await asyncio.wait_for(flooder.communicate(), 150)
        assert flooder.returncode == 0, "the flood itself broke"
        await asyncio.sleep(0.5)
    seen: dict[str, Any] = json.loads(out)
    return {
        "what": KINDS[kind],
        "times": rounds,
        "ended_after_s": round(_ended(kind, seen), 3),
        "health_ready_p99_ms": round(1000 * quantile(probe.delays, 0.99), 1),
        "health_ready_asked": len(probe.delays),
        "memory_grew_mb": round((server.memory_info().rss - before) / 1e6, 1),
        "cpu_s": round(sum(server.cpu_times()[:2]) - spent, 2),
        "left": seen.get("left", 0),
    }


def _ended(kind: str, seen: dict[str, Any]) -> float:
    """Seconds from when it could have been noticed: an upgrade has five seconds to say `hello`."""
    if kind == "half_open":
        return float(seen["ended_after_s"])
    if kind == "handshakes":
        return max(0.0, float(seen["all_gone_s"] - seen["seconds"]) - HELLO_SECONDS)
    return float(seen["slowest_s"])


async def run(rounds: int, seed: int, step: Step) -> dict[str, Any]:
    """Every kind; small floods so many times."""
    # The server's own defaults, which the bench switches off for everything else.
    async with Bench.open(
        1,
        wired=False,
        OPSLOOM_LIMIT_MESSAGES_PER_MINUTE="20",
        OPSLOOM_LIMIT_RUNNING_TURNS="2",
        OPSLOOM_LIMIT_CONNECTIONS="20",
        OPSLOOM_LIMIT_CONNECTS_PER_SECOND="10",
    ) as bench:
        floods = []
        for kind in KINDS:
            floods.append(await flood(bench, kind, HALF_OPEN if kind in ("half_open", "handshakes") else rounds))
            step()
    worst = [
        f"{one['what']}: {one}"
        for one in floods
        if one["ended_after_s"] > ENDS_SECONDS or one["health_ready_p99_ms"] > HEALTH_MS or one["left"]
    ]
    return {"floods": floods, "breaches": len(worst), "worst": worst}


FLOODS: Final = Scenario(run, times=ROUNDS, steps=len(KINDS))
