"""What a process has used: CPU to the nanosecond, with all its threads, and resident memory."""

import sys
import time
from collections.abc import Iterable

import psutil


def cpu(pid: int) -> float:
    """Seconds on a CPU since the process began; 0 where it has ended."""
    if sys.platform == "linux":
        try:
            # The CPU-time clock of another process (clock_getcpuclockid); `stat` would count in steps of 10 ms.
            return time.clock_gettime((~pid << 3) | 2)
        except OSError:
            return 0.0
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    try:
        process = psutil.Process(pid)
        return [pid, *(child.pid for child in process.children(recursive=True))]
    except psutil.Error:
        return []


class Meter:
    """CPU seconds of some processes and whatever they start, from now on."""

    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = list(roots)
        self._before = {pid: cpu(pid) for root in self._roots for pid in family(root)}

    def seconds(self) -> float:
        """Since the meter was made. A process that ended meanwhile is not in it."""
        return sum(cpu(pid) - self._before.get(pid, 0.0) for root in self._roots for pid in family(root))


def resident(pid: int) -> int:
    """Bytes of resident memory."""
    return int(psutil.Process(pid).memory_info().rss)
