"""docs/reliability.md, from page.md beside this file and the figures of build/faults.json."""

import re
from pathlib import Path
from typing import Any, Final

from faults import figures

TEMPLATE: Final = Path(__file__).with_name("page.md")
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"

SCHEDULES: Final = {
    "schedules-one-node": "one node",
    "schedules-two-nodes": "two nodes, PostgreSQL alone",
    "schedules-two-nodes-redis": "two nodes with Redis",
}
SCHEDULES_ROWS: Final = {
    "schedules": "schedules",
    "questions": "questions",
    "hellos": "replies to `hello`",
    "resumed": "… gap-free",
    "snapshots": "… snapshots",
    "frames": "frames applied",
    "cuts": "connections cut, left or reloaded",
    "trimmed": "answers that overran the log",
    "lost_connections": "attempts that failed, or connections lost by a disaster",
    "ahead": "replies to repeated requests that came before the log had got to them, and again with it",
    "interrupted": "answers that a disaster interrupted; their text is a beginning of the script's",
    "breaches": "**broken promises**",
}

OWNERS: Final = {
    "kill-owner": "kill -9",
    "kill-owner-redis": "kill -9, with Redis",
    "kill-owner-default-lease": "kill -9, default lease",
    "stop-owner": "stopped for 15 s, then continued",
    "stop-owner-redis": "the same, with Redis",
}
OWNERS_HEAD: Final = (
    "",
    "times",
    "lease, s",
    "ended",
    "shown after s, p50 / max",
    "text lost ms, p50 / max",
    "broken",
    "",
)

FLOODS_HEAD: Final = ("", "times", "ended after s (≤ 1)", "/health/ready p99, ms (≤ 250)", "asked", "memory, MB")
NOT_YET: Final = "not measured yet"


def write(page: Path = PAGE) -> None:
    """Write the page: what stands in it as `<!-- name -->` is a scenario, or one of the tables of several."""
    seen = figures.load()
    several = {"schedules": _schedules, "owners": _owners, "floods": _floods}

    def made(match: re.Match[str]) -> str:
        name = match[1]
        return (several[name](seen) if name in several else _scenario(name, seen)).strip()

    text = re.sub(r"<!-- ([a-z-]+) -->", made, TEMPLATE.read_text())
    rows = {
        name: row
        for scenario in ("peers", "peers-memory")
        for name, row in seen.get(scenario, {}).get("figures", {}).get("rows", {}).items()
    }
    text = re.sub(r"\{([^}]+)\}", lambda match: _peer(rows.get(match[1])), text)
    page.write_text(re.sub(r"\n{3,}", "\n\n", text))


def _schedules(seen: dict[str, Any]) -> str:
    there = {name: seen[name] for name in SCHEDULES if name in seen}
    if not there:
        return f"{NOT_YET}\n\n`make faults SCHEDULES=10000 ARGS='{' '.join(SCHEDULES)}'`\n"
    told = [entry["figures"] for entry in there.values()]
    rows = [[label, *(f"{one.get(key, 0):,}" for one in told)] for key, label in SCHEDULES_ROWS.items()]
    kinds = sorted({kind for one in told for kind in one["disasters"]})
    rows += [[kind.replace("_", " "), *(f"{one['disasters'].get(kind, 0):,}" for one in told)] for kind in kinds]
    total = sum(one["schedules"] for one in told)
    minutes = sum(one.get("seconds", entry["seconds"]) for one, entry in zip(told, there.values(), strict=True)) / 60
    end = f"{total:,} schedules in {minutes:.0f} minutes on {next(iter(there.values()))['machine']}."
    again = f"`make faults SCHEDULES={total} ARGS='{' '.join(there)}'` repeats them; `SEED=2` takes others."
    missing = [SCHEDULES[name] for name in SCHEDULES if name not in seen]
    more = f"\n{', '.join(missing)}: {NOT_YET}.\n" if missing else ""
    broken = [_reason(one) for figure in told for one in figure["worst"]]
    known = "".join(f"- {one}\n" for one in broken)
    told_so = f"\nBroken, and being looked into:\n\n{known}" if known else ""
    head = ["", *(SCHEDULES[name] for name in there)]
    return f"{_table(head, rows)}\n{end}\n{again}\n{more}{told_so}"


def _reason(worst: str) -> str:
    """Which schedule it was, and why it failed, of all that was kept of it."""
    reason = next((line for line in worst.splitlines() if re.match(r"(Breach|TimeoutError)", line)), worst)
    return f"{worst.partition(':')[0]}: {reason[:160]}"


def _owners(seen: dict[str, Any]) -> str:
    rows = []
    for name, words in OWNERS.items():
        if name not in seen:
            rows.append([words, NOT_YET, *[""] * 5, f"`make faults ARGS={name}`"])
            continue
        told = seen[name]["figures"]
        ends = ", ".join(f"{count} {how}" for how, count in told["ends"].items())
        lost = (
            "does not apply" if name.startswith("stop") else f"{told['text_lost_ms_p50']} / {told['text_lost_ms_max']}"
        )
        shown = f"{told['shown_after_s_p50']} / {told['shown_after_s_max']}"
        command = f"`{seen[name]['command']}`"
        rows.append([words, told["times"], told["lease_s"], ends, shown, lost, told["breaches"], command])
    return _table(OWNERS_HEAD, rows)


def _floods(seen: dict[str, Any]) -> str:
    if "floods" not in seen:
        return f"{NOT_YET}\n\n`make faults ARGS=floods`\n"
    names = ("what", "times", "ended_after_s", "health_ready_p99_ms", "health_ready_asked", "memory_grew_mb")
    told = seen["floods"]["figures"]
    rows = [[f"{one[name]:,}" if isinstance(one[name], int) else one[name] for name in names] for one in told["floods"]]
    rows.append(["**broken promises**", told["breaches"], *[""] * 4])
    return f"{_table(FLOODS_HEAD, rows)}\n`{seen['floods']['command']}`\n"


def _scenario(name: str, seen: dict[str, Any]) -> str:
    """One scenario's figures, a line each."""
    if name not in seen:
        return f"{NOT_YET}\n\n`make faults ARGS={name}`\n"
    told, command = seen[name]["figures"], seen[name]["command"]
    rows = [[key.replace("_", " "), _value(value)] for key, value in told.items() if key not in ("worst", "breaches")]
    rows.append(["**broken promises**", str(told.get("breaches", 0))])
    return f"{_table(['', ''], rows)}\n`{command}`\n"


def _peer(row: dict[str, Any] | None) -> str:
    if row is None:
        return NOT_YET
    more = [f"{key}: {_value(value)}" for key, value in row.items() if key not in ("tried", "held")]
    return "; ".join([f"{row['held']} of {row['tried']}", *more])


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(head: list[str] | tuple[str, ...], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)
