"""Who uses a data folder: one server at most, any number of short commands, and the last to leave stops PostgreSQL.

The locks are the kernel's (`flock`), so that they end with their process, however it ends.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from opsloom_server.errors import StartupError

# Another process that starts PostgreSQL is done within seconds; crash recovery of a large log may take a minute.
WAIT_SECONDS = 120.0


class FolderLocks:
    """The locks of one data folder, held by one process (or one object in it)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._serve: int | None = None  # exclusive: the one server of this folder
        self._use: int | None = None  # shared: everybody who uses the PostgreSQL in it

    def take_serve(self) -> None:
        """Become the folder's server. Raises `StartupError` that names the process which already is."""
        descriptor = self._open("serve.lock")
        if not _try(descriptor, fcntl.LOCK_EX):
            pid = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise StartupError(
                f"Another Opsloom server (process {pid}) uses the data folder {self._folder}.",
                "Stop that one first, or set OPSLOOM_DATA_DIR to another folder.",
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._serve = descriptor

    @contextmanager
    def starting(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Be the only one who starts or stops PostgreSQL. `waiting` is called once if somebody else is at it."""
        descriptor = self._open("start.lock")
        try:
            until = time.monotonic() + WAIT_SECONDS
            told = False
            while not _try(descriptor, fcntl.LOCK_EX):
                if time.monotonic() > until:
                    raise StartupError(
                        f"Another process has been starting or stopping the database in {self._folder} for "
                        f"{WAIT_SECONDS:.0f} seconds.",
                        "Look for a hanging opsloom process, end it and try again.",
                    )
                if not told and waiting is not None:
                    waiting()
                told = True
                time.sleep(0.05)
            yield
        finally:
            os.close(descriptor)

    def take_use(self) -> None:
        """Count among the users. Only inside `starting()`, so that nobody stops the server meanwhile."""
        self._use = self._open("use.lock")
        if not _try(self._use, fcntl.LOCK_SH):
            raise StartupError(f"The lock {self._folder / 'locks' / 'use.lock'} is held.", "End what holds it.")

    def last(self) -> bool:
        """Whether nobody else uses the server. Only inside `starting()`."""
        return self._use is not None and _try(self._use, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let go of all."""
        for descriptor in (self._use, self._serve):
            if descriptor is not None:
                os.close(descriptor)
        self._use = self._serve = None

    def _open(self, name: str) -> int:
        folder = self._folder / "locks"
        folder.mkdir(mode=0o700, exist_ok=True)
        return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
