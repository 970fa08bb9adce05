"""An address with its password, encrypted under OPSLOOM_SECRET: AES-256-GCM, bound to the row that holds it."""

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
    """Seals and opens. What was sealed for one workspace and id opens for no other."""

    def __init__(self, secret: bytes) -> None:
        # A key of its own: what signs session ids does not also encrypt.
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=None, info=b"opsloom data sources").derive(secret))

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
            raise Invalid(
                "The address of this data source cannot be read: OPSLOOM_SECRET is another one now. Give its url again."
            ) from None


def _about(workspace: str, key: str) -> bytes:
    return f"{workspace}/{key}".encode()
