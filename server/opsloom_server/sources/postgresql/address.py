"""The address of a data source: what may stand in it, what of it is shown, and how it is connected to.

An owner names it, so it may lead into the server's own network: that is where databases are. It may not name files of
this machine (`passfile`, `sslcert`), and nothing of the server's own environment (PGPASSWORD, ~/.pgpass) goes along.
"""

import ssl
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final

import asyncpg
from msgspec import Struct
from sqlalchemy.engine import URL

from opsloom_server.errors import Invalid, Unavailable
from opsloom_server.fetching.addresses import Address as IpAddress
from opsloom_server.fetching.fetcher import look_up

__all__ = ["CONNECT_SECONDS", "EXAMPLE", "SourceAddress", "connect", "read_address"]

CONNECT_SECONDS: Final = 5.0
EXAMPLE: Final = "postgresql://user:password@host:5432/database"
_EXAMPLE: Final = f"Write it as {EXAMPLE}."
_OPTIONS: Final = {"host", "port", "sslmode"}
_SSL_MODES: Final = ("disable", "prefer", "require", "verify-full")
# Where clouds answer their machines' questions about themselves; no database is there.
_NEVER: Final = (IPv4Network("169.254.0.0/16"), IPv6Network("fe80::/10"), IPv6Network("fd00:ec2::/32"))


class SourceAddress(Struct, frozen=True):
    """An address taken apart. `host` is a name, an IP address or, beginning with `/`, the folder of a Unix socket."""

    host: str
    port: int
    database: str
    user: str
    password: str
    ssl: str

    def shown(self) -> dict[str, Any]:
        """What may be seen of it."""
        return {"host": self.host, "port": self.port, "database": self.database, "user": self.user}

    def __repr__(self) -> str:
        return f"SourceAddress({self.user}@{self.host}:{self.port}/{self.database})"  # never the password


def read_address(parsed: URL) -> SourceAddress:
    """Read `postgresql://user:password@host:5432/database?sslmode=…`. Raises Invalid that repeats nothing of it."""
    try:
        query = {key: value if isinstance(value, str) else value[-1] for key, value in parsed.query.items()}
        port = parsed.port or int(query.get("port", 5432))
    except ValueError:
        raise Invalid(f"This is not a database's address. {_EXAMPLE}") from None
    if unknown := sorted(query.keys() - _OPTIONS):
        raise Invalid(f"The option {unknown[0]} cannot stand in the address. Options are: host, port, sslmode.")
    host = query.get("host") or parsed.host or ""
    mode = query.get("sslmode", "prefer")
    if not host or not parsed.database or not parsed.username:
        raise Invalid(f"The address must name a host, a database and a user. {_EXAMPLE}")
    if mode not in _SSL_MODES:
        raise Invalid(f"sslmode is one of {', '.join(_SSL_MODES)}.")
    if "," in host or host.startswith("@") or not 0 < port < 65_536:
        raise Invalid(f"The address must name one host and its port. {_EXAMPLE}")
    return SourceAddress(host, port, parsed.database, parsed.username, parsed.password or "", mode)


async def connect(address: SourceAddress) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect, for one query. Raises Unavailable where nothing answers, Invalid where the login is refused."""
    try:
        where = await _where(address)
        if address.ssl == "prefer" and not address.host.startswith("/"):
            try:
                return await _connect(address, where, _encrypted(verified=False))
            except ConnectionError as error:
                if "SSL" not in str(error):
                    raise
                return await _connect(address, where, None)
        context = _encrypted(verified=address.ssl == "verify-full") if address.ssl in _SSL_MODES[2:] else None
        return await _connect(address, address.host if address.ssl == "verify-full" else where, context)
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        raise Invalid(f"The database refused the login {address.user}. Check user and password.") from None
    except asyncpg.InvalidCatalogNameError:
        raise Invalid(f"There is no database {address.database} on that server.") from None
    except asyncpg.InsufficientPrivilegeError:
        raise Invalid(f"The login {address.user} may not connect to the database {address.database}.") from None
    except ssl.SSLError:
        raise Invalid("The server's certificate cannot be trusted; see sslmode.") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        # One sentence for all of these: an answer that told them apart would map the network.
        raise Unavailable("No PostgreSQL that lets us in answers at the address of this data source.") from None


async def _connect(
    address: SourceAddress, host: str, context: ssl.SSLContext | None
) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(
        host=host,
        port=address.port,
        database=address.database,
        user=address.user,
        password=address.password,  # an empty one too: None would be looked for in the environment
        ssl=context or False,
        target_session_attrs="any",
        timeout=CONNECT_SECONDS,
        statement_cache_size=0,
        server_settings={"application_name": "opsloom data source"},
    )


async def _where(address: SourceAddress) -> str:
    """The host as it is connected to: looked up once, and judged."""
    if address.host.startswith("/"):
        return address.host
    try:
        found: Sequence[IpAddress] = [ip_address(address.host.strip("[]"))]
    except ValueError:
        found = await look_up(address.host, address.port)
    for one in found:
        if any(one in network for network in _NEVER if network.version == one.version):
            raise Invalid("This address belongs to no database.")
    return str(found[0])


def _encrypted(*, verified: bool) -> ssl.SSLContext:
    context: Any = ssl.create_default_context() if verified else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context  # type: ignore[no-any-return]
