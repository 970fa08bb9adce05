"""Blocking calls on an event loop, found while tests run: in this process, and in servers that tests start.

BlockBuster makes a blocking call of ours raise where a loop runs. Something above may swallow that, so each is also
written down: tests fail with the stack of the call, wherever it went.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from blockbuster import BlockBuster
from blockbuster.blockbuster import BlockingError

OURS = ("opsloom_server", "opsloom_rag", "opsloom_blocks", "opsloom_protocol", "opsloom_client")
REPORT = "OPSLOOM_TESTS_BLOCKING"
"""Where a server that a test starts writes what it finds; it is watched where this is set (`stage.starter`)."""

ALLOWED: Mapping[tuple[str, str], str] = {
    ("<frozen importlib._bootstrap>", "_find_and_load"): (
        "An import reads files. Servers import a vendor's package in a thread, which has a test of its own."
    ),
    ("asyncpg/connect_utils.py", "_parse_connect_arguments"): (
        "A new connection to PostgreSQL looks whether there is a file of passwords: one look a connection of the pool."
    ),
    ("opsloom_server/models/bedrock_runtime.py", "_prepare"): "A loop of its own in a thread, where nobody else waits.",
    ("logging/__init__.py", "emit"): "A line of the log goes where whoever runs the server sends it, a pipe or a file.",
    ("opsloom_server/app.py", "lifespan"): "At a server's start and end nobody is served.",
    ("opsloom_server/app.py", "running"): "At a server's start and end nobody is served.",
    ("fastapi/routing.py", "_extract_endpoint_context"): "FastAPI looks for the source of an endpoint, once each.",
    ("opsloom_server/store/startup.py", "open_database"): "Before a server serves, or in a command that serves nobody.",
    ("opsloom_blocks/extensions.py", "added"): "Extensions are looked for once a process, at its start.",
    ("opsloom_server/tools/registry.py", "load_catalogue"): "The same.",
}
"""(file, function) under which a call may block, and why that is no harm."""

_init = BlockingError.__init__
found: list[str] = []
"""The blocking calls of this process so far, with their stacks."""


def _placed(name: str) -> ModuleType:
    """A module that says where the package lies, without an import of it."""
    spec = find_spec(name)
    assert spec is not None
    module = ModuleType(name)
    module.__path__ = list(spec.submodule_search_locations or ())
    return module


def watch(report: Path | None = None) -> BlockBuster:
    """From now on, blocking calls of ours on a loop raise and are written down: in `found`, and in the file."""
    buster = BlockBuster(scanned_modules=[_placed(name) for name in OURS])
    for function in buster.functions.values():
        for file, name in ALLOWED:
            function.can_block_in(file, name)

    def telling(self: BlockingError, func: str) -> None:
        _init(self, func)
        # Without this function and BlockBuster's own.
        stack = "".join(traceback.format_stack(sys._getframe(2))[-14:])
        words = f"{self}\n{stack}"
        if words in found:
            return
        found.append(words)
        if report is not None:
            line = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(line, f"{words}\n".encode())
            os.close(line)

    BlockingError.__init__ = telling  # type: ignore[method-assign]
    buster.activate()
    return buster
