"""Random credentials: how they are written, and how they are compared.

``opsk_default_3f9a…``: what it is, whose workspace it opens, 256 random bits in hexadecimal. The workspace's id is no
secret; it lets the look-up run inside that workspace, under row-level security. Only SHA-256 of the whole is stored.
"""

import hashlib
import hmac
import re
import secrets
from typing import Literal

from msgspec import Struct

__all__ = ["Token", "TokenKind", "make", "matches", "parse"]

TokenKind = Literal["key", "ticket", "visitor", "cookie", "link"]

_MARKS: dict[TokenKind, str] = {"key": "opsk", "ticket": "opst", "visitor": "opsv", "cookie": "opsc", "link": "opsl"}
_KINDS: dict[str, TokenKind] = {mark: kind for kind, mark in _MARKS.items()}
_SHAPE = re.compile(r"(ops[ktvcl])_([0-9a-z]{1,40})_([0-9a-f]{64})")


class Token(Struct, frozen=True):
    """A credential taken apart. ``text`` is the secret itself: it is shown once and never stored."""

    kind: TokenKind
    workspace: str
    prefix: str
    hash: bytes
    text: str

    def __repr__(self) -> str:
        return f"Token({self.kind}, {self.workspace}, {self.prefix}…)"


def make(kind: TokenKind, workspace: str) -> Token:
    """Make a new credential of a workspace."""
    token = parse(f"{_MARKS[kind]}_{workspace.removeprefix('ws_')}_{secrets.token_hex(32)}", kind)
    if token is None:
        raise ValueError(f"{workspace!r} is not a workspace's id")
    return token


def parse(text: str, *kinds: TokenKind) -> Token | None:
    """Take a credential apart; None if it has not the shape of one of ``kinds``."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    kind = _KINDS[match[1]]
    if kind not in kinds:
        return None
    return Token(kind, f"ws_{match[2]}", match[3][:8], hashlib.sha256(text.encode()).digest(), text)


def matches(stored: bytes, token: Token) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(stored, token.hash)
