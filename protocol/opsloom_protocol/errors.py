"""Codes that both ends agree on."""

from enum import IntEnum
from typing import Literal

ErrorCode = Literal[
    "bad_frame",
    "too_long",
    "invalid",
    "not_found",
    "forbidden",
    "conflict",
    "busy",
    "rate_limited",
    "budget",
    "unavailable",
    "expired",
    "internal",
]


class CloseCode(IntEnum):
    """Why a socket was closed. `GIVES_UP` holds the ones after which a client does not come back by itself."""

    NORMAL = 1000
    TOO_BIG = 1009
    RESTART = 1012
    BAD_FRAMES = 4400
    SIGNED_OUT = 4401
    NOT_ALLOWED = 4403
    NOT_FOUND = 4404
    NO_HELLO = 4408
    STUCK = 4409
    TOO_MANY = 4429


GIVES_UP = frozenset({CloseCode.NORMAL, CloseCode.BAD_FRAMES, CloseCode.NOT_ALLOWED, CloseCode.NOT_FOUND})


class ProtocolError(ValueError):
    """What was received is not a frame of this protocol.

    `text` may be shown to the sender; `ref` is the request's, where it could still be read.
    """

    def __init__(self, text: str, ref: str | None = None) -> None:
        self.text = text
        self.ref = ref
        super().__init__(text)


class Gap(ProtocolError):
    """A frame does not follow the state it is applied to: frames were lost, ask for a snapshot."""
