"""Create, start and stop the PostgreSQL of one data folder."""

import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opsloom_server.errors import StartupError
from opsloom_server.store.embedded.account import Account, Outcome
from opsloom_server.store.embedded.postmaster import SOCKET_PREFIX, forget_socket, read_pid_file

DATABASE = "opsloom"
START_SECONDS = 90
STOP_SECONDS = 30

# On a full disk PostgreSQL may end with a panic that names a transaction and no disk. One segment of its log is 16 MB.
FULL_BYTES = 8_000_000

# A Unix socket's address holds 107 bytes; "/.s.PGSQL.5432.lock" and a margin leave this for the folder.
SOCKET_DIR_BYTES = 85

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "jit": "off",  # compiling costs more than our short statements take
    "timezone": "UTC",
    # A file a weekday, emptied when its day comes round: a bounded log. Statements may hold people's words: not logged.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_size": "0",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """The PostgreSQL in `data`: run by `account` with the programs in `bin`.

    `hidden` is true where the account cannot enter the folders above `data` (root's closed home). The programs then
    get the folder as a descriptor that root has opened, by the name /proc/self/fd/N, and no mode is changed anywhere.
    """

    data: Path
    bin: Path
    account: Account
    hidden: bool

    @classmethod
    def at(cls, data: Path, programs: Path, account: Account) -> "Cluster":
        hidden = not account.reaches(data.parent)
        if hidden and sys.platform != "linux":
            raise StartupError(
                f"PostgreSQL does not run as root, and no other user may enter {data.parent}.",
                "Run Opsloom as a normal user, or set OPSLOOM_DATA_DIR to a folder that others may enter.",
            )
        return cls(data, programs, account, hidden)

    def exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def create(self, *, durable: bool = True) -> None:
        """Make the cluster with its database. It appears under its name whole or not at all."""
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)  # of an interrupted first start
        fresh.mkdir(mode=0o700)
        self.account.give(fresh)
        with self._named(fresh) as (name, descriptor):
            arguments = ["-D", name, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C"]
            arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
            arguments += [] if durable else ["--no-sync"]
            # With lc_ctype C the text search would take dashes and curly quotes for letters.
            made = self.account.run(self.bin / "initdb", *arguments, "--lc-ctype=C.UTF-8", folder=descriptor)
            if made.code != 0 and "locale" in made.words:
                made = self.account.run(self.bin / "initdb", *arguments, folder=descriptor)
            if made.code == 0:
                made = self.account.run(
                    *(self.bin / "postgres", "--single", "-j", "-D", name, "postgres"),
                    folder=descriptor,
                    text=f"create database {DATABASE};\n",
                )
        if made.code != 0:
            failed = self._failed("created", made)  # looks at what is left of the disk
            shutil.rmtree(fresh, ignore_errors=True)
            raise failed
        fresh.rename(self.data)

    def start(self, more: Mapping[str, str]) -> None:
        """Start the server and wait until it accepts connections. Only where `postmaster.running` found none."""
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != "18":
            raise StartupError(
                f"The database in {self.data} was made by PostgreSQL {version}, and this Opsloom brings 18.",
                "Set OPSLOOM_DATA_DIR to another folder, or move the data with pg_dump and pg_restore.",
            )
        sockets = self._socket_dir()
        settings = {**SETTINGS, "unix_socket_directories": str(sockets), **more}
        options = " ".join(shlex.quote(f"--{name}={value}") for name, value in settings.items())
        (self.data / "start.log").unlink(missing_ok=True)
        with self._named(self.data) as (name, descriptor):
            started = self.account.run(
                *(self.bin / "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-s", "-D", name),
                *("-l", f"{name}/start.log", "-o", options),
                folder=descriptor,
            )
        if started.code != 0:
            forget_socket(sockets, 5432)
            raise self._failed("started", started)

    def stop(self) -> None:
        """Stop the server; what runs on it is rolled back."""
        found = read_pid_file(self.data)
        with self._named(self.data) as (name, descriptor):
            for mode in ("fast", "immediate"):
                stopped = self.account.run(
                    *(self.bin / "pg_ctl", "stop", "-w", "-t", str(STOP_SECONDS), "-s", "-D", name, "-m", mode),
                    folder=descriptor,
                )
                if stopped.code == 0 or not (self.data / "postmaster.pid").exists():
                    break
        if found is not None and found.socket_dir:
            forget_socket(Path(found.socket_dir), found.port)

    @contextmanager
    def _named(self, folder: Path) -> Iterator[tuple[str, int | None]]:
        """The name by which the programs know `folder`, and the descriptor that they have to inherit for it."""
        if not self.hidden:
            yield str(folder), None
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield f"/proc/self/fd/{descriptor}", descriptor
        finally:
            os.close(descriptor)

    def _socket_dir(self) -> Path:
        plain = re.fullmatch(r"[A-Za-z0-9_./-]+", str(self.data))  # the setting is a list with quoting of its own
        if plain and not self.hidden and len(os.fsencode(self.data)) <= SOCKET_DIR_BYTES:
            return self.data
        for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 (a fresh folder of our own in it)
            if self.account.reaches(parent) and len(os.fsencode(parent)) <= SOCKET_DIR_BYTES - 25:
                made = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=parent))
                self.account.give(made)
                return made
        raise StartupError(
            f"The path {self.data} is too long for a socket, and no short temporary folder can be used instead.",
            "Set OPSLOOM_DATA_DIR to a shorter path, or make /tmp writable.",
        )

    def _failed(self, what: str, outcome: Outcome) -> StartupError:
        log = self.data / "start.log"
        said = outcome.words
        if log.exists():
            said = f"{said}\n{log.read_text(errors='replace')}".strip()
        folder = self.data.parent
        if "No space left on device" in said or shutil.disk_usage(folder).free < FULL_BYTES:
            return StartupError(
                f"The disk that holds {folder} is full: the database cannot be {what}.",
                "Free some space there, or set OPSLOOM_DATA_DIR to a folder on another disk.",
            )
        if "Read-only file system" in said or "ermission denied" in said:
            return StartupError(
                f"The database in {folder} cannot be {what}: it may not write there.",
                "Make the folder writable, or set OPSLOOM_DATA_DIR to another one.",
            )
        last = next((line for line in reversed(said.splitlines()) if re.search("FATAL|PANIC|error", line)), said[-300:])
        return StartupError(
            f"The database in {folder} could not be {what}: {last.strip()}",
            (f"More stands in {log} and {self.data / 'log'}. " if log.exists() else "")
            + "With DATABASE_URL another PostgreSQL is used instead.",
        )
