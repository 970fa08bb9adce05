"""`python -m opsloom_rag.loading.worker`: reads one document under limits. The other end is `isolation.py`."""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from typing import Any

import msgspec

from opsloom_rag.errors import LoadError
from opsloom_rag.loading import LOADERS
from opsloom_rag.loading.isolation import Read, Refused, Task
from opsloom_rag.loading.loaded import Limits


def main() -> None:
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    data = sys.stdin.buffer.read()
    _confine(task.limits)
    outcome: Read | Refused
    try:
        outcome = Read(LOADERS[task.loader].load(data, task.name, task.limits))
    except LoadError as error:
        outcome = Refused(error.code, error.text)
    sys.stdout.buffer.write(msgspec.msgpack.encode(outcome))


def _confine(limits: Limits) -> None:
    """From here on: bounded memory, CPU time and output, no core file, no network, no other program."""
    for what, amount in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_FSIZE, 8 * limits.chars + limits.bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # macOS knows no RLIMIT_AS; the clock outside still holds
            resource.setrlimit(what, (amount, amount))
    sys.addaudithook(_refuse)


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith("socket.") or event in (
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.fork",
    ):
        raise PermissionError(event)


if __name__ == "__main__":
    main()
