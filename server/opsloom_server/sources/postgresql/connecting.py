"""A connection to PostgreSQL, for one query."""

import ssl
from typing import Final

import asyncpg
from sqlalchemy.engine import URL

from opsloom_server.errors import Invalid, Unavailable
from opsloom_server.sources.server_address import (
    CONNECT_SECONDS,
    SSL_MODES,
    ServerAddress,
    encrypted,
    judged_host,
    read_server_address,
)

__all__ = ["EXAMPLE", "connect", "read_address"]

EXAMPLE: Final = "postgresql://user:password@host:5432/database"


def read_address(parsed: URL) -> ServerAddress:
    """Read `postgresql://user:password@host:5432/database?sslmode=…`. Raises Invalid that repeats nothing of it."""
    options = ("host", "port", "sslmode")
    return read_server_address(parsed, port=5432, options=options, socket="host", example=EXAMPLE)


async def connect(address: ServerAddress) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect, for one query. Raises Unavailable where nothing answers, Invalid where the login is refused."""
    try:
        where = await judged_host(address)
        if address.ssl == "prefer" and not address.host.startswith("/"):
            try:
                return await _connect(address, where, encrypted(verified=False))
            except ConnectionError as error:
                if "SSL" not in str(error):
                    raise
                return await _connect(address, where, None)
        context = encrypted(verified=address.ssl == "verify-full") if address.ssl in SSL_MODES[2:] else None
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
    address: ServerAddress, host: str, context: ssl.SSLContext | None
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
