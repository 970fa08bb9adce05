"""Bytes to frames and back: the edge. Nothing further in sees a dict."""

import re
from typing import Any, Final

import msgspec

from opsloom_protocol.errors import ProtocolError
from opsloom_protocol.frames import CLIENT_TYPES, SERVER_TYPES, ClientFrame, ServerFrame


class _Head(msgspec.Struct):
    """What can still be read of a frame that is not one of ours."""

    type: Any = None
    ref: Any = None


_client: Final[msgspec.json.Decoder[ClientFrame]] = msgspec.json.Decoder(ClientFrame)
_server: Final[msgspec.json.Decoder[ServerFrame]] = msgspec.json.Decoder(ServerFrame)
_head: Final = msgspec.json.Decoder(_Head)
_encoder: Final = msgspec.json.Encoder()

_UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

REF_CHARS: Final = 200
"""Longest `ref` that is accepted; a UUID has 36."""


def encode(frame: ServerFrame | ClientFrame) -> bytes:
    """A frame as UTF-8 JSON."""
    return _encoder.encode(frame)


def decode_client(raw: bytes | str) -> ClientFrame:
    """What a client sent. Raises `ProtocolError` with words for its author, and the `ref` where it can be read."""
    try:
        data = _utf8(raw)
        frame = _client.decode(data)
    except _UNREADABLE as error:
        raise _explain(error, raw, CLIENT_TYPES) from None
    ref = getattr(frame, "ref", "-")
    if not 0 < len(ref) <= REF_CHARS:
        raise ProtocolError(f"`ref` must have 1 to {REF_CHARS} characters.")
    if b"u0000" in data and _NUL.search(data):
        # PostgreSQL stores no U+0000, neither in text nor in JSON.
        raise ProtocolError("Text may not hold the character U+0000.", getattr(frame, "ref", None))
    return frame


def decode_server(raw: bytes | str) -> ServerFrame | None:
    """What a server sent; `None` for a type that this version does not know. Raises `ProtocolError`."""
    try:
        return _server.decode(_utf8(raw))
    except _UNREADABLE as error:
        head = _read_head(raw)
        if head is not None and isinstance(head.type, str) and head.type not in SERVER_TYPES:
            return None
        raise _explain(error, raw, SERVER_TYPES) from None


def _utf8(raw: bytes | str) -> bytes:
    return raw.encode() if isinstance(raw, str) else raw


def _read_head(raw: bytes | str) -> _Head | None:
    try:
        return _head.decode(_utf8(raw))
    except _UNREADABLE:
        return None


def _explain(error: Exception, raw: bytes | str, types: frozenset[str]) -> ProtocolError:
    if isinstance(error, UnicodeError):
        return ProtocolError("This is not UTF-8.")
    head = _read_head(raw)
    ref = head.ref if head is not None and isinstance(head.ref, str) and 0 < len(head.ref) <= REF_CHARS else None
    if isinstance(error, RecursionError):
        return ProtocolError("The frame is nested too deeply.", ref)
    if not isinstance(error, msgspec.ValidationError):
        return ProtocolError("This is not JSON.")
    if head is None:
        return ProtocolError("A frame is a JSON object with a `type`.")
    if head.type is None:
        return ProtocolError("The frame has no `type`.", ref)
    if not isinstance(head.type, str) or head.type not in types:
        return ProtocolError(f"There is no frame of type {str(head.type)[:40]!r}.", ref)
    return ProtocolError(f"Not a valid `{head.type}`: {error}.", ref)


def to_builtins(value: Any) -> Any:
    """A struct as plain dicts, lists and strings, as it would travel: for storage in JSON columns."""
    return msgspec.to_builtins(value)
