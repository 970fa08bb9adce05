"""Where a turn's frames lie before the database has them, for other nodes to read and to go on from.

Without Redis that is nowhere: other nodes read the batches in `turn_log`, 250 ms behind, and a killed node takes the
last of them with it. With Redis (`log.redis`) frames are there before anybody sees them. Nothing rests on it: whatever
it lacks, the ring and the database have.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from opsloom_server.log.ring import Entry
from opsloom_server.store.turns import Run


class Owner(Protocol):
    """A turn that this node runs."""

    id: str
    epoch: int

    def release(self, seq: int) -> None:
        """Show the held frames up to this one."""

    def lose(self) -> None:
        """Another node has the turn."""

    def so_far(self) -> Sequence[Entry]:
        """Its last frames that are still on the ring, in order."""


class Follower(Protocol):
    """A turn that another node runs. `stalled` at a hole, until its stored frames have filled that."""

    id: str
    epoch: int
    seq: int
    stalled: bool

    def feed(self, runs: Sequence[Run]) -> None:
        """Take frames that may follow on those it has."""


class HotLog(Protocol):
    """Never raises and never waits for long: what it cannot do is left to the database."""

    @property
    def feeding(self) -> bool:
        """Whether followed turns get their frames from here; else the database has to be asked."""

    async def run(self) -> None:
        """Work until cancelled; a task of the hub's."""

    def append(self, turn: Owner, entries: Collection[Entry]) -> bool:
        """Take new frames. True: show them at once; False: hold them until `release` is called."""

    def finish(self, turn: Owner) -> None:
        """The turn is stored, or no longer this node's: its frames are of no more use."""

    def follow(self, turn: Follower) -> None:
        """Feed this turn from now on."""

    def leave(self, turn: Follower) -> None:
        """Feed it no more."""

    @property
    def live(self) -> bool:
        """Whether frames are kept here now."""

    async def tail(self, turn: str, epoch: int, after: int) -> list[Run] | None:
        """The frames after a `seq`, as far as they are here; None where nobody can say what is."""

    async def fence(self, turn: str, epoch: int) -> None:
        """Refuse the turn's frames of earlier epochs from now on."""


class Nowhere:
    """The hot log of a node without Redis."""

    feeding = False
    live = False

    async def run(self) -> None:
        return

    def append(self, turn: Owner, entries: Collection[Entry]) -> bool:
        return True

    def finish(self, turn: Owner) -> None:
        return

    def follow(self, turn: Follower) -> None:
        return

    def leave(self, turn: Follower) -> None:
        return

    async def tail(self, turn: str, epoch: int, after: int) -> list[Run] | None:
        return []

    async def fence(self, turn: str, epoch: int) -> None:
        return
