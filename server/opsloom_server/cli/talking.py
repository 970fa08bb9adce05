"""`opsloom ask` and `opsloom chat`: the Python client in a terminal."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import platformdirs
from opsloom_client import terminal

from opsloom_server.cli.words import fail, plainly
from opsloom_server.settings import Settings


def ask_command(words: Sequence[str], url: str | None, key: str | None, assistant: str) -> None:
    """Print the answer as it comes, and end with its exit code."""
    question = " ".join(sys.stdin.read() if word == "-" else word for word in words).strip()
    if not question:
        fail("There is no question.", "opsloom ask 'What is a block?'")
    with plainly():
        asked = terminal.ask(_server(url), question, assistant=assistant, key=key, out=sys.stdout, visitors=_visitors())
        sys.exit(asyncio.run(asked))


def chat_command(url: str | None, key: str | None, assistant: str, *, draft: bool = False) -> None:
    """Ask and answer, until the end of input."""
    if draft and key is None:
        fail("A draft is tried with the key of an owner or admin.", "opsloom chat --draft --key opsk_… -a SLUG")
    with plainly():
        talked = terminal.chat(
            _server(url), assistant=assistant, key=key, out=sys.stdout, visitors=_visitors(), draft=draft
        )
        sys.exit(asyncio.run(talked))


def _visitors() -> Path | None:
    """Where a visitor's secrets stand, by server, so that the next question comes from the same person.

    None for a user without a home folder, as in many containers: each question is then a new visitor's.
    """
    try:
        return Path(platformdirs.user_state_dir("opsloom", appauthor=False)) / "visitors.json"
    except RuntimeError:
        return None


def _server(url: str | None) -> str:
    if url is not None:
        return url
    settings = Settings.from_env()
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 (compared only)
    return f"http://{host}:{settings.port}"
