"""``OPSLOOM_SECRET``: signs and encrypts. Given, or made on the first start and kept in the data folder."""

import os
import secrets
from hashlib import sha256
from pathlib import Path

from opsloom_server.errors import StartupError

__all__ = ["load"]

FILE = "secret"
# Shorter ones can be guessed from one signed value.
SHORTEST = 32


def load(given: str | None, data_folder: Path) -> bytes:
    """Return 32 bytes made from the given secret, else from the data folder's; that one is made (0600) on first use.

    Raises StartupError where the given one is short, or the folder cannot hold one.
    """
    if given is not None:
        if len(given) < SHORTEST:
            raise StartupError(
                f"OPSLOOM_SECRET is shorter than {SHORTEST} characters.", "Make one with: openssl rand -hex 32"
            )
        return sha256(given.encode()).digest()
    path = data_folder / FILE
    try:
        data_folder.mkdir(parents=True, exist_ok=True)
        text = _read(path) or _make(path)
    except OSError as error:
        raise StartupError(
            f"The secret in {path} cannot be read or made: {error.strerror}.",
            "Let Opsloom write to its data folder (OPSLOOM_DATA_DIR), or set OPSLOOM_SECRET.",
        ) from None
    return sha256(text.encode()).digest()


def _read(path: Path) -> str | None:
    try:
        text = path.read_text().strip()
    except FileNotFoundError:
        return None
    return text or None


def _make(path: Path) -> str:
    """Write a new secret beside its place and link it there: of two processes one wins, neither sees half a file."""
    text = secrets.token_hex(32)
    draft = path.with_name(f".{FILE}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        if path.exists() and not _read(path):
            draft.replace(path)  # a full disk left an empty file
            return text
        os.link(draft, path)
    except FileExistsError:
        return _read(path) or text
    finally:
        draft.unlink(missing_ok=True)
    return text
