"""Amazon's binary framing of streams, and Bedrock's Converse in it, on the fast seam."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec
from botocore.eventstream import EventStreamBuffer, ParserError
from botocore.exceptions import EventStreamError
from botocore.parsers import EventStreamJSONParser
from msgspec import Struct

from opsloom_server.models.seam.reader import Piece


class Message(NamedTuple):
    headers: dict[str, Any]
    payload: bytes


class Broken(Exception):
    """A message that is none: its checksum or its lengths are wrong, or the stream ends within it."""


class Messages:
    """Cuts the bytes of one stream into messages."""

    def __init__(self) -> None:
        self._buffer = EventStreamBuffer()

    def split(self, chunk: bytes) -> Iterator[Message | Broken]:
        """The messages that this chunk makes whole, and what is wrong with the next one."""
        self._buffer.add_data(chunk)
        try:
            for message in self._buffer:
                yield Message(message.headers, message.payload)
        except ParserError as error:
            # In its place behind what came before it: that was read, and people may see it.
            yield Broken(str(error))

    @property
    def is_cut(self) -> bool:
        """Whether the bytes ended within a message."""
        return bool(self._buffer._data)


class _Reasoning(Struct, forbid_unknown_fields=True):
    text: str


class _ToolUse(Struct, forbid_unknown_fields=True):
    input: str


class _Delta(Struct, forbid_unknown_fields=True, rename="camel"):
    """Text, reasoning or more of a tool's input: signatures, citations and results are other deltas."""

    text: str | None = None
    reasoning_content: _Reasoning | None = None
    tool_use: _ToolUse | None = None


class _BlockDelta(Struct, rename="camel"):
    content_block_index: int
    delta: _Delta


_decoder: Final = msgspec.json.Decoder(_BlockDelta)
_KNOWN: Final = frozenset(
    ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata")
)

Raw = Message | Broken | dict[str, Any]
"""A message as it came, or one of ours in the form that the framework reads."""


def kind_of(raw: Raw) -> str | None:
    """The name of the event; None for exceptions and what is broken."""
    return raw.headers.get(":event-type") if isinstance(raw, Message) else None


class ConverseWire:
    """`contentBlockDelta` brings content; other names that are not known keep the connection alive at most."""

    def piece(self, raw: Raw) -> Piece | None:
        if not isinstance(raw, Message) or raw.headers.get(":event-type") != "contentBlockDelta":
            return None
        try:
            block = _decoder.decode(raw.payload)
        except msgspec.DecodeError:  # another kind of delta, or something new: it passes, and the framework judges it
            return None
        index, delta = block.content_block_index, block.delta
        match delta:
            case _Delta(text=str(text), reasoning_content=None, tool_use=None) if text:
                return Piece("text", index, text, block)
            case _Delta(text=None, reasoning_content=_Reasoning(text), tool_use=None) if text:
                return Piece("reasoning", index, text, block)
            case _Delta(text=None, reasoning_content=None, tool_use=_ToolUse(json)) if json:
                return Piece("call", index, json, block)
            case _:
                return None

    def merged(self, last: Piece, text: str) -> Raw:
        delta: dict[str, Any] = {"text": text}
        if last.kind == "reasoning":
            delta = {"reasoningContent": {"text": text}}
        elif last.kind == "call":
            delta = {"toolUse": {"input": text}}
        return {"contentBlockDelta": {"contentBlockIndex": last.part, "delta": delta}}

    def is_ping(self, raw: Raw) -> bool:
        kind = kind_of(raw)
        return kind is not None and kind not in _KNOWN

    def is_content(self, raw: Raw) -> bool:
        return kind_of(raw) == "contentBlockDelta"


class ConverseEvents:
    """Messages of Converse as the dicts that boto3 would give."""

    def __init__(self, shape: Any) -> None:
        self._messages = Messages()
        self._shape = shape
        self._parser = EventStreamJSONParser()

    def split(self, chunk: bytes) -> Iterable[Raw]:
        return self._messages.split(chunk)

    def decode(self, raw: Raw) -> Iterator[dict[str, Any]]:
        """Raises `EventStreamError` where the vendor says what went wrong, `Broken` where that cannot be read."""
        if isinstance(raw, Broken):
            raise raw
        if isinstance(raw, dict):
            yield raw
            return
        failed = raw.headers.get(":message-type") in ("exception", "error")
        response = {"status_code": 400 if failed else 200, "headers": raw.headers, "body": raw.payload}
        parsed = self._parser.parse(response, self._shape)
        if failed:
            raise EventStreamError(parsed, "ConverseStream")
        if kind_of(raw) in _KNOWN and parsed:
            yield parsed

    def rest(self) -> Iterator[dict[str, Any]]:
        if self._messages.is_cut:
            raise Broken("The stream ended within a message.")
        return iter(())
