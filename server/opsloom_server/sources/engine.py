"""What a kind of database must do to be a data source. The kinds that there are stand in `engines`."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from sqlalchemy.engine import URL

from opsloom_server.sources.description import Description
from opsloom_server.sources.guard import Judged
from opsloom_server.sources.names import Tables
from opsloom_server.sources.rows import Rows

__all__ = ["Address", "Bounds", "Engine", "Looked"]


class Bounds(Struct, frozen=True):
    """What a query may take: seconds of the database, and the planner's estimate in its own units (0: any)."""

    seconds: float = 5.0
    cost: float = 1_000_000.0


class Address(Protocol):
    """Where a database is, and with which login it is asked."""

    def shown(self) -> dict[str, Any]:
        """What may be seen of it: `host`, `port`, `database` and `user`, where it has them. Never the password."""


class Looked(Struct, frozen=True):
    """What was found in a database. `kind`: which one it is, as the server itself says; `warnings`: what the login may
    do beyond reading, each with what takes it away."""

    kind: str
    description: Description
    warnings: tuple[str, ...]


A = TypeVar("A", bound=Address)


class Engine(Protocol[A]):
    """One kind of database. Whatever its driver raises, it raises errors of ours, with nothing secret in them."""

    kind: str
    """As it stands in REST, and as the `dialect` of a `sql` block."""
    title: str
    """As people write it."""
    example: str
    """An address, to write one like it."""
    advice: str
    """What a model must know to write its dialect, in a line; may be empty."""

    def read_address(self, url: URL) -> A:
        """Take an address apart. Raises Invalid that repeats nothing of it."""

    async def look_over(self, address: A, schemas: Sequence[str] | None, bounds: Bounds) -> Looked:
        """Read what the login may read of these schemas (None: all that it should), and what else it may do. Raises
        Invalid for a login that must not be used, with the statements that make a right one."""

    def judge(self, query: str, tables: Tables) -> Judged:
        """Judge a query: one SELECT of known tables, made of what is allowed. Raises NotPermitted with words that help
        to write it right. CPU alone, so not on the event loop."""

    async def run(self, address: A, judged: Judged, bounds: Bounds) -> Rows:
        """Run what was judged: read-only, within bounds, on a connection of its own that is closed after it. Raises
        NotPermitted, QueryFailed or Unavailable in words."""
