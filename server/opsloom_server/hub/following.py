"""A turn that runs on another node, as this one sees it: frames come in from where its owner puts them, and go on the
ring as they are."""

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace
from opsloom_protocol.messages import BlockState, Message, Part, Turn

from opsloom_server.log.ring import Entry, Ring, Running
from opsloom_server.store.conversations import with_states
from opsloom_server.store.turns import Run, follow

# Frames wait unread until somebody asks for a snapshot; beyond this many they are read in between.
UNREAD: Final = 500


class FollowedTurn:
    """Stands in the session where a turn of this node's own would; whoever wants it ended asks its owner."""

    def __init__(self, ring: Ring, turn: str, epoch: int, rev: int, message: Message) -> None:
        self.id = turn
        self.epoch = epoch
        # The last frame that is on the ring.
        self.seq = 0
        # At a hole: what lies behind it was not taken.
        self.stalled = False
        self._ring = ring
        self._rev = rev
        self._message = message
        self._parts: tuple[Part, ...] = message.parts
        self._folded = 0
        self._unread: list[Run] = []
        self._waiting = 0
        # What people did with its blocks since it began.
        self._states: dict[str, BlockState | None] = {}
        self._reaching: list[tuple[int, asyncio.Future[None]]] = []

    @property
    def message(self) -> Message:
        """The answer as it was when the turn began."""
        return self._message

    @property
    def place(self) -> Running:
        return Running(turn=self.id, epoch=self.epoch, rev=self._rev, seq=self.seq)

    def settle(self) -> None:
        """What has come is on the ring already."""

    def feed(self, runs: Sequence[Run]) -> None:
        """Put frames on the ring that follow on what is there, as far as they do."""
        entries: list[Entry] = []
        for run in runs:
            fresh = run.frames[max(0, self.seq + 1 - run.first) :]
            self.stalled = bool(fresh) and run.first > self.seq + 1
            if self.stalled:
                break
            entries.extend(
                Entry(text=text, turn=self.id, epoch=self.epoch, seq=seq)
                for seq, text in enumerate(fresh, self.seq + 1)
            )
            self._unread.append(Run(self.seq + 1, fresh))
            self._waiting += len(fresh)
            self.seq += len(fresh)
        if entries:
            self._ring.append(*entries)
            for seq, reached in self._reaching:
                if seq <= self.seq and not reached.done():
                    reached.set_result(None)
        if self._waiting > UNREAD:
            self._fold()

    async def reach(self, seq: int, seconds: float) -> None:
        """Wait until this frame is on the ring, at most so long: a client that saw it should not see it taken back."""
        if self.seq >= seq:
            return
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reaching.append((seq, reached))
        try:
            await asyncio.wait([reached], timeout=seconds)
        finally:
            self._reaching.remove((seq, reached))

    def give_up(self) -> None:
        """It runs no more, or nobody reads it here."""
        for _, reached in self._reaching:
            if not reached.done():
                reached.set_result(None)

    def acted(self, block: str, state: BlockState) -> None:
        """A person did something with a block of the answer."""
        self._states[block] = state

    def shown(self) -> Turn:
        """The turn for a snapshot, as of the last frame on the ring."""
        self._fold()
        message = replace(self._message, parts=with_states(self._parts, self._states))
        return Turn(id=self.id, epoch=self.epoch, seq=self.seq, message=message)

    def _fold(self) -> None:
        self._parts, self._folded = follow(self._parts, self._folded, self._unread)
        self._unread.clear()
        self._waiting = 0
