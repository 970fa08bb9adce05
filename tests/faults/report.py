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
SCHEDULES_INTRO: Final = """\
## Random schedules

Each schedule is a person who asks one or two questions through a connection that is cut, left or reloaded after any
number of frames, and up to two more tabs that join and do the same, at any node; some answers overrun the log's 1 MiB,
so that it is trimmed under whoever is away. Meanwhile nodes are killed, drained and stopped, PostgreSQL and Redis are
restarted, and wires are cut, slowed and stalled. Checked at every frame: nothing is missing, nothing comes twice, and
every reply to `hello` is gap-free or a snapshot. In the end every window, and a fresh one at every node, hold the same
state, and the text is the script's.

"""
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
OWNERS_INTRO: Final = """\
## The owner of an answer dies

Two nodes; the model says a word every 20 ms. The node that runs the answer is killed in the middle, or stopped for 15 s
and continued. The other node's window must show the end within the lease and 2 s. A stopped owner that comes back finds
every write refused: the stored rows are compared before it comes back and 5 s after.

"""
OWNERS_HEAD: Final = ("", "times", "lease, s", "ended", "shown after s, p50 / max", "text lost ms, p50 / max", "broken")

TITLES: Final = {
    "lost-answers": (
        "Answers to sends that are lost",
        "Three in ten sends lose their answer with the connection, and are said again at the same node or the other.",
    ),
    "rolling-restart": (
        "Rolling restart behind haproxy",
        "Two nodes behind haproxy, trusted-proxy setting on, no sticky sessions. One node after the other gets\n"
        "SIGTERM and is started again, while answers of 12 s run on both and people write.",
    ),
    "postgres-restarted": (
        "PostgreSQL restarted in mid-answer, one node",
        "An immediate shutdown at any moment of an answer of 3 s, back after 1 s; somebody else writes meanwhile.",
    ),
    "postgres-restarted-two-nodes": (
        "PostgreSQL restarted in mid-answer, two nodes",
        "The same, watched at both nodes.",
    ),
    "redis-flushed": ("Redis flushed in mid-answer", "Two nodes, watched at both."),
    "redis-killed": ("Redis killed in mid-answer", "It comes back empty after a second."),
    "redis-stopped": ("Redis hangs in mid-answer", "SIGSTOP for a second."),
    "stuck-reader": (
        "One client that never reads, beside 200 that do",
        "The stuck one watches a session that shows 16 MB in some seconds. The 200 read another answer, whose words\n"
        "say when they were said. Pairs of runs with and without it, in turn.",
    ),
    "idle-memory": (
        "Memory of an idle connection",
        "Connections that said hello and rest, against a bare Starlette application on the same uvicorn.",
    ),
}


def write(page: Path = PAGE) -> None:
    """Write the page."""
    seen = figures.load()
    text = TEMPLATE.read_text()
    for mark, made in (("schedules", _schedules(seen)), ("owners", _owners(seen)), ("rest", _rest(seen))):
        text = text.replace(f"<!-- {mark} -->", made.strip())
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
        return ""
    told = [entry["figures"] for entry in there.values()]
    rows = [[label, *(f"{one.get(key, 0):,}" for one in told)] for key, label in SCHEDULES_ROWS.items()]
    kinds = sorted({kind for one in told for kind in one["disasters"]})
    rows += [[kind.replace("_", " "), *(str(one["disasters"].get(kind, 0)) for one in told)] for kind in kinds]
    total = sum(one["schedules"] for one in told)
    minutes = sum(entry["seconds"] for entry in there.values()) / 60
    end = f"{total:,} schedules in {minutes:.0f} minutes on {next(iter(there.values()))['machine']}."
    again = f"`make faults SCHEDULES={total} ARGS='{' '.join(there)}'` repeats them; `SEED=2` takes others."
    broken = [_reason(one) for figure in told for one in figure["worst"]]
    known = "".join(f"- {one}\n" for one in broken)
    told_so = f"\nBroken, and being looked into:\n\n{known}" if known else ""
    return f"{SCHEDULES_INTRO}{_table(['', *(SCHEDULES[name] for name in there)], rows)}\n{end}\n{again}\n{told_so}"


def _reason(worst: str) -> str:
    """Which schedule it was, and why it failed, of all that was kept of it."""
    reason = next((line for line in worst.splitlines() if re.match(r"(Breach|TimeoutError)", line)), worst)
    return f"{worst.partition(':')[0]}: {reason[:160]}"


def _owners(seen: dict[str, Any]) -> str:
    there = {name: seen[name] for name in OWNERS if name in seen}
    if not there:
        return ""
    rows = []
    for name, entry in there.items():
        told = entry["figures"]
        ends = ", ".join(f"{count} {how}" for how, count in told["ends"].items())
        lost = (
            "does not apply" if name.startswith("stop") else f"{told['text_lost_ms_p50']} / {told['text_lost_ms_max']}"
        )
        shown = f"{told['shown_after_s_p50']} / {told['shown_after_s_max']}"
        rows.append([OWNERS[name], told["times"], told["lease_s"], ends, shown, lost, told["breaches"]])
    commands = f"`make faults ARGS='{' '.join(there)}'`"
    return f"{OWNERS_INTRO}{_table(OWNERS_HEAD, rows)}\n{commands}\n"


def _rest(seen: dict[str, Any]) -> str:
    made = []
    for name, (title, words) in TITLES.items():
        if name not in seen:
            continue
        told, command = seen[name]["figures"], seen[name]["command"]
        rows = [
            [key.replace("_", " "), _value(value)] for key, value in told.items() if key not in ("worst", "breaches")
        ]
        rows.append(["**broken promises**", str(told.get("breaches", 0))])
        made.append(f"## {title}\n\n{words}\n\n{_table(['', ''], rows)}\n`{command}`\n")
    return "\n".join(made)


def _peer(row: dict[str, Any] | None) -> str:
    if row is None:
        return "not measured yet"
    more = [f"{key}: {_value(value)}" for key, value in row.items() if key not in ("tried", "held")]
    return "; ".join([f"{row['held']} of {row['tried']}", *more])


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{count} {what}" for what, count in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(head: list[str] | tuple[str, ...], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)
