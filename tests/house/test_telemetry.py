"""The log: one line an event, and no secret in it, whoever wrote it."""

import io
import logging
from collections.abc import Iterator

import pytest
from opsloom_server.telemetry import configure, scrub

SECRETS = (
    ("postgresql+asyncpg://me:hunter2@db/x failed", "hunter2"),
    ("redis://:hunter2@cache:6379/0", "hunter2"),
    ("postgresql://me:p@ss/w@db:5432/x", "p@ss"),
    ("key opsk_default_" + "a1" * 32, "a1a1"),
    ("GET /login#token=opsl_default_" + "b2" * 32, "b2b2"),
    ("Authorization: Bearer abcdefghijkl", "abcdefghijkl"),
    ("Incorrect API key provided: sk-proj-abcdef0123456789", "sk-proj"),
    ("AKIAABCDEFGHIJKLMNOP was refused", "AKIAABCD"),
    ("{'x-api-key': 'abcdefgh12345'}", "abcdefgh12345"),
    ("password=correcthorse user=me", "correcthorse"),
)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, while the process's log is set up as the server's."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    configure("debug", secrets=["a secret of the settings"], stream=stream)
    yield stream
    root.handlers[:], root.level = before
    logging.captureWarnings(False)


@pytest.mark.parametrize(("line", "secret"), SECRETS)
def test_what_looks_like_a_secret_is_taken_out(line: str, secret: str) -> None:
    assert secret in line
    assert secret not in scrub(line)


@pytest.mark.parametrize(
    "line", ["GET /api/v1/tickets 200", "3 tokens written", "see https://example.org/a:b@c", "at 12:30"]
)
def test_other_words_stay(line: str) -> None:
    assert scrub(line) == line


def test_a_line_says_when_how_grave_and_from_where(log: io.StringIO) -> None:
    logging.getLogger("opsloom_server.hub").info("turn %s ended", "trn_1")
    assert log.getvalue().endswith("INFO    hub            turn trn_1 ended\n")
    assert log.getvalue()[:2] == "20"


def test_a_traceback_is_scrubbed_too(log: io.StringIO) -> None:
    try:
        raise ValueError("cannot connect to postgresql://me:hunter2@db, a secret of the settings")
    except ValueError:
        logging.getLogger("opsloom_server.store").exception("no database")
    assert "Traceback" in log.getvalue()
    assert "hunter2" not in log.getvalue()
    assert "a secret of the settings" not in log.getvalue()


def test_requests_are_not_logged(log: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info("GET /x?ticket=abc")
    logging.getLogger("uvicorn.error").info("Uvicorn running")
    logging.getLogger("httpx2").info("HTTP Request")
    assert log.getvalue() == ""
