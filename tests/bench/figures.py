"""Figures from runs, ratios from figures, and what the first version promises of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.runs import Runner, Seen, delay, per_thousand, per_turn

Figures = dict[str, float | None]


@dataclass(frozen=True)
class Target:
    """What a figure should be: at most (`<=`) or at least (`>=`) `first`, in the first version."""

    words: str
    sign: str
    first: float
    unit: str = "x"

    def met(self, value: float) -> bool:
        return value <= self.first if self.sign == "<=" else value >= self.first


TARGETS: Final[dict[str, Target]] = {
    "cpu_vs_floor": Target("CPU per delta, turn included, against the floor (200 turns)", "<=", 5),
    "cpu_vs_floor_50": Target("the same at 50 turns", "<=", 5),
    "marginal_vs_floor": Target("the marginal delta, against the floor's", "<=", 2.5),
    "short_vs_agui": Target("CPU of a turn of two deltas, against pydantic-ai's own", "<=", 1),
    "chainlit_vs_opsloom": Target("times cheaper than Chainlit", ">=", 2),
    "agui_vs_opsloom": Target("times cheaper than pydantic-ai's AG-UI endpoint", ">=", 3),
    "tabs3_vs_tab1": Target("three tabs against one", "<=", 1.5),
    "delay_p50_ms": Target("added delay, p50 at 200 turns", "<=", 1, "ms"),
    "delay_p99_ms": Target("added delay, p99 at 200 turns", "<=", 20, "ms"),
    "first_delta_ms": Target("first delta's added delay, warm, p50", "<=", 15, "ms"),
    "saturated_per_cpu_second": Target("saturated, deltas a CPU second", ">=", 10_000, "/s"),
    "turns_within_20_ms": Target("turns at 30 tokens/s on one core, p99 within 20 ms", ">=", 100, ""),
    "memory_vs_bare": Target("memory of an idle connection, against bare Starlette", "<=", 1.6),
    "bytes_growth": Target("bytes a token of an answer four times as long", "<=", 1.1),
}


def figures(runner: Runner) -> Figures:
    """Every figure by its name in `build/bench.json`, medians, None where it was not measured."""
    found: Figures = {}
    for server in ("floor", "opsloom", "agui", "chainlit"):
        for load in ("50", "200"):
            part = f"streams{load}"
            found[f"cpu_ms_per_1000_{load}_{server}"] = runner.median(part, server, per_thousand)
            for name in ("p50", "p99"):
                found[f"delay_{name}_ms_{load}_{server}"] = runner.median(part, server, delay(name))
        found[f"cpu_ms_per_short_turn_{server}"] = runner.median("short", server, per_turn)
    for server in ("floor", "opsloom"):
        found[f"marginal_ms_per_1000_{server}"] = _marginal(runner, server)
        found[f"first_delta_ms_{server}"] = runner.median("first", server, delay("p50", "first_ms"))
        found[f"saturated_per_cpu_second_{server}"] = runner.median("saturated", server, _rate)
        for tokens in (75, 150, 300):
            found[f"bytes_{tokens}_{server}"] = runner.median(f"bytes{tokens}", server, _of("bytes_per_turn"))
    for server in ("bare", "opsloom"):
        each = runner.median("memory", server, _of("each"))
        found[f"idle_connection_kb_{server}"] = each and each / 1000
    found["database_cpu_ms_per_1000"] = runner.median("streams50", "opsloom", _database)
    found["database_cpu_ms_per_short_turn"] = runner.median(
        "short", "opsloom", lambda seen: float(seen["database_cpu"] * 1e3 / seen["turns"])
    )
    for tabs in (1, 3):
        found[f"cpu_ms_per_1000_tabs{tabs}"] = runner.median(f"tabs{tabs}", "opsloom", per_thousand)
    for name in ("reading", "stuck"):
        grown = runner.median(name, "opsloom", _of("grown"))
        found[f"memory_grown_mb_{name}"] = grown and grown / 1e6
    for load in ("50", "100", "200"):
        for trouble in ("refused", "failed"):
            found[f"{trouble}_turns_{load}"] = runner.median(f"streams{load}", "opsloom", _of(trouble))
    found["stuck_readers_closed"] = runner.median("stuck", "opsloom", lambda seen: seen["closed"] / seen["stuck"])
    return found


def ratios(runner: Runner, found: Figures) -> Figures:
    """What the targets speak of."""
    stuck, reading = found["memory_grown_mb_stuck"], found["memory_grown_mb_reading"]
    return {
        "cpu_vs_floor": _over(found, "cpu_ms_per_1000_200_opsloom", "cpu_ms_per_1000_200_floor"),
        "cpu_vs_floor_50": _over(found, "cpu_ms_per_1000_50_opsloom", "cpu_ms_per_1000_50_floor"),
        "marginal_vs_floor": _over(found, "marginal_ms_per_1000_opsloom", "marginal_ms_per_1000_floor"),
        "short_vs_agui": _over(found, "cpu_ms_per_short_turn_opsloom", "cpu_ms_per_short_turn_agui"),
        "memory_vs_bare": _over(found, "idle_connection_kb_opsloom", "idle_connection_kb_bare"),
        "chainlit_vs_opsloom": _cheaper(found, "chainlit"),
        "agui_vs_opsloom": _cheaper(found, "agui"),
        "delay_p99_vs_floor": _over(found, "delay_p99_ms_200_opsloom", "delay_p99_ms_200_floor"),
        "delay_p50_vs_floor": _over(found, "delay_p50_ms_200_opsloom", "delay_p50_ms_200_floor"),
        "tabs3_vs_tab1": _over(found, "cpu_ms_per_1000_tabs3", "cpu_ms_per_1000_tabs1"),
        "delay_p50_ms": found["delay_p50_ms_200_opsloom"],
        "delay_p99_ms": found["delay_p99_ms_200_opsloom"],
        "first_delta_ms": found["first_delta_ms_opsloom"],
        "saturated_per_cpu_second": found["saturated_per_cpu_second_opsloom"],
        "turns_within_20_ms": _capacity(runner),
        "bytes_growth": _growth(found),
        "bytes_vs_minimum": _over(found, "bytes_150_opsloom", "bytes_150_floor"),
        "stuck_reader_mb": None if stuck is None or reading is None else (stuck - reading) / 10,
    }


def _over(found: Figures, above: str, below: str) -> float | None:
    one, other = found.get(above), found.get(below)
    return one / other if one is not None and other else None


def _cheaper(found: Figures, peer: str) -> float | None:
    """At 200 turns where both got through that, else at 50."""
    at_200 = _over(found, f"cpu_ms_per_1000_200_{peer}", "cpu_ms_per_1000_200_opsloom")
    return at_200 or _over(found, f"cpu_ms_per_1000_50_{peer}", "cpu_ms_per_1000_50_opsloom")


def _marginal(runner: Runner, server: str) -> float | None:
    long, whole = runner.raw.get("long200", {}).get(server), runner.raw.get("streams200", {}).get(server)
    if not long or not whole:
        return None
    more, less = (runner.median(part, server, lambda seen: float(seen["cpu"])) for part in ("long200", "streams200"))
    assert more is not None
    assert less is not None
    return (more - less) * 1e6 / float(long[0]["tokens"] - whole[0]["tokens"])


def _capacity(runner: Runner) -> float | None:
    """The most turns of those tried whose p99 stayed within 20 ms; 0 where even the fewest did not."""
    most: float | None = None
    for turns in (50, 100, 200):
        if f"streams{turns}" not in runner.raw:
            continue
        late = runner.median(f"streams{turns}", "opsloom", delay("p99"))
        most = turns if late is not None and late <= 20 else most or 0
    return most


def _growth(found: Figures) -> float | None:
    growth = _over(found, "bytes_300_opsloom", "bytes_75_opsloom")
    return None if growth is None else growth / 4


def _rate(seen: Seen) -> float:
    return float(seen["tokens"] / seen["cpu"])


def _database(seen: Seen) -> float:
    return float(seen["database_cpu"] * 1e6 / seen["tokens"])


def _of(name: str) -> Callable[[Seen], float]:
    return lambda seen: float(seen[name])
