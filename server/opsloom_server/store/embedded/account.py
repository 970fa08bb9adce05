"""As whom PostgreSQL runs, and how its programs are called.

PostgreSQL refuses to run as root, so root hands it to another account: the owner of the data if there is one, else the
account `opsloom` if the machine has it, else `nobody`.
"""

import os
import pwd
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from opsloom_server.errors import StartupError

# A first start on a slow disk took 4 s; recovery after a crash may take longer. Then something is wrong.
PROGRAM_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program said (both streams, in English) and how it ended."""

    code: int
    words: str


@dataclass(frozen=True, slots=True)
class Account:
    """The account that PostgreSQL runs under. `switch` is true where this process is root and has to change."""

    uid: int
    gid: int
    switch: bool

    @classmethod
    def for_data(cls, data: Path) -> "Account":
        """Choose the account for the cluster in `data`. Raises `StartupError` where the data is somebody else's."""
        owner = data.stat() if data.exists() else None
        if os.geteuid() != 0:
            if owner is not None and owner.st_uid != os.geteuid():
                theirs = _name(owner.st_uid)
                raise StartupError(
                    f"The database in {data} belongs to the user {theirs}, and you are {_name(os.geteuid())}.",
                    f"Run Opsloom as {theirs}, or set OPSLOOM_DATA_DIR to a folder of your own.",
                )
            return cls(os.geteuid(), os.getegid(), switch=False)
        if owner is not None and owner.st_uid != 0:
            return cls(owner.st_uid, owner.st_gid, switch=True)
        for name in ("opsloom", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid, switch=True)
        raise StartupError(
            "PostgreSQL does not run as root, and this machine has neither a user opsloom nor nobody.",
            "Create a user named opsloom, run Opsloom as a normal user, or set DATABASE_URL.",
        )

    def run(self, *args: str | Path, folder: int | None = None, text: str = "") -> Outcome:
        """Run a program to its end. `folder` is a descriptor that it and its children keep; `text` is its input.

        The output goes to a file, never a pipe: the postmaster inherits it, and a pipe would not end while it lives.
        """
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as given:
            given.write(text.encode())
            given.seek(0)
            process = subprocess.Popen(
                [str(arg) for arg in args],
                stdin=given,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd="/",  # the current folder may be closed to the account
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},  # no key of ours in another program's environment
                pass_fds=() if folder is None else (folder,),
                start_new_session=True,  # Ctrl-C in the terminal is for us to act on
                user=self.uid if self.switch else None,
                group=self.gid if self.switch else None,
                extra_groups=[] if self.switch else None,
            )
            try:
                code = process.wait(PROGRAM_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                code = process.wait()
            said.seek(0)
            return Outcome(code, said.read().decode(errors="replace").strip())

    def give(self, path: Path) -> None:
        """Make `path` the account's own."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Whether the account can enter the folder `path`. Asked by trying: modes alone do not tell (ACLs, mounts)."""
        if not self.switch:
            return os.access(path, os.X_OK)
        return self.run("/bin/sh", "-c", 'cd -- "$1"', "sh", path).code == 0


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
