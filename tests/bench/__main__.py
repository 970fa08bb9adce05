"""`make bench`: speed and memory of the streaming path, against the floor and the peers, in one run.

Writes `build/bench.json` (`ratios`, `figures`, `runs`, `machine`, `not_run`) and prints the table of targets.
"""

import argparse
import json
import platform
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench import figures as figures_of
from bench.parts import PARTS, SERVERS, Plan, run
from bench.runs import Runner
from bench.servers import BUILD, Failed, Rig

OUT = BUILD.parent / "bench.json"


def machine() -> dict[str, Any]:
    """The machine in neutral words, and how busy it was before we came."""
    release = platform.freedesktop_os_release() if sys.platform == "linux" else {}
    return {
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": release.get("PRETTY_NAME", platform.platform(terse=True)),
        "python": platform.python_version(),
        "load_before": round(psutil.getloadavg()[0], 2),
    }


def table(ratios: figures_of.Figures) -> Table:
    """Measured against promised."""
    shown = Table("figure", "measured", "first version", "")
    for name, target in figures_of.TARGETS.items():
        value = ratios.get(name)
        sign = "≤" if target.sign == "<=" else "≥"
        verdict = "-" if value is None else "[green]met[/]" if target.met(value) else "[bold red]missed[/]"
        shown.add_row(
            target.words,
            "-" if value is None else f"{value:,.4g} {target.unit}",
            f"{sign} {target.first:,g} {target.unit}",
            verdict,
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default="", help=f"parts and servers, by commas: {', '.join([*PARTS, *SERVERS])}")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, once: to try the benchmark itself")
    parser.add_argument("--repeats", type=int, help="runs of each kind (3)")
    parser.add_argument("--out", type=Path, default=OUT, help="where the figures go")
    chosen = parser.parse_args()
    only = [name for name in chosen.only.split(",") if name]
    if unknown := set(only) - set(PARTS) - set(SERVERS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    plan = Plan(
        quick=chosen.quick,
        repeats=chosen.repeats,
        only=[name for name in only if name in PARTS],
        servers=[name for name in only if name in SERVERS],
    )
    # A thousand sockets at each end; the soft limit is often 1,024.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    console = Console(stderr=True)
    about = machine()
    began = time.monotonic()
    columns = (TextColumn("{task.description:45}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    try:
        with Progress(*columns, TimeElapsedColumn(), console=console) as bar, Rig() as rig:
            task = bar.add_task("starting", total=plan.steps())

            def step(words: str) -> None:
                bar.update(task, description=words, advance=0 if words.startswith("starting") else 1)

            runner = Runner(rig, step)
            run(runner, plan)
            logs = rig.last_words("opsloom") if runner.words else ""
    except Failed as failed:
        sys.exit(f"bench: {failed}")
    about |= {"load_after": round(psutil.getloadavg()[0], 2), "seconds": round(time.monotonic() - began)}
    found = figures_of.figures(runner)
    ratios = figures_of.ratios(runner, found)
    whole = {
        "ratios": ratios,
        "figures": found,
        "not_run": runner.words,
        "machine": about,
        "quick": plan.quick,
        "runs": runner.raw,
    }
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(whole, indent=1) + "\n")
    console.print(table(ratios))
    if plan.quick:
        console.print("[yellow]quick[/]: a tenth of the load; these figures only show that the benchmark works")
    for where, words in runner.words.items():
        console.print(f"[yellow]{where}[/]: {words}", highlight=False)
    if logs:
        console.print("the server's last words:", logs, sep="\n", markup=False, highlight=False)
    console.print(f"{about['seconds']} s; figures in {chosen.out}", highlight=False)


if __name__ == "__main__":
    main()
