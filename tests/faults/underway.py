"""What a long run has seen before it is over, so that one which was stopped goes on where it was."""

import time
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field

from faults import figures
from faults.stage import Tally

FOLDER: Final = figures.FILE.with_name("faults-under-way")
EVERY_SECONDS: Final = 5.0


class Underway(Struct):
    """What a run has seen so far. `done` are the numbers of the schedules that were played to their end."""

    seed: int
    times: int
    done: set[int] = field(default_factory=set)
    tally: Tally = field(default_factory=Tally)
    disasters: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    interruptions: int = 0


class Keeper:
    """`with Keeper(scenario, seed, times) as keeper:`; what is there from an earlier run is taken up again.

    `add` counts a schedule. The file goes when the run is over, and stays where it was interrupted.
    """

    def __init__(self, scenario: str, seed: int, times: int, folder: Path = FOLDER) -> None:
        self._file = folder / f"{scenario}.json"
        self.run = Underway(seed=seed, times=times)
        if self._file.exists():
            kept = msgspec.json.decode(self._file.read_bytes(), type=Underway)
            if (kept.seed, kept.times) == (seed, times):
                self.run = kept
                self.run.interruptions += 1
        self._before = Counter(self.run.disasters)
        self._spent = self.run.seconds
        self._since = self._kept = time.monotonic()

    def add(self, number: int, tally: Tally, disasters: Counter[str]) -> None:
        """A schedule was played; so many disasters there were in this process so far."""
        self.run.done.add(number)
        self.run.tally.add(tally)
        self.run.disasters = dict(self._before + disasters)
        self.run.seconds = self._spent + time.monotonic() - self._since
        if time.monotonic() - self._kept > EVERY_SECONDS:
            self.keep()

    def keep(self) -> None:
        """Write it down."""
        self._kept = time.monotonic()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(self.run))
        draft.replace(self._file)

    def forget(self) -> None:
        """The run is over, and its figures are elsewhere."""
        self._file.unlink(missing_ok=True)
