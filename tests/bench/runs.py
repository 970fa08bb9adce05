"""One run after the other: jobs for the load client, interleaved over the servers so a busy minute hits all alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.clocks import cpu
from bench.servers import TESTS, Rig, Server

Seen = dict[str, Any]

# What a job says if a part says nothing else.
DEFAULTS: Final[Seen] = {
    "kind": "turns",
    "sessions": 50,
    "tabs": 1,
    "turns": 1,
    "tokens": 150,
    "rate": 30,
    "pad": 0,
    "spread": 5.0,  # as long as an answer takes: turns begin all the time, not all at once
    "seconds": 120,
    "warm": 50,
    "patience": 12,
    "session": None,
}


@dataclass
class Runner:
    """Runs jobs and keeps what they saw: `raw[part][server]` is a list of runs, `words` says what could not be run."""

    rig: Rig
    step: Callable[[str], None]
    raw: dict[str, dict[str, list[Seen]]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def run(self, server: Server, **job: Any) -> Seen:
        """One run. Raises `RunFailed` with the load client's words."""
        whole = DEFAULTS | server.job | job
        whole |= {"wire": server.wire, "port": server.port, "server": [server.pid], "database": [self.rig.postgres.pid]}
        vendor = cpu(self.rig.vendor_pid)
        done = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            input=json.dumps(whole),
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            timeout=whole["seconds"] + 90,
            check=False,
        )
        if done.returncode:
            raise RunFailed((done.stderr.strip().splitlines() or ["the load client died"])[-1])
        seen: Seen = json.loads(done.stdout)
        return seen | {"vendor_cpu": cpu(self.rig.vendor_pid) - vendor}

    def part(self, name: str, servers: Sequence[Server], repeats: int, **job: Any) -> None:
        """The same job for each server in turn, `repeats` times over."""
        kept = self.raw.setdefault(name, {})
        for number in range(repeats):
            for server in servers:
                where = f"{name}/{server.name}"
                self.step(f"{name}: {server.name}, {number + 1} of {repeats}")
                if where in self.words:
                    continue
                try:
                    kept.setdefault(server.name, []).append(self.run(server, **job))
                except (RunFailed, subprocess.TimeoutExpired) as failed:
                    self.words[where] = str(failed)

    def median(self, part: str, server: str, figure: Callable[[Seen], float | None]) -> float | None:
        """The median of a figure over the runs; None where there is none."""
        found = [value for seen in self.raw.get(part, {}).get(server, []) if (value := figure(seen)) is not None]
        return statistics.median(found) if found else None


class RunFailed(Exception):
    """A run did not end as it should."""


def per_thousand(seen: Seen) -> float:
    """CPU ms per 1,000 deltas."""
    return float(seen["cpu"] * 1e6 / seen["tokens"])


def per_turn(seen: Seen) -> float:
    """CPU ms per turn."""
    return float(seen["cpu"] * 1e3 / seen["turns"])


def delay(name: str, which: str = "delay_ms") -> Callable[[Seen], float | None]:
    """A quantile of the added delay, ms."""
    return lambda seen: seen[which][name] if seen[which] else None
