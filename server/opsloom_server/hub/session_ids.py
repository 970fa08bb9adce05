"""Names for sessions that have no row yet.

A session's row is written with its first message. Until then its id must survive a reconnect, to any node, after any
restart: so the id carries a seal that only this installation can make for that person and that assistant.
"""

import hashlib
import hmac
from typing import Final

from opsloom_server.store.ids import new_id

# 80 bits: guessing one would take longer than the session lasts, and would only give an empty session.
_SEAL_BYTES: Final = 10


def new_session_id(secret: bytes, user: str, assistant: str, *, draft: bool = False) -> str:
    """An id for a session of this person with this assistant, or with its draft."""
    stem = new_id("ses")
    return stem + _seal(secret, stem, user, assistant, draft)


def is_sealed(session: str, secret: bytes, user: str, assistant: str, *, draft: bool = False) -> bool:
    """Whether the id was made here for them."""
    stem, seal = session[: -2 * _SEAL_BYTES], session[-2 * _SEAL_BYTES :]
    return session.isascii() and hmac.compare_digest(seal, _seal(secret, stem, user, assistant, draft))


def _seal(secret: bytes, stem: str, user: str, assistant: str, draft: bool) -> str:
    words = "\0".join(("draft" if draft else "session", stem, user, assistant)).encode()
    return hmac.digest(secret, words, hashlib.sha256)[:_SEAL_BYTES].hex()
