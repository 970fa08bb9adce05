"""The kinds of resources that `opsloom apply` and `opsloom export` know: the one list."""

from collections.abc import Sequence
from typing import Final

from opsloom_server.cli.resources.assistant import ASSISTANT
from opsloom_server.cli.resources.data_source import DATA_SOURCE
from opsloom_server.cli.resources.kind import Change, FieldChange, Kind, World
from opsloom_server.cli.resources.knowledge_base import KNOWLEDGE_BASE
from opsloom_server.cli.resources.mcp_server import MCP_SERVER
from opsloom_server.cli.resources.tool import TOOL

__all__ = ["KINDS", "Change", "FieldChange", "Kind", "World"]

KINDS: Final[Sequence[Kind]] = (KNOWLEDGE_BASE, DATA_SOURCE, TOOL, MCP_SERVER, ASSISTANT)
"""In the order in which they are stored: what others refer to by name comes before them."""
