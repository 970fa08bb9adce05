"""`BLOCKS`, the one list of kinds that come with the package."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from opsloom_blocks.chart import CHART
from opsloom_blocks.choices import CHOICES
from opsloom_blocks.form import FORM
from opsloom_blocks.kind import BlockKind
from opsloom_blocks.progress import PROGRESS
from opsloom_blocks.table import TABLE

Kinds = Mapping[str, BlockKind[Any]]
"""Kinds by name."""

BLOCKS: Final[Kinds] = MappingProxyType({kind.kind: kind for kind in (CHOICES, FORM, TABLE, CHART, PROGRESS)})
