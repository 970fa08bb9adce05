"""The page says of every long run what it has seen, or that it was not made yet."""

import json
import re
from pathlib import Path

import pytest

from faults import figures, report
from faults.scenarios import SCENARIOS


def test_every_scenario_stands_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "load", dict)
    page = tmp_path / "page.md"
    report.write(page)
    text = page.read_text()
    assert not [name for name in SCENARIOS if not re.search(rf"ARGS='?[a-z -]*\b{name}\b", text)]
    assert "<!--" not in text
    assert text.count(report.NOT_YET) >= len(SCENARIOS) - len(report.SCHEDULES)


def test_figures_replace_what_was_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "faults.json"
    told = {"times": 3, "ends": {"done": 3}, "breaches": 0, "worst": []}
    figures.keep("redis-flushed", told, "make faults ARGS=redis-flushed", 1.0, file)
    flood = {
        "what": "pings",
        "times": 15,
        "ended_after_s": 0.2,
        "health_ready_p99_ms": 9.0,
        "health_ready_asked": 300,
        "memory_grew_mb": 0.1,
    }
    figures.keep("floods", {"floods": [flood], "breaches": 0, "worst": []}, "make faults ARGS=floods", 1.0, file)
    kept = json.loads(file.read_text())
    monkeypatch.setattr(figures, "load", lambda: kept)
    page = tmp_path / "page.md"
    report.write(page)
    text = page.read_text()
    assert "| ends | 3 done |" in text
    assert "| pings | 15 | 0.2 | 9.0 | 300 | 0.1 |" in text
