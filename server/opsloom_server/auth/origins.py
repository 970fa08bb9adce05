"""Which web pages may talk to this server. Rules only, no I/O."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

__all__ = ["is_allowed", "is_own", "normal"]

_PORTS = {"http": 80, "https": 443}


def normal(origin: str) -> str | None:
    """Return an origin as browsers write it (lower case, default port left out); None if it is none."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname
    if parts.scheme not in _PORTS or not host or parts.username is not None or parts.path not in ("", "/"):
        return None
    if parts.query or parts.fragment:
        return None
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" if port in (None, _PORTS[parts.scheme]) else f"{parts.scheme}://{shown}:{port}"


def is_own(origin: str, host: str | None, public_url: str | None) -> bool:
    """Whether a page of ours sent this: ``OPSLOOM_PUBLIC_URL``, or where that is unset, the ``Host`` that was asked.

    ``Host`` is believed for loopback and bare addresses only: a name could be anybody's that points here (rebinding).
    """
    page = normal(origin)
    if page is None:
        return False
    if public_url is not None:
        own = urlsplit(public_url)
        return page == normal(f"{own.scheme}://{own.netloc}")
    if host is None:
        return False
    return any(page == normal(f"{scheme}://{host}") for scheme in _PORTS) and _is_bare(host)


def is_allowed(origin: str | None, host: str | None, public_url: str | None, listed: Iterable[str] = ()) -> bool:
    """Whether a connection or request with this ``Origin`` may come in. A program sends none; credentials decide on it.

    ``listed`` are the exact origins that an owner named under ``sites``; there is no wildcard, and ``null`` is nobody.
    """
    if origin is None:
        return True
    return is_own(origin, host, public_url) or normal(origin) in {normal(one) for one in listed if normal(one)}


def _is_bare(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
