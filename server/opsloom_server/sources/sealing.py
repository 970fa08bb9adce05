"""What the database must not tell, encrypted under OPSLOOM_SECRET: AES-256-GCM, bound to the row that holds it."""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from opsloom_server.errors import Invalid

__all__ = ["Seal"]

_NONCE: Final = 12
_VERSION: Final = b"\x01"


class Seal:
    """Seals and opens. What was sealed for one purpose, workspace and id opens for no other."""

    def __init__(self, secret: bytes, purpose: str, lost: str) -> None:
        """`lost` is said where something was sealed under another secret."""
        # A key of its own: what signs session ids does not also encrypt.
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=None, info=f"opsloom {purpose}".encode()).derive(secret))
        self._lost = lost

    def close(self, text: str, workspace: str, key: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), _about(workspace, key))

    def open(self, sealed: bytes, workspace: str, key: str) -> str:
        """Raises Invalid where it was sealed under another secret."""
        try:
            if sealed[:1] != _VERSION:
                raise InvalidTag
            nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
            return self._cipher.decrypt(nonce, body, _about(workspace, key)).decode()
        except (InvalidTag, ValueError):
            raise Invalid(self._lost) from None


def _about(workspace: str, key: str) -> bytes:
    return f"{workspace}/{key}".encode()
