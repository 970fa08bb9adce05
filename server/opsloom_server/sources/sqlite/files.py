"""Which files may be data sources: those below folders that whoever runs the server has named, and no others.

An owner's address names a file of the server's machine. Without a list of folders it could name any, also those of
other tenants, of browsers and of mail programs.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from sqlalchemy.engine import URL

from opsloom_server.errors import Invalid

__all__ = ["EXAMPLE", "FileAddress", "OpenedFile", "found", "read_address"]

EXAMPLE: Final = "sqlite:///file.db"
_NONE: Final = (
    "SQLite files can be data sources only below the folders that OPSLOOM_SQLITE_FOLDERS names, and it names none. "
    "Whoever runs the server sets it, such as OPSLOOM_SQLITE_FOLDERS=/srv/data."
)
# One sentence for all that is not there: an answer that told them apart would search the disk.
_MISSING: Final = "There is no SQLite file of that name below the folders that OPSLOOM_SQLITE_FOLDERS names."
_MAGIC: Final = b"SQLite format 3\0"


class FileAddress(Struct, frozen=True):
    """A file as an owner named it: below one of the folders, or with its whole path."""

    name: str

    def shown(self) -> dict[str, Any]:
        """What may be seen of it."""
        return {"database": self.name}


class OpenedFile(Struct, frozen=True):
    """A file that may be read, and how. `still`: nobody writes to it, so it is read without a lock and without files
    beside it; `seen`: by which a change is noticed."""

    path: Path
    still: bool
    seen: tuple[int, int]

    @property
    def uri(self) -> str:
        return f"{self.path.as_uri()}?mode=ro{'&immutable=1' if self.still else ''}"

    def changed(self) -> bool:
        """Whether somebody has written to it since."""
        return self.still and (_seen(self.path) != self.seen or _log(self.path).exists())


def read_address(parsed: URL, folders: Sequence[Path]) -> FileAddress:
    """Read `sqlite:///file.db`. Raises Invalid."""
    if not folders:
        raise Invalid(_NONE)
    if parsed.host or parsed.username or parsed.password or parsed.port or parsed.query:
        raise Invalid(f"The address of a SQLite file names the file and nothing else. Write it as {EXAMPLE}.")
    if not parsed.database or parsed.database == ":memory:" or "\0" in parsed.database:
        raise Invalid(f"The address must name a file. Write it as {EXAMPLE}.")
    return FileAddress(parsed.database)


def found(address: FileAddress, folders: Sequence[Path]) -> OpenedFile:
    """The file, with every link in its path resolved. Reads the disk, so not on the event loop. Raises Invalid."""
    inside = [Path(os.path.realpath(folder)) for folder in folders]
    # `sqlite:///srv/data/file.db` has lost its first slash on the way; people mean the whole path by it.
    named = [Path(os.path.realpath(folder / address.name)) for folder in inside]
    named.append(Path(os.path.realpath(Path("/") / address.name)))
    for path in named:
        if not any(path.is_relative_to(folder) for folder in inside):
            continue
        try:
            what = path.stat()
            if not stat.S_ISREG(what.st_mode):
                continue
            with path.open("rb") as file:
                head = file.read(20)
        except OSError:
            continue
        if head[:16] != _MAGIC:
            raise Invalid("This file is no SQLite database.")
        # A file with a write-ahead log is locked through files beside it, which reading would have to make. Where there
        # is none, nobody has it open.
        still = head[18] == 2 and not _log(path).exists()
        return OpenedFile(path, still, _seen(path))
    raise Invalid(_MISSING)


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _seen(path: Path) -> tuple[int, int]:
    what = path.stat()
    return what.st_mtime_ns, what.st_size
