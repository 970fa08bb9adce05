"""Bytes of a vendor's stream -> its own events, with runs of text merged and given to the turn at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable, Iterable, Iterator
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import httpx2

from opsloom_server.models.seam.feed import Feed, Kind
from opsloom_server.models.seam.watch import ModelTimeouts, Watch

Raw = TypeVar("Raw")
Event = TypeVar("Event")
Seen = TypeVar("Seen", covariant=True)


class Piece(NamedTuple):
    """An event that is nothing but more text of one part."""

    kind: Kind
    part: Hashable  # what the vendor calls the part
    text: str
    source: Any  # the decoded event; `Wire.merged` writes one like it


class Wire(Protocol[Raw]):
    """What the reader has to know of one vendor's format. `Raw` is one event as it came."""

    def piece(self, raw: Raw) -> Piece | None:
        """The event as a piece, or None when there is more to it, or anything unknown."""
        ...

    def merged(self, last: Piece, text: str) -> Raw:
        """An event like `last`, with this text."""
        ...

    def is_ping(self, raw: Raw) -> bool:
        """Whether the event only keeps the connection alive."""
        ...

    def is_content(self, raw: Raw) -> bool:
        """Whether an event that is no piece brings content: a part of a tool call, a refusal."""
        ...


class Framing(Protocol[Raw, Seen]):
    """How bytes are cut into events, and what the vendor's own client makes of one. One a stream."""

    def split(self, chunk: bytes) -> Iterable[Raw]:
        """The events that this chunk makes whole; what is left waits for the next one."""
        ...

    def decode(self, raw: Raw) -> Iterator[Seen]:
        """The event as the client's own reader would give it. Raises what that reader raises."""
        ...

    def rest(self) -> Iterator[Seen]:
        """What the stream's end makes of bytes that are left."""
        ...


class Reader(Generic[Raw, Event]):
    """Takes the place of the SDK's decoder for one stream.

    Without a feed it splits the bytes as the SDK does and guards the silence; with one (`attach`) it also runs
    ahead. It only does so inside a part that the framework has opened and for deltas of that very part, so whatever
    the framework treats in its own way (leading space, thinking tags, refusals) passes it by.
    """

    def __init__(self, wire: Wire[Raw], framing: Framing[Raw, Event], timeouts: ModelTimeouts) -> None:
        self._wire = wire
        self._framing = framing
        self._watch = Watch(timeouts)
        self._feed: Feed | None = None
        self._markers: frozenset[str] = frozenset()
        self._part: tuple[Kind, Hashable] | None = None  # the part that the last event was a piece of
        self._kept: list[str] = []  # given to the turn, not yet to the framework
        self._read: list[str] = []  # of this read, not yet given to the turn
        self._last: Piece | None = None
        self._raws: deque[Raw] = deque()  # events that were read and not looked at yet

    def attach(self, feed: Feed, markers: frozenset[str] = frozenset()) -> None:
        """Run ahead into this feed. `markers` are texts that mean something to the framework, as thinking tags do."""
        self._feed = feed
        self._markers = markers

    def iter_bytes(self, iterator: Iterator[bytes]) -> Iterator[Event]:
        """The SDK's other half, for blocking clients; nobody here has one."""
        raise NotImplementedError("Only asynchronous streams are read here.")

    async def aiter_bytes(self, iterator: AsyncIterator[bytes]) -> AsyncIterator[Event]:
        """Yield the stream's events. Raises what the SDK's reader raises, and `ReadTimeout` on silence."""
        watch = self._watch
        try:
            while True:
                try:
                    with watch:
                        raw = await self._next(iterator)
                except TimeoutError as error:
                    for event in self._flush():
                        yield event
                    raise httpx2.ReadTimeout(str(error)) from error
                except BaseException:
                    # What people have seen belongs in the history, also when the run is cancelled or the line is cut:
                    # so it goes down first, and then the error.
                    for event in self._flush():
                        yield event
                    raise
                for event in self._flush():
                    yield event
                if raw is None:
                    break
                for event in self._framing.decode(raw):
                    yield event
            for event in self._framing.rest():
                yield event
        finally:
            watch.stop()

    async def _next(self, iterator: AsyncIterator[bytes]) -> Raw | None:
        """The next event that has to pass; what may be kept back goes to the turn. None at the stream's end."""
        if (raw := self._at_hand()) is not None:
            return raw
        if self._feed is None or self._feed.open is None:
            return await self._read_on(iterator)
        # In a task of its own: the framework waits through some forty coroutines and generators, and each wake-up of
        # its task walks down all of them. So that walk is done once a stretch of text instead of once a token.
        return await asyncio.create_task(self._read_on(iterator), name="reading ahead")

    async def _read_on(self, iterator: AsyncIterator[bytes]) -> Raw | None:
        async for chunk in iterator:
            self._raws.extend(self._framing.split(chunk))
            if (raw := self._at_hand()) is not None:
                return raw
        return None

    def _at_hand(self) -> Raw | None:
        """Keep back what was read already, up to an event that has to pass."""
        raws = self._raws
        while raws:
            raw = raws.popleft()
            if not self._keep(raw):
                return raw
        self._give()
        return None

    def _keep(self, raw: Raw) -> bool:
        """Whether this event was kept back; else it has to pass."""
        piece = self._wire.piece(raw)
        if piece is None:
            if self._wire.is_ping(raw):
                return False
            self._part = None
            if self._wire.is_content(raw):
                self._watch.content()
            else:
                self._watch.alive()
            return False
        self._watch.content()
        part = (piece.kind, piece.part)
        feed = self._feed
        if feed is None or part != self._part or feed.open != piece.kind or piece.text in self._markers:
            self._part = part
            return False
        self._read.append(piece.text)
        self._last = piece
        return True

    def _give(self) -> None:
        """Give the turn what this read brought, as one text."""
        if self._read and self._feed is not None:
            text = "".join(self._read)
            self._read.clear()
            self._kept.append(text)
            self._feed.give(text)

    def _flush(self) -> Iterator[Event]:
        """What was kept back, as one event of the vendor's."""
        self._give()
        if self._kept and self._last is not None:
            text = "".join(self._kept)
            self._kept.clear()
            yield from self._framing.decode(self._wire.merged(self._last, text))
