"""What is measured, part by part. Each part is one question and stands alone (`--only`)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from bench.runs import Runner
from bench.servers import Failed, Server

SERVERS: Final = ("floor", "opsloom", "agui", "chainlit")


class Plan:
    """How much to run: everything, or just enough to see that the benchmark works (`quick`)."""

    def __init__(self, *, quick: bool, repeats: int | None, only: Sequence[str], servers: Sequence[str]) -> None:
        self.quick = quick
        self.repeats = repeats or (1 if quick else 3)
        self.parts = [part for part in PARTS if not only or part in only]
        self.servers = [server for server in SERVERS if not servers or server in servers]

    def steps(self) -> int:
        """About how many runs that makes, for the progress bar."""
        ours, peers = len({"floor", "opsloom"} & set(self.servers)), len({"agui", "chainlit"} & set(self.servers))
        few = min(self.repeats, 2)
        each = {
            "streams": ours * (self.repeats + few) + peers * 2 * few + (1 if "opsloom" in self.servers else 0),
            "marginal": ours * few,
            "short": (ours + peers) * self.repeats,
            "first": ours * self.repeats,
            "saturated": ours * self.repeats,
            "tabs": 2 * few if "opsloom" in self.servers else 0,
            "bytes": ours * 3,
            "stuck": 3 if "opsloom" in self.servers else 0,
            "memory": 2 * (1 if self.quick else 2) if "opsloom" in self.servers else 0,
        }
        return sum(each[part] for part in self.parts)

    def scaled(self, number: int) -> int:
        return max(2, number // 10) if self.quick else number

    def answers(self, tokens: int = 150) -> dict[str, float]:
        """Answers of so many tokens at 30 a second that begin all the time: over as long as one takes, at most 5 s."""
        return {"tokens": tokens // 5, "spread": 1.0} if self.quick else {"tokens": tokens, "spread": 5.0}


def run(runner: Runner, plan: Plan) -> None:
    """Everything in the plan."""
    streaming = [part for part in plan.parts if part != "memory"]
    if streaming:
        with _servers(runner, plan.servers) as servers:
            for part in streaming:
                PARTS[part](runner, plan, servers)
    if "memory" in plan.parts:
        _memory(runner, plan)


@contextmanager
def _servers(runner: Runner, names: Sequence[str]) -> Iterator[list[Server]]:
    """The servers, warm: each has answered before anything is measured."""
    with ExitStack() as stack:
        started = []
        for name in names:
            runner.step(f"starting {name}")
            try:
                server: Server = stack.enter_context(getattr(runner.rig, name)())
                runner.run(server, sessions=20, turns=3, tokens=10, rate=100, spread=1)
                started.append(server)
            except Exception as failed:
                # A peer that cannot be had is a gap in the table; without the floor or Opsloom there is no table.
                if name in ("floor", "opsloom"):
                    raise
                runner.words[name] = str(failed)
        yield started


def _ours(servers: Sequence[Server]) -> list[Server]:
    return [server for server in servers if server.name in ("floor", "opsloom")]


def _streams(runner: Runner, plan: Plan, servers: Sequence[Server]) -> None:
    """CPU and delay of many answers of 150 tokens at 30 tokens a second."""
    ours, peers = _ours(servers), [server for server in servers if server.name in ("agui", "chainlit")]
    few = min(plan.repeats, 2)
    runner.part("streams50", ours, few, sessions=plan.scaled(50), **plan.answers())
    runner.part("streams50", peers, few, sessions=plan.scaled(50), **plan.answers())
    runner.part(
        "streams100", [one for one in ours if one.name == "opsloom"], 1, sessions=plan.scaled(100), **plan.answers()
    )
    runner.part("streams200", ours, plan.repeats, sessions=plan.scaled(200), **plan.answers())
    runner.part("streams200", peers, few, sessions=plan.scaled(200), **plan.answers())


def _marginal(runner: Runner, plan: Plan, servers: Sequence[Server]) -> None:
    """Answers of 400 tokens: what is above those of 150 is the deltas alone."""
    if "streams200" not in runner.raw:
        few = min(plan.repeats, 2)
        runner.part("streams200", _ours(servers), few, sessions=plan.scaled(200), **plan.answers())
    runner.part("long200", _ours(servers), min(plan.repeats, 2), sessions=plan.scaled(200), **plan.answers(400))


def _short(runner: Runner, plan: Plan, servers: Sequence[Server]) -> None:
    """Answers of two tokens: what a turn costs."""
    runner.part("short", servers, plan.repeats, sessions=10, turns=plan.scaled(10), tokens=2, rate=1000, spread=1)


def _first(runner: Runner, plan: Plan, servers: Sequence[Server]) -> None:
    """The first token's delay where nothing else is going on."""
    runner.part("first", _ours(servers), plan.repeats, sessions=2, turns=plan.scaled(20), tokens=2, rate=50, spread=0.2)


def _saturated(runner: Runner, plan: Plan, servers: Sequence[Server]) -> None:
    """As many tokens as go through."""
    runner.part("saturated", _ours(servers), plan.repeats, sessions=50, tokens=plan.scaled(2000), rate=0, spread=0.1)


def _tabs(runner: Runner, plan: Plan, servers: Sequence[Server]) -> None:
    """Three connections on each session, against one."""
    ours = [server for server in servers if server.name == "opsloom"]
    for _ in range(min(plan.repeats, 2)):
        for tabs in (1, 3):
            runner.part(f"tabs{tabs}", ours, 1, sessions=plan.scaled(50), tabs=tabs, **plan.answers())


def _bytes(runner: Runner, plan: Plan, servers: Sequence[Server]) -> None:
    """What travels to the client for an answer, twice as long each time."""
    for tokens in (75, 150, 300):
        runner.part(f"bytes{tokens}", _ours(servers), 1, sessions=2, tokens=tokens, rate=30, spread=0.1)


def _stuck(runner: Runner, plan: Plan, servers: Sequence[Server]) -> None:
    """Memory that readers cost who do not read: long answers with a second tab that is stuck, against without."""
    ours = [server for server in servers if server.name == "opsloom"]
    # The first answers of that size make the heap grow, whoever reads them.
    for tabs, name in ((1, "growing"), (1, "reading"), (2, "stuck")):
        runner.part(name, ours, 1, kind="stuck", sessions=10, tabs=tabs, tokens=3000, rate=0, pad=1000)


def _memory(runner: Runner, plan: Plan) -> None:
    """Resident memory of a connection that is attached and idle; each time in a fresh server."""
    for _ in range(1 if plan.quick else 2):
        for name in ("bare", "opsloom"):
            with contextlib.ExitStack() as stack:
                try:
                    server = stack.enter_context(getattr(runner.rig, name)())
                except Failed as failed:
                    runner.words[f"memory/{name}"] = str(failed)
                    continue
                runner.part("memory", [server], 1, kind="idle", sessions=plan.scaled(2000))


PARTS: Final[dict[str, Callable[[Runner, Plan, Sequence[Server]], None]]] = {
    "streams": _streams,
    "marginal": _marginal,
    "short": _short,
    "first": _first,
    "saturated": _saturated,
    "tabs": _tabs,
    "bytes": _bytes,
    "stuck": _stuck,
    "memory": lambda runner, plan, _: _memory(runner, plan),
}
