"""The fixtures that watch. A folder of tests has them by importing both in its `conftest.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import detector


@pytest.fixture(scope="module", autouse=True)
def watched(_plain_machine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Blocking calls on a loop are found while a module runs, in this process and in the servers that it starts."""
    report = tmp_path_factory.mktemp("blocking") / "calls"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(detector.REPORT, str(report))
        buster = detector.watch()
        yield report
        buster.deactivate()


@pytest.fixture(autouse=True)
def nothing_blocks(watched: Path) -> Iterator[None]:
    """The test has found none."""
    detector.found.clear()
    watched.unlink(missing_ok=True)
    yield
    calls = [*detector.found, *([watched.read_text()] if watched.exists() else [])]
    assert not calls, "A call blocks the event loop:\n" + "\n".join(calls)
