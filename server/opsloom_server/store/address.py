"""Database addresses: what people paste into ``DATABASE_URL``, made fit for asyncpg."""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from opsloom_server.errors import StartupError

__all__ = ["parse", "printable"]

_EXAMPLE = "Write it as postgresql://user:password@host:5432/database."


def parse(address: str) -> URL:
    """Read ``postgres://``, ``postgresql://`` or ``postgresql+asyncpg://``. Raises StartupError that shows no password.

    libpq's ``sslmode`` becomes asyncpg's ``ssl``; its other options that asyncpg does not know are dropped.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise StartupError("DATABASE_URL is not an address.", _EXAMPLE) from None
    if url.drivername.split("+")[0] not in {"postgres", "postgresql"}:
        raise StartupError(f"DATABASE_URL names {url.drivername}; only PostgreSQL with pgvector will do.", _EXAMPLE)
    query = dict(url.query)
    if "sslmode" in query:
        query.setdefault("ssl", query.pop("sslmode"))
    for name in ("channel_binding", "gssencmode", "target_session_attrs"):
        query.pop(name, None)
    return url.set(drivername="postgresql+asyncpg", query=query)


def printable(url: URL) -> str:
    """Return the address without its password, for messages and logs."""
    host = url.query.get("host") or url.host or "localhost"
    where = f"{host}:{url.port}" if url.port else f"{host}"
    return f"postgresql://{url.username or ''}@{where}/{url.database or ''}"
