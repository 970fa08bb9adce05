"""Bytes to frames and back: the edge. Nothing further in sees a dict."""

from typing import Any, Final

import msgspec

from opsloom_protocol.errors import ProtocolError
from opsloom_protocol.frames import CLIENT_TYPES, SERVER_TYPES, ClientFrame, ServerFrame


class _Head(msgspec.Struct):
    """What can still be read of a frame that is not one of ours."""

    type: str | None = None
    ref: str | None = None


_client: Final[msgspec.json.Decoder[ClientFrame]] = msgspec.json.Decoder(ClientFrame)
_server: Final[msgspec.json.Decoder[ServerFrame]] = msgspec.json.Decoder(ServerFrame)
_head: Final = msgspec.json.Decoder(_Head)
_encoder: Final = msgspec.json.Encoder()

REF_CHARS: Final = 200
"""Longest `ref` that is accepted; a UUID has 36."""


def encode(frame: ServerFrame | ClientFrame) -> bytes:
    """A frame as UTF-8 JSON."""
    return _encoder.encode(frame)


def decode_client(raw: bytes | str) -> ClientFrame:
    """What a client sent. Raises `ProtocolError` with words for its author, and the `ref` where it can be read."""
    try:
        frame = _client.decode(raw)
    except msgspec.DecodeError as error:
        raise _explain(error, raw, CLIENT_TYPES) from None
    ref = getattr(frame, "ref", "-")
    if not 0 < len(ref) <= REF_CHARS:
        raise ProtocolError(f"`ref` must have 1 to {REF_CHARS} characters.")
    return frame


def decode_server(raw: bytes | str) -> ServerFrame | None:
    """What a server sent; `None` for a type that this version does not know. Raises `ProtocolError`."""
    try:
        return _server.decode(raw)
    except msgspec.DecodeError as error:
        head = _read_head(raw)
        if head is not None and head.type is not None and head.type not in SERVER_TYPES:
            return None
        raise _explain(error, raw, SERVER_TYPES) from None


def _read_head(raw: bytes | str) -> _Head | None:
    try:
        return _head.decode(raw)
    except (msgspec.DecodeError, UnicodeError):
        return None


def _explain(error: msgspec.DecodeError, raw: bytes | str, types: frozenset[str]) -> ProtocolError:
    head = _read_head(raw)
    if not isinstance(error, msgspec.ValidationError):
        return ProtocolError("This is not JSON.")
    if head is None:
        return ProtocolError("A frame is a JSON object with a `type`.")
    if head.type is None:
        return ProtocolError("The frame has no `type`.", head.ref)
    if head.type not in types:
        return ProtocolError(f"There is no frame of type {head.type[:40]!r}.", head.ref)
    return ProtocolError(f"Not a valid `{head.type}`: {error}.", head.ref)


def to_builtins(value: Any) -> Any:
    """A struct as plain dicts, lists and strings, as it would travel: for storage in JSON columns."""
    return msgspec.to_builtins(value)
