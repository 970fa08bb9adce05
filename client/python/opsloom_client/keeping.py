"""Where a program keeps a visitor's secrets between runs: one small file of its own, readable by its owner alone."""

import json
import os
import tempfile
from pathlib import Path


class VisitorFile:
    """Secrets by server and assistant. A file that cannot be read or written is as good as none: a new visitor."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, server: str, assistant: str) -> str | None:
        found = self._read().get(f"{server} {assistant}")
        return found if isinstance(found, str) else None

    def save(self, server: str, assistant: str, secret: str) -> None:
        """Keep it; nobody else may read it (0600), and a crash leaves the old file whole."""
        kept = self._read() | {f"{server} {assistant}": secret}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)  # made 0600
        except OSError:
            return
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(kept, file, indent=1)
            os.replace(name, self._path)
        except OSError:
            Path(name).unlink(missing_ok=True)

    def _read(self) -> dict[str, object]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
