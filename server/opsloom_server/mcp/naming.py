"""What MCP servers and their tools are called: in an assistant's list, and to a model."""

import hashlib
import re
from typing import Final

__all__ = ["EVERY", "LIST_RESOURCES", "READ_RESOURCE", "SERVER_NAME", "given_as", "model_name", "split"]

SERVER_NAME: Final = r"^[a-z][a-z0-9-]{0,31}$"
"""Without `_`, which parts it from the tool's name: `a_b` of a server `a` is never the `b` of a server `a_b`."""
EVERY: Final = "*"
LIST_RESOURCES: Final = "list_resources"
READ_RESOURCE: Final = "read_resource"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST: Final = 60
"""Vendors take 64 characters."""


def given_as(server: str, tool: str) -> str:
    """What an assistant's `tools` calls it."""
    return f"{server}/{tool}"


def split(name: str) -> tuple[str, str] | None:
    """The server and the tool of such a name; None for any other name."""
    server, slash, tool = name.partition("/")
    return (server, tool) if slash and tool and re.fullmatch(SERVER_NAME, server) else None


def model_name(server: str, tool: str) -> str:
    """What a model calls it, the same for ever: what people allow is allowed under this name.

    A name with other characters, or a longer one, ends in a hash of itself, so that no two become one.
    """
    name = f"{server}_{tool}"
    if _PLAIN.fullmatch(tool) and len(name) <= _LONGEST:
        return name
    mark = hashlib.sha256(tool.encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '_', name)[: _LONGEST - 9]}_{mark}"
