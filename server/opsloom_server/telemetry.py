"""The log: one line an event on standard error, for people and for `grep`, without any secret in it.

    2026-11-22T16:00:00.123Z INFO    hub            turn trn_0192… took over

What a library may have put into a message or a traceback (a database's address, a vendor's key, a ticket) is taken out
where the line is made, so that no call can forget it.
"""

import logging
import re
import sys
import time
from collections.abc import Iterable
from typing import TextIO

__all__ = ["Scrubber", "configure", "scrub"]

REMOVED = "•••"

# Shorter values than this are no secrets worth the name, and taking them out would maim ordinary words.
SHORTEST_SECRET = 8

_PATTERNS = (
    # scheme://user:password@host, up to the last @ before the host
    (re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/]+(?=@)", re.IGNORECASE), rf"\g<keep>{REMOVED}"),
    # our own keys, tickets, visitor secrets, cookies and links
    (re.compile(r"\bops[ktvcl]_[0-9a-z]{1,40}_[0-9a-f]{16,}"), REMOVED),
    # the vendors' keys
    (re.compile(r"\bsk-[A-Za-z0-9_-]{12,}"), REMOVED),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}"), REMOVED),
    (re.compile(r"(?P<keep>\bBearer\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\g<keep>{REMOVED}"),
    # name=value and "name": "value"
    (
        re.compile(
            r"(?P<keep>\b(?:api[_-]?key|password|passwd|secret|ticket|token|visitor|authorization|x-api-key)"
            r"[\"']?\s*[=:]\s*[\"']?)(?P<value>[^\s\"'&,;)}]{8,})",
            re.IGNORECASE,
        ),
        rf"\g<keep>{REMOVED}",
    ),
)

# Libraries that tell at INFO what nobody asked: each request, each migration's context, each connection.
_QUIET = ("uvicorn", "uvicorn.error", "websockets", "alembic", "httpx", "httpx2", "httpcore", "openai", "anthropic")


class Scrubber:
    """Takes secrets out of text: by their shape, and these values by themselves."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        values = sorted({value for value in secrets if len(value) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, values))) if values else None

    def __call__(self, text: str) -> str:
        if self._values is not None:
            text = self._values.sub(REMOVED, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


scrub = Scrubber()


class LineFormatter(logging.Formatter):
    """Formats a record as one line (a traceback follows it), and scrubs the whole."""

    def __init__(self, scrubber: Scrubber) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(room)-14s %(message)s")
        self._scrubber = scrubber

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 (the base's name)
        return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z"

    def format(self, record: logging.LogRecord) -> str:
        record.room = record.name.removeprefix("opsloom_server.").removeprefix("opsloom_")
        return self._scrubber(super().format(record))


def configure(level: str = "INFO", *, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Set the process's log up. `secrets` are values to take out wherever they turn up, beside what looks like one.

    Call it once, at start; a second call replaces the first.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter(Scrubber(secrets)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("opsloom_server").setLevel(level.upper())
    logging.getLogger("opsloom_rag").setLevel(level.upper())
    for name in _QUIET:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)
    # Its lines hold the path with the query; nothing of ours is secret there, but other people's links may be.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
    logging.getLogger("uvicorn.error").addFilter(_not_twice)
    logging.captureWarnings(True)


def _not_twice(record: logging.LogRecord) -> bool:
    """Whether to keep a line of uvicorn's. A start that fails in known words is told in these words by the command."""
    words = record.getMessage()
    return "StartupError" not in words and not words.startswith("Application startup failed")
