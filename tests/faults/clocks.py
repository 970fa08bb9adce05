"""Clocks that are wrong, for one node alone: the wall clock through libfaketime, the monotonic one by a time namespace.

PostgreSQL, the bench and every other node keep the machine's.
"""

import functools
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

LIBRARY: Final = "faketime/libfaketimeMT.so.1"
FOLDERS: Final = (*Path("/usr/lib").glob("*-linux-gnu"), Path("/usr/lib"), Path("/usr/local/lib"))
HOOK: Final = Path(__file__).with_name("clock")


def library() -> Path | None:
    """Where libfaketime is; None where it is not installed."""
    return next((folder / LIBRARY for folder in FOLDERS if (folder / LIBRARY).exists()), None)


@functools.cache
def can_shift_monotonic() -> bool:
    """Whether this machine lets us make time namespaces."""
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(["unshare", "--time", "--monotonic", "1", "true"], capture_output=True, check=False)
    return tried.returncode == 0


class Clock:
    """A node's own idea of the time.

    Args:
        ahead: seconds by which its wall clock is ahead (negative: behind).
        pace: how fast its wall clock runs; 1.02 gains 72 s an hour.
        monotonic: seconds by which its monotonic clock is ahead, where the machine can do that.
    """

    def __init__(self, ahead: float, *, pace: float = 1.0, monotonic: int = 0) -> None:
        self.ahead = ahead
        self.pace = pace
        self.monotonic = monotonic
        self.leaps = 0
        self._file: Path | None = None

    def environment(self, file: Path) -> dict[str, str]:
        """What a node with this clock has in its environment; the clock is set through that file from now on."""
        found = library()
        assert found is not None, "libfaketime is not installed"
        self._file = file
        self._write()
        settings = {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            # Python waits on conditions by the monotonic clock, which libfaketime would let it do for ever.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Files keep their times: by others, Python would compile every module again at each start (10 s instead of
            # 3), and leave what it compiled for every other process to reject.
            "NO_FAKE_STAT": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        if self.monotonic and can_shift_monotonic():
            settings["FAULTS_MONOTONIC"] = str(self.monotonic)
            settings["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HOOK), os.environ.get("PYTHONPATH"))))
        return settings

    def leap(self, seconds: float) -> None:
        """The wall clock jumps by so much, while its node runs; it notices within a second."""
        self.ahead += seconds
        self.leaps += 1
        self._write()

    def _write(self) -> None:
        assert self._file is not None
        pace = f" x{self.pace:g}" if self.pace != 1.0 else ""
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{self.ahead:+.0f}s{pace}\n")
        draft.replace(self._file)
