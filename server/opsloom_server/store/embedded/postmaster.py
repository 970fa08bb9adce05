"""Whether the server of a data folder really runs.

`postmaster.pid` alone does not tell: after kill -9 it stays, and after a container's restart its number may be another
program's. Believed is what answers at the socket, or a process that works in the folder.
"""

import os
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from opsloom_server.errors import StartupError

# Orphans of a killed postmaster notice within a second, unless they are in the middle of a statement.
ORPHAN_SECONDS = 5.0
READY_SECONDS = 90.0

# A folder of this name was made for a socket alone (the path of the data is too long, or closed to the account).
SOCKET_PREFIX = "opsloom-pg-"


@dataclass(frozen=True, slots=True)
class PidFile:
    """The lines of `postmaster.pid` that matter."""

    pid: int
    socket_dir: str
    port: int
    status: str  # starting | ready | stopping | standby, or empty while it is being written


def read_pid_file(data: Path) -> PidFile | None:
    """Read it; None where there is none."""
    try:
        lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return None
    lines = [line.strip() for line in lines] + [""] * 8
    return PidFile(
        pid=abs(int(lines[0])) if lines[0].lstrip("-").isdigit() else 0,
        port=int(lines[3]) if lines[3].isdigit() else 5432,
        socket_dir=lines[4],
        status=lines[7],
    )


def running(data: Path) -> PidFile | None:
    """The server of `data` once it accepts connections, waiting for one that starts or stops. None where none runs;
    what a dead one left behind is then cleared away."""
    until = time.monotonic() + READY_SECONDS
    while (found := read_pid_file(data)) is not None:
        if found.status in ("ready", "standby") and _answers(found):
            return found
        if not _works_in(found.pid, data) and not _answers(found):
            _clear(data, found)
            return None
        if time.monotonic() > until:
            raise StartupError(
                f"The PostgreSQL in {data} (process {found.pid}) has been {found.status or 'starting'} for "
                f"{READY_SECONDS:.0f} seconds.",
                f"See {data / 'log'}; end that process if it hangs, then start again.",
            )
        time.sleep(0.05)
    _clear(data, None)
    return None


def _answers(found: PidFile) -> bool:
    if not found.socket_dir:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(f"{found.socket_dir}/.s.PGSQL.{found.port}")
        except OSError:
            return False
    return True


def _works_in(pid: int, data: Path) -> bool:
    """Whether `pid` is a living process of the PostgreSQL of `data`: each has that folder as its current one."""
    try:
        process = psutil.Process(pid)
        if not process.name().startswith("postgres") or process.status() == psutil.STATUS_ZOMBIE:
            return False
        return os.path.samefile(process.cwd(), data)
    except (psutil.Error, OSError):
        return False


def _clear(data: Path, found: PidFile | None) -> None:
    """Wait until no orphan of a dead server touches the files (ending it after a while), then remove what it left."""
    since = time.monotonic()
    while orphans := [pid for pid in psutil.pids() if _works_in(pid, data)]:
        waited = time.monotonic() - since
        if waited > 4 * ORPHAN_SECONDS:
            raise StartupError(
                f"Processes of an earlier PostgreSQL still work in {data}: {', '.join(map(str, orphans))}.",
                "End them, then start again.",
            )
        if waited > ORPHAN_SECONDS:
            for pid in orphans:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    if found is None:
        return
    (data / "postmaster.pid").unlink(missing_ok=True)
    if found.socket_dir:
        forget_socket(Path(found.socket_dir), found.port)


def forget_socket(folder: Path, port: int) -> None:
    """Remove a dead server's socket, its lock, and the folder if it was made for them alone."""
    for name in (f".s.PGSQL.{port}", f".s.PGSQL.{port}.lock"):
        (folder / name).unlink(missing_ok=True)
    if folder.name.startswith(SOCKET_PREFIX) and folder.is_dir():
        try:
            folder.rmdir()
        except OSError:
            return  # something else lies in it: not ours to remove
