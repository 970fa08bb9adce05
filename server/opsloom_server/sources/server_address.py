"""The address of a database server: what may stand in it, what of it is shown, and how the way there is judged.

An owner names it, so it may lead into the server's own network: that is where databases are. It may not name files of
this machine (`passfile`, `sslcert`), and nothing of the server's own environment (PGPASSWORD, ~/.pgpass, ~/.my.cnf)
goes along.
"""

import ssl
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final

from msgspec import Struct
from sqlalchemy.engine import URL

from opsloom_server.errors import Invalid
from opsloom_server.fetching.addresses import Address as IpAddress
from opsloom_server.fetching.reaching import look_up

__all__ = ["CONNECT_SECONDS", "SSL_MODES", "ServerAddress", "encrypted", "judged_host", "read_server_address"]

CONNECT_SECONDS: Final = 5.0
SSL_MODES: Final = ("disable", "prefer", "require", "verify-full")
# Where clouds answer their machines' questions about themselves; no database is there.
_NEVER: Final = (IPv4Network("169.254.0.0/16"), IPv6Network("fe80::/10"), IPv6Network("fd00:ec2::/32"))


class ServerAddress(Struct, frozen=True):
    """An address taken apart. `host` is a name, an IP address or, beginning with `/`, where a Unix socket is."""

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
        return f"ServerAddress({self.user}@{self.host}:{self.port}/{self.database})"  # never the password


def read_server_address(parsed: URL, *, port: int, options: Sequence[str], socket: str, example: str) -> ServerAddress:
    """Take an address apart. `port`: where none is named; `socket`: the option that names a Unix socket. Raises Invalid
    that repeats nothing of it."""
    example = f"Write it as {example}."
    query = {key: value if isinstance(value, str) else value[-1] for key, value in parsed.query.items()}
    try:
        port = parsed.port or int(query.get("port", port))
    except ValueError:
        raise Invalid(f"This is not a database's address. {example}") from None
    if unknown := sorted(query.keys() - set(options)):
        raise Invalid(
            f"The option {unknown[0]} cannot stand in the address. Options are: {', '.join(sorted(options))}."
        )
    host = query.get(socket) or parsed.host or ""
    mode = query.get("sslmode", "prefer")
    if not host or not parsed.database or not parsed.username:
        raise Invalid(f"The address must name a host, a database and a user. {example}")
    if mode not in SSL_MODES:
        raise Invalid(f"sslmode is one of {', '.join(SSL_MODES)}.")
    if "," in host or host.startswith("@") or not 0 < port < 65_536:
        raise Invalid(f"The address must name one host and its port. {example}")
    return ServerAddress(host, port, parsed.database, parsed.username, parsed.password or "", mode)


async def judged_host(address: ServerAddress) -> str:
    """The host as it is connected to: looked up once, and judged. Raises Invalid or OSError."""
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


def encrypted(*, verified: bool) -> ssl.SSLContext:
    context: Any = ssl.create_default_context() if verified else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context  # type: ignore[no-any-return]
