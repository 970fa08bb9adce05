"""`python -m faults [scenario …]`: the long runs. Figures go to build/faults.json, then to docs/reliability.md.

SCHEDULES (in the environment) is the number of random schedules, SEED where they begin.
"""

import argparse
import asyncio
import os
import signal
import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from faults import figures, report
from faults.scenarios import SCENARIOS, Scenario

console = Console(stderr=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=f"of: {', '.join(SCENARIOS)}; default: all")
    parser.add_argument("--times", type=int, default=0, help="how often, in place of each scenario's own number")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "1")))
    parser.add_argument("--report", action="store_true", help="only write docs/reliability.md from the figures")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.scenarios if name not in SCENARIOS]:
        parser.error(f"{', '.join(unknown)}: there is no such scenario. There are: {', '.join(SCENARIOS)}.")
    # Ended by somebody, it still ends its servers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    failed: list[str] = []
    if not chosen.report:
        wanted = chosen.scenarios or list(SCENARIOS)
        failed = [name for name in wanted if not play(name, SCENARIOS[name], chosen.times, chosen.seed)]
    report.write()
    if failed:
        console.print(f"[bold red]Broken:[/bold red] {', '.join(failed)}; see {figures.FILE}")
        return 1
    return 0


def play(name: str, scenario: Scenario, times: int, seed: int) -> bool:
    """Run one scenario and keep its figures; whether everything held."""
    if (missing := scenario.missing()) is not None:
        console.print(f"[yellow]{name}[/yellow]: left out, {missing}")
        return "CI" not in os.environ
    wanted = int(os.environ.get("SCHEDULES", "0")) * scenario.share // 100
    count = times or wanted or scenario.times
    since = time.monotonic()
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task(name, total=scenario.steps or count)
        try:
            seen = asyncio.run(scenario.run(count, seed, lambda: bar.advance(task)))
        except AssertionError as error:
            console.print(f"[bold red]{name}[/bold red]: {error}")
            return False
    command = f"make faults ARGS='{name}{'' if count == scenario.times else f' --times {count}'}'"
    figures.keep(name, seen, command, time.monotonic() - since)
    console.print({key: value for key, value in seen.items() if key != "worst"})
    for worst in seen.get("worst", []):
        console.print(worst, markup=False, highlight=False)
    return not seen.get("breaches", 0)


if __name__ == "__main__":
    sys.exit(main())
