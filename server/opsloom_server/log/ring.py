"""The hot log of a session: a ring of encoded frames that every connection walks with a cursor of its own.

A frame is encoded once, whoever reads it. The ring forgets from its old end; a reader whose place is gone raises
`Trimmed` and is given a snapshot. So a slow reader costs nobody else anything, and no connection has a queue that grows.
"""

from collections.abc import Iterator
from typing import Final, Protocol

from msgspec import Struct
from opsloom_protocol.codec import encode
from opsloom_protocol.frames import DurableFrame, LiveFrame, Snapshot
from opsloom_protocol.messages import Cursor

RING_FRAMES: Final = 500
RING_BYTES: Final = 1 << 20
"""Beyond either, catching up frame by frame is dearer than a snapshot."""


class Trimmed(Exception):
    """The place asked for is no longer in the ring."""


class Asker(Struct, frozen=True):
    """Whose request a durable frame answers: that connection's copy carries `ref`."""

    connection: str
    ref: str


class Entry(Struct, frozen=True):
    """One frame in the ring. `rev` is 0 for live frames and snapshots; `turn`, `epoch` and `seq` place it in its turn."""

    text: str
    rev: int = 0
    turn: str | None = None
    epoch: int = 0
    seq: int = 0
    asker: Asker | None = None

    def text_for(self, connection: str) -> str:
        """The frame as that connection gets it."""
        if self.asker is None or self.asker.connection != connection:
            return self.text
        # A frame is an object that ends in "}": the reference is its last field.
        return f"{self.text[:-1]},{_REF}{encode_text(self.asker.ref)}}}"


_REF: Final = '"ref":'


def encode_text(value: str) -> str:
    """A string as JSON."""
    return _encode_str(value)


class Listener(Protocol):
    def wake(self) -> None:
        """Something was appended. Called on the loop; must not block."""


class Ring:
    """The frames of one session in the order in which they happened, durable and live alike.

    `start` and `end` are absolute positions: the first one held, and the one that the next frame will get.
    `base` is the revision just before the first frame held.
    """

    def __init__(self, rev: int) -> None:
        self.start = 0
        self.base = rev
        self.rev = rev
        self._entries: list[Entry] = []
        self._bytes = 0
        self._listeners: set[Listener] = set()

    @property
    def end(self) -> int:
        return self.start + len(self._entries)

    def listen(self, listener: Listener) -> None:
        self._listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    def append(self, *entries: Entry) -> None:
        """Append, forget what is over the bounds, wake every listener."""
        for entry in entries:
            self._entries.append(entry)
            self._bytes += len(entry.text)
            if entry.rev:
                self.rev = entry.rev
        self._trim()
        for listener in self._listeners:
            listener.wake()

    def _trim(self) -> None:
        # In steps of an eighth, since taking from a list's front moves the rest.
        if len(self._entries) <= RING_FRAMES + RING_FRAMES // 8 and self._bytes <= RING_BYTES + RING_BYTES // 8:
            return
        drop = max(0, len(self._entries) - RING_FRAMES)
        size = self._bytes - sum(len(entry.text) for entry in self._entries[:drop])
        while size > RING_BYTES and drop < len(self._entries) - 1:
            size -= len(self._entries[drop].text)
            drop += 1
        for entry in self._entries[:drop]:
            if entry.rev:
                self.base = entry.rev
        del self._entries[:drop]
        self.start += drop
        self._bytes = size

    def clear(self) -> None:
        """Forget every frame: whoever was on the way gets a snapshot."""
        self.start = self.end
        self.base = self.rev
        self._entries.clear()
        self._bytes = 0

    def since(self, position: int) -> list[Entry]:
        """What follows a position; raises `Trimmed` when that is no longer held."""
        if position < self.start:
            raise Trimmed
        return self._entries[position - self.start :] if position < self.end else []

    def find(self, cursor: Cursor, running: tuple[str, int, int] | None) -> int | None:
        """The position from which a client at `cursor` misses nothing and gets nothing twice; None where there is none.

        `running` is the turn that runs: its id, its epoch, and the revision of its `turn.start`.
        """
        if not self.base <= cursor.rev <= self.rev:
            return None
        position = self.start
        for index, entry in enumerate(self._entries):
            if entry.rev and entry.rev <= cursor.rev:
                position = self.start + index + 1
        if running is None:
            return position
        turn, epoch, started = running
        if cursor.rev < started:
            # Its `turn.start` is still to come, and everything of it after that; all must be held.
            return position
        if cursor.turn != turn or cursor.epoch != epoch or cursor.seq is None:
            return None
        return self._after(position, turn, cursor.seq)

    def _after(self, position: int, turn: str, seq: int) -> int | None:
        """Behind both the durable frames seen and the live frame `seq`; None where a live frame in between is gone."""
        first: int | None = None
        for index in range(len(self._entries)):
            entry = self._entries[index]
            if entry.turn != turn or not entry.seq or entry.rev:
                continue
            if first is None:
                first = entry.seq
            if entry.seq <= seq:
                position = max(position, self.start + index + 1)
        if first is not None and first > seq + 1:
            return None
        return position

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)
