"""The HTTP clients that the vendors' SDKs share, and what a provider needs to build a model."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

from opsloom_server.models.seam.watch import ModelTimeouts
from opsloom_server.settings import Settings

if TYPE_CHECKING:
    import httpx2


def is_loopback(url: str | None) -> bool:
    """Whether the address is this machine itself: no proxy of the environment belongs before it."""
    host = urlsplit(url or "").hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Closes(Protocol):
    """What has connections of its own."""

    async def close(self) -> None: ...


Connected = TypeVar("Connected", bound=Closes)


@cache
def _tls(trust_env: bool) -> ssl.SSLContext:
    """The certificates to trust. Reading them takes 60 ms of the loop's time, so once a process."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=trust_env)


@dataclass
class Clients:
    """One HTTP client a provider, made on first use and closed together."""

    settings: Settings
    timeouts: ModelTimeouts = field(default_factory=ModelTimeouts)
    _http: dict[str, httpx2.AsyncClient] = field(default_factory=dict)
    _others: dict[type[Any], Any] = field(default_factory=dict)

    def timeout(self) -> httpx2.Timeout:
        """The transport's own limits. The finer ones, which pings do not reset, are the reader's."""
        import httpx2

        return httpx2.Timeout(connect=self.timeouts.connect, read=self.timeouts.first_token, write=30.0, pool=10.0)

    def http(self, provider: str, base_url: str | None) -> httpx2.AsyncClient:
        """The provider's client."""
        import httpx2

        from opsloom_server.models.http import Transport

        if provider not in self._http:
            trust_env = not is_loopback(base_url)
            self._http[provider] = httpx2.AsyncClient(
                timeout=self.timeout(),
                follow_redirects=True,
                trust_env=trust_env,
                # A thousand turns may stream at once.
                transport=Transport(_tls(trust_env), connections=1000, trust_env=trust_env),
            )
        return self._http[provider]

    def own(self, make: Callable[[Clients], Connected]) -> Connected:
        """A connection of another kind, made on first use, one a kind."""
        kind: Any = make
        if kind not in self._others:
            self._others[kind] = make(self)
        made: Connected = self._others[kind]
        return made

    async def close(self) -> None:
        """Close every connection. Running streams end with an error."""
        clients = list(self._http.values())
        others = list(self._others.values())
        self._http.clear()
        self._others.clear()
        for client in clients:
            await client.aclose()
        for other in others:
            await other.close()
