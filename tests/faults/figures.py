"""What a run has seen, kept in build/faults.json: a scenario's figures replace its older ones, the rest stay."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psutil

FILE: Final = Path(__file__).resolve().parents[2] / "build" / "faults.json"


def load(file: Path = FILE) -> dict[str, Any]:
    """All figures by scenario; empty where nothing was run yet."""
    if not file.exists():
        return {}
    kept: dict[str, Any] = json.loads(file.read_text())
    return kept


def keep(scenario: str, figures: dict[str, Any], command: str, seconds: float, file: Path = FILE) -> None:
    """Add a scenario's figures, with the command that made them and how long it took."""
    everything = load(file)
    everything[scenario] = {
        "figures": figures,
        "command": command,
        "seconds": round(seconds, 1),
        "made": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n")
    draft.replace(file)


def machine() -> str:
    """What it was run on, in a few words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory().total / (1 << 30)
    return f"{cores} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def quantile(values: list[float], share: float) -> float:
    """The value below which that share lies (nearest rank); 0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
