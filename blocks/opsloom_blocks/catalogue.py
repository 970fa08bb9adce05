"""`BLOCKS`, the one list of kinds that come with the package."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Final

from opsloom_blocks.accordion import ACCORDION
from opsloom_blocks.app import APP
from opsloom_blocks.audio import AUDIO
from opsloom_blocks.card import CARD
from opsloom_blocks.carousel import CAROUSEL
from opsloom_blocks.chart import CHART
from opsloom_blocks.choices import CHOICES
from opsloom_blocks.code import CODE
from opsloom_blocks.confirm import CONFIRM
from opsloom_blocks.error import ERROR
from opsloom_blocks.file import FILE
from opsloom_blocks.form import FORM
from opsloom_blocks.image import IMAGE
from opsloom_blocks.kind import BlockKind, Kinds
from opsloom_blocks.layout import LAYOUT
from opsloom_blocks.link import LINK
from opsloom_blocks.map import MAP
from opsloom_blocks.metrics import METRICS
from opsloom_blocks.nesting import Holder
from opsloom_blocks.notice import NOTICE
from opsloom_blocks.progress import PROGRESS
from opsloom_blocks.sql import SQL
from opsloom_blocks.table import TABLE
from opsloom_blocks.tabs import TABS
from opsloom_blocks.tasks import TASKS
from opsloom_blocks.video import VIDEO

ASKING: Final = (CHOICES, FORM, CONFIRM)
SHOWING: Final = (
    TABLE,
    CHART,
    METRICS,
    PROGRESS,
    TASKS,
    NOTICE,
    ERROR,
    CODE,
    SQL,
    IMAGE,
    FILE,
    AUDIO,
    VIDEO,
    LINK,
    MAP,
    APP,
)
HOLDING: Final = (CARD, CAROUSEL, ACCORDION, TABS, LAYOUT)


def together(kinds: Iterable[BlockKind[Any]]) -> dict[str, BlockKind[Any]]:
    """Kinds by name; those that hold other blocks may hold all of these."""
    found: dict[str, BlockKind[Any]] = {}
    for kind in kinds:
        found[kind.kind] = kind.within(found) if isinstance(kind, Holder) else kind
    return found


BLOCKS: Final[Kinds] = MappingProxyType(together((*ASKING, *SHOWING, *HOLDING)))
