"""A terminal that somebody types at."""

import io


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


class Typed:
    """Lines that somebody types."""

    def __init__(self, *lines: str) -> None:
        self._lines = list(lines)

    async def read(self) -> str | None:
        return self._lines.pop(0) if self._lines else None
