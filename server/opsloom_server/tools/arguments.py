"""The arguments of a call: as the tool reads them, as the model is told what is wrong, as people are shown them."""

import logging
from collections.abc import Sequence
from typing import Any

from opsloom_blocks import BlockError, plain
from opsloom_protocol.messages import Issue

from opsloom_server.tools.parsing import demand_read
from opsloom_server.tools.tool import Tool

log = logging.getLogger("opsloom.tools")


def arguments(tool: Tool, raw: dict[str, Any]) -> Any:
    """The arguments as the tool reads them. Raises `BlockError` with every issue."""
    demand_read(raw)
    args = tool.read(raw)
    try:
        issues = tool.check(args)
    except Exception:
        log.exception("tool %s failed to check its arguments", tool.name)
        issues = [Issue(path="", text="They could not be checked because of an unexpected error.")]
    if issues:
        raise BlockError(issues)
    return args


def visible(tool: Tool, args: Any) -> Any:
    """The arguments for people; a tool that fails to say them shows none."""
    try:
        return plain(tool.visible(args))
    except Exception:
        log.exception("tool %s failed to show its arguments", tool.name)
        return None


def consequence(tool: Tool, args: Any) -> str:
    """What comes of the call, for people; a tool that fails to say it says nothing."""
    try:
        return (tool.consequence(args) or "").strip()
    except Exception:
        log.exception("tool %s failed to say what comes of it", tool.name)
        return ""


def words(issues: Sequence[Issue]) -> str:
    """Issues for the model."""
    return "\n".join(["These arguments are not right:", *(f"- {i.path or '(all)'}: {i.text}" for i in issues)])
