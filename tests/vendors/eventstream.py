"""Amazon's binary framing of streams (`application/vnd.amazon.eventstream`).

A message: total length, length of the headers, checksum of these two; headers; payload; checksum of all before it.
"""

from __future__ import annotations

import base64
import struct
from binascii import crc32
from typing import Any

from vendors.wire import dump

TYPE = "application/vnd.amazon.eventstream"
_STRING = 7  # the type of a header's value


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message with these headers, all of them strings."""
    lines = bytearray()
    for name, value in headers.items():
        key, said = name.encode(), value.encode()
        lines += struct.pack(f"!B{len(key)}sBH{len(said)}s", len(key), key, _STRING, len(said), said)
    start = struct.pack("!II", 16 + len(lines) + len(payload), len(lines))
    whole = start + struct.pack("!I", crc32(start)) + bytes(lines) + payload
    return whole + struct.pack("!I", crc32(whole))


def event(kind: str, payload: bytes) -> bytes:
    return message({":event-type": kind, ":content-type": "application/json", ":message-type": "event"}, payload)


def json_event(kind: str, **fields: Any) -> bytes:
    # Every event is padded, so that its length does not tell its text.
    return event(kind, dump({**fields, "p": "abcdefg"}).encode())


def chunk(payload: bytes) -> bytes:
    """What another format wraps its own bytes in."""
    return json_event("chunk", bytes=base64.b64encode(payload).decode())


def exception(kind: str, words: str) -> bytes:
    """An error after status 200."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return message(headers, dump({"message": words}).encode())
