"""What every session on this node works with."""

from msgspec import Struct

from opsloom_server.hub.attachments import Attachments
from opsloom_server.hub.budgets import Budgets
from opsloom_server.hub.counting import SharedCounts
from opsloom_server.hub.wakeups import WakeUps
from opsloom_server.log.batches import Batches
from opsloom_server.log.hot import HotLog
from opsloom_server.mcp import McpServers
from opsloom_server.models import Models
from opsloom_server.settings import Settings
from opsloom_server.sources import DataSources
from opsloom_server.store.engine import Database
from opsloom_server.tools.attached import Attached
from opsloom_server.tools.registry import Catalogue
from opsloom_server.tools.tool import Finder


class Environment(Struct, frozen=True):
    """Made by the composition root. `node` names this process for as long as it lives; `secret` signs session ids.

    `shared` is whether other nodes may work on the same database; where they cannot, nothing is asked twice.
    """

    node: str
    settings: Settings
    secret: bytes
    database: Database
    models: Models
    budgets: Budgets
    attachments: Attachments
    catalogue: Catalogue
    attached: Attached
    knowledge: Finder | None
    sources: DataSources
    mcp: McpServers
    batches: Batches
    hot: HotLog
    wakeups: WakeUps
    counts: SharedCounts | None
    shared: bool
