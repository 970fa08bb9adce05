"""The hot log of a session: a ring of encoded frames that every connection walks with a cursor of its own.

A frame is encoded once, whoever reads it. The ring forgets from its old end; a reader whose place is gone gets
`Trimmed` and is given a snapshot. So a slow reader costs nobody else anything, and no connection has a queue that
grows.
"""

from typing import Final, Protocol

import msgspec
from msgspec import Struct
from opsloom_protocol.codec import encode
from opsloom_protocol.frames import DurableFrame, LiveFrame
from opsloom_protocol.messages import Cursor

RING_FRAMES: Final = 500
RING_BYTES: Final = 1 << 20
"""Beyond either, catching up frame by frame is dearer than a snapshot."""


class Trimmed(LookupError):
    """The place asked for is no longer in the ring."""


class Asker(Struct, frozen=True):
    """Whose request a durable frame answers: that connection's copy carries `ref`."""

    connection: str
    ref: str


class Entry(Struct, frozen=True):
    """One frame in the ring.

    `rev` is 0 for live frames and snapshots; `turn`, `epoch` and `seq` place a live one in its turn.
    """

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
        # A frame is an object that ends in "}": the reference becomes its last field.
        return f'{self.text[:-1]},"ref":{msgspec.json.encode(self.asker.ref).decode()}}}'


def durable(frame: DurableFrame, *, turn: str | None = None, asker: Asker | None = None) -> Entry:
    """The entry of a durable frame (made without its `ref`, which `asker` carries)."""
    return Entry(text=encode(frame).decode(), rev=frame.rev, turn=turn, asker=asker)


def live(frame: LiveFrame, turn: str, epoch: int) -> Entry:
    """The entry of a live frame."""
    return Entry(text=encode(frame).decode(), turn=turn, epoch=epoch, seq=frame.seq)


class Running(Struct, frozen=True):
    """The turn that runs: `rev` is its `turn.start`'s, `seq` its last frame's."""

    turn: str
    epoch: int
    rev: int
    seq: int


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

    def jump(self, rev: int) -> None:
        """Forget every frame and go on after `rev`: whoever was reading gets a snapshot."""
        # One beyond the end, so that even a reader who had read everything finds its place gone.
        self.start = self.end + 1
        self.base = self.rev = rev
        self._entries.clear()
        self._bytes = 0
        for listener in self._listeners:
            listener.wake()

    def since(self, position: int) -> list[Entry]:
        """What follows a position; raises `Trimmed` when that is no longer held."""
        if position < self.start:
            raise Trimmed
        return self._entries[position - self.start :] if position < self.end else []

    def of_turn(self, turn: str, epoch: int) -> list[Entry]:
        """The live frames of a turn that are still held."""
        return [entry for entry in self._entries if entry.seq and entry.turn == turn and entry.epoch == epoch]

    def find(self, cursor: Cursor, running: Running | None) -> int | None:
        """The position from which a client at `cursor` misses nothing and gets nothing twice, or None."""
        if not self.base <= cursor.rev <= self.rev:
            return None
        index = 0
        for later, entry in enumerate(self._entries, 1):
            if entry.rev and entry.rev <= cursor.rev:
                index = later
        # What it has of the turn that it was in, whether that still runs or has ended meanwhile.
        while index < len(self._entries) and _seen(self._entries[index], cursor):
            index += 1
        return self.start + index if self._goes_on(index, cursor, running) else None

    def _goes_on(self, index: int, cursor: Cursor, running: Running | None) -> bool:
        """Whether the next live frame follows on what the client has: the one after its last, or a new turn's first."""
        following = next((entry for entry in self._entries[index:] if entry.seq), None)
        if following is not None:
            if (following.turn, following.epoch) == (cursor.turn, cursor.epoch):
                return cursor.seq is not None and following.seq == cursor.seq + 1
            in_between = running is not None and following.turn == running.turn and cursor.rev >= running.rev
            return following.seq == 1 and not in_between
        if running is None or cursor.rev < running.rev:
            return True
        return (cursor.turn, cursor.epoch, cursor.seq) == (running.turn, running.epoch, running.seq)


def _seen(entry: Entry, cursor: Cursor) -> bool:
    """Whether it is a live frame that the client has."""
    same = entry.seq > 0 and entry.turn == cursor.turn and entry.epoch == cursor.epoch
    return same and cursor.seq is not None and entry.seq <= cursor.seq
