"""The cookie of a signed-in browser, and what protects its writes from other sites. Rules only, no I/O."""

import hashlib
import hmac

from msgspec import Struct

from opsloom_server.auth.logins import COOKIE_DAYS

__all__ = ["SECURE_NAME", "CookieRules", "csrf_holds", "csrf_token"]

SECURE_NAME = "__Host-opsloom"
PLAIN_NAME = "opsloom"


class CookieRules(Struct, frozen=True):
    """How the cookie is called and sent. ``__Host-`` ties it to https and to this one host; browsers drop such a cookie
    on http (a LAN address), so there it has a plain name.
    """

    secure: bool

    @property
    def name(self) -> str:
        return SECURE_NAME if self.secure else PLAIN_NAME

    def header(self, value: str) -> str:
        """Return the value of ``Set-Cookie`` that signs in; with "" the one that signs out."""
        age = COOKIE_DAYS * 86_400 if value else 0
        secure = "; Secure" if self.secure else ""
        return f"{self.name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"


def csrf_token(secret: bytes, cookie: str) -> str:
    """Return what a page must send in ``X-CSRF-Token`` with each write: only one that may read our answers knows it."""
    return hmac.new(secret, b"csrf:" + hashlib.sha256(cookie.encode()).digest(), hashlib.sha256).hexdigest()


def csrf_holds(secret: bytes, cookie: str, given: str | None) -> bool:
    """Compare in constant time."""
    return given is not None and hmac.compare_digest(csrf_token(secret, cookie).encode(), given.encode())
