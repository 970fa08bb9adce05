"""Server-sent events: bytes -> the lines of one event -> what the vendor's SDK makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

Event = TypeVar("Event")
Seen = TypeVar("Seen", covariant=True)


class Lines(Protocol[Seen]):
    """The SDK's own decoder, line by line; it returns an event at an empty line."""

    def decode(self, line: str) -> Seen | None: ...


class ServerSentEvents(Generic[Event]):
    """The framing of every vendor but Amazon. An event's bytes are its lines, without the closing empty one."""

    def __init__(self, lines: Lines[Event]) -> None:
        self._lines = lines
        self._rest = b""  # the beginning of the next event

    def split(self, chunk: bytes) -> Iterable[bytes]:
        rest = self._rest + chunk
        if b"\r" in rest:
            rest = _plain_ends(rest)
        raws = rest.split(b"\n\n")
        self._rest = raws.pop()
        return raws

    def decode(self, raw: bytes) -> Iterator[Event]:
        yield from self._read(raw)
        if (event := self._lines.decode("")) is not None:
            yield event

    def rest(self) -> Iterator[Event]:
        return self._read(self._rest)

    def _read(self, raw: bytes) -> Iterator[Event]:
        for line in raw.split(b"\n"):
            if line and (event := self._lines.decode(line.decode())) is not None:
                yield event


def _plain_ends(data: bytes) -> bytes:
    """CRLF and CR as LF. A CR at the very end stays: its LF may be still under way."""
    held = data.endswith(b"\r")
    body = (data[:-1] if held else data).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return body + b"\r" if held else body
