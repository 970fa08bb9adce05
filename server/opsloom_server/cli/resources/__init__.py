"""The kinds of resources that `opsloom apply` and `opsloom export` know: the one list."""

from collections.abc import Sequence
from typing import Final

from opsloom_server.cli.resources.assistant import ASSISTANT
from opsloom_server.cli.resources.data_source import DATA_SOURCE
from opsloom_server.cli.resources.kind import Change, FieldChange, Kind, World
from opsloom_server.cli.resources.knowledge_base import KNOWLEDGE_BASE

__all__ = ["KINDS", "Change", "FieldChange", "Kind", "World"]

KINDS: Final[Sequence[Kind]] = (KNOWLEDGE_BASE, DATA_SOURCE, ASSISTANT)
"""In the order in which they are stored: what others refer to by name comes before them."""
