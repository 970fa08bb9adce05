"""A turn that runs on another node, as this one sees it: frames come in from where its owner puts them, and go on the
ring as they are."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace
from opsloom_protocol.messages import Message, Part, Turn

from opsloom_server.log.ring import Entry, Ring, Running
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
        self._ring = ring
        self._rev = rev
        self._message = message
        self._parts: tuple[Part, ...] = message.parts
        self._folded = 0
        self._unread: list[Run] = []
        self._waiting = 0

    @property
    def message(self) -> Message:
        """The answer as it was when the turn began."""
        return self._message

    @property
    def place(self) -> Running:
        return Running(turn=self.id, epoch=self.epoch, rev=self._rev, seq=self.seq)

    def settle(self) -> None:
        """What has come is on the ring already."""

    def feed(self, runs: Sequence[Run]) -> bool:
        """Put frames on the ring that follow on what is there. False at a hole: what lies behind it is not taken."""
        entries: list[Entry] = []
        for run in runs:
            fresh = run.frames[max(0, self.seq + 1 - run.first) :]
            if not fresh:
                continue
            if run.first > self.seq + 1:
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
        if self._waiting > UNREAD:
            self._fold()
        return not runs or self.seq >= runs[-1].first + len(runs[-1].frames) - 1

    def shown(self) -> Turn:
        """The turn for a snapshot, as of the last frame on the ring."""
        self._fold()
        message = replace(self._message, parts=self._parts)
        return Turn(id=self.id, epoch=self.epoch, seq=self.seq, message=message)

    def _fold(self) -> None:
        self._parts, self._folded = follow(self._parts, self._folded, self._unread)
        self._unread.clear()
        self._waiting = 0
