"""What commands say and how they end: answers on standard output, everything else on standard error."""

import asyncio
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from rich.console import Console
from rich.markup import escape

from opsloom_server.errors import OpsloomError, StartupError
from opsloom_server.telemetry import scrub

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(words: str) -> None:
    """A line about what goes on."""
    err.print(f"[dim]·[/dim] {escape(words)}")


def fail(text: str, remedy: str = "") -> NoReturn:
    """Say what is wrong and what to do, and end with code 1."""
    err.print(f"[bold red]✗[/bold red] {escape(scrub(text))}")
    if remedy:
        err.print(f"  {escape(scrub(remedy))}")
    sys.exit(1)


@contextmanager
def plainly() -> Iterator[None]:
    """Inside, errors that have words for people end the command with these words and no traceback."""
    try:
        yield
    except StartupError as error:
        fail(error.text, error.remedy)
    except OpsloomError as error:
        fail(error.text)
    except KeyboardInterrupt:
        sys.exit(130)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command's work to its end, `plainly`."""
    with plainly():
        asyncio.run(work)
