"""Files that a server's answer holds: pictures, and pages of apps that are too long for a block."""

import asyncio
import hashlib
import os
from pathlib import Path

from opsloom_server.store import files
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import new_id

__all__ = ["Keeping", "looks_like"]

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def looks_like(data: bytes) -> str | None:
    """The kind of picture that these bytes are, whatever the server says; None where they are none."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)


class Keeping:
    """Keeps bytes as a file of a person's, as an upload of theirs would be kept."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    async def keep(self, workspace: str, user: str, name: str, media_type: str, data: bytes) -> str:
        """The id of the file. Raises OSError where the folder cannot be written."""
        key = new_id("fil")
        target = self._folder / workspace / key
        await asyncio.to_thread(_write, target, data)
        try:
            async with self._database.transact(workspace) as connection:
                digest = hashlib.sha256(data).digest()
                await files.add(connection, workspace, user, key, name, media_type, len(data), digest)
        except BaseException:
            await asyncio.to_thread(target.unlink, missing_ok=True)
            raise
        return key


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
