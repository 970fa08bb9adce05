"""A connection to MySQL or MariaDB, for one query: what the driver would allow beyond that is not negotiated.

No database is chosen on it. A name without one then means nothing to the server but what the query itself calls so.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final

import aiomysql  # type: ignore[import-untyped]
import pymysql.err  # type: ignore[import-untyped]
from msgspec import Struct
from pymysql.constants import CLIENT  # type: ignore[import-untyped]
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from opsloom_server.errors import Invalid, Unavailable
from opsloom_server.sources.mysql.values import DECODERS
from opsloom_server.sources.server_address import (
    CONNECT_SECONDS,
    ServerAddress,
    encrypted,
    judged_host,
    read_server_address,
)

__all__ = ["EXAMPLE", "Session", "TooMuch", "connected", "read_address", "stop"]

EXAMPLE: Final = "://user:password@host:3306/database"
# Of what is read to look a database over; a query's own bound is set before it runs.
_MOST: Final = 64 * 1024 * 1024
_REFUSED: Final = (1045, 1698)
CLOSE_SECONDS: Final = 2.0


class TooMuch(Exception):
    """More came than was asked for; the connection is closed."""


class Session(Struct, frozen=True):
    """A connection, as SQLAlchemy has it and as the driver has it. `mariadb`: which of the two the server is."""

    connection: AsyncConnection
    driver: Any
    mariadb: bool


class _Connection(aiomysql.Connection):  # type: ignore[misc]
    """aiomysql's, without several statements at once and without files, in a bounded number of bytes."""

    def __init__(self, *, encrypt: bool, **given: Any) -> None:
        super().__init__(local_infile=False, **given)
        self.client_flag &= ~(CLIENT.MULTI_STATEMENTS | CLIENT.LOCAL_FILES)
        self.bytes_left = _MOST
        self._must_encrypt = encrypt

    async def _get_server_information(self) -> None:
        await super()._get_server_information()
        # aiomysql would go on in the clear, and tell the password to whoever took the offer out.
        if self._must_encrypt and not self.server_capabilities & CLIENT.SSL:
            raise ssl.SSLError("not offered")

    async def _request_authentication(self) -> None:
        try:
            await super()._request_authentication()
        except BaseException:
            if self._writer is not None:
                self._writer.transport.abort()  # the driver would part with a server that refused us at length
            raise

    async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:
        if plugin_name in (b"mysql_clear_password", b"mysql_old_password") and not self._secure:
            raise pymysql.err.OperationalError(2059, "asks for the password in the clear")
        return await super()._process_auth(plugin_name, auth_packet)

    async def _read_bytes(self, num_bytes: int) -> bytes:
        self.bytes_left -= num_bytes
        if self.bytes_left < 0:
            self.close()
            raise TooMuch
        data: bytes = await super()._read_bytes(num_bytes)
        return data


def read_address(scheme: str, parsed: URL) -> ServerAddress:
    """Read `mysql://user:password@host:3306/database?sslmode=…`. Raises Invalid that repeats nothing of it."""
    options = ("port", "socket", "sslmode")
    return read_server_address(parsed, port=3306, options=options, socket="socket", example=scheme + EXAMPLE)


@asynccontextmanager
async def connected(address: ServerAddress) -> AsyncIterator[Session]:
    """Connect, for one query. Raises Unavailable where nothing answers, Invalid where the login is refused."""
    engine = create_async_engine("mysql+aiomysql://", poolclass=NullPool, async_creator=partial(_open, address))
    connection = await engine.connect()
    driver: Any = None
    try:
        driver = (await connection.get_raw_connection()).driver_connection
        yield Session(connection, driver, "mariadb" in driver.get_server_info().lower())
    finally:
        # What a statement left unread is not read to its end: the connection goes as it is.
        if driver is not None:
            await _close(driver)
        with suppress(Exception):
            await connection.invalidate()
            await connection.close()
        await engine.dispose()


async def stop(address: ServerAddress, session: Session) -> None:
    """End what runs on a session, from beside it: a server does not notice by itself that nobody waits any more."""
    with suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            beside = await _open(address)
            try:
                await beside.query(f"KILL {int(session.driver.thread_id())}")
            finally:
                await _close(beside)


async def _open(address: ServerAddress) -> Any:
    try:
        where = await judged_host(address)
        unix = where.startswith("/")
        context = None if unix or address.ssl == "disable" else encrypted(verified=address.ssl == "verify-full")
        host = address.host if address.ssl == "verify-full" else where
        connection = _Connection(
            encrypt=not unix and address.ssl in ("require", "verify-full"),
            **({"unix_socket": where} if unix else {"host": host, "port": address.port}),
            user=address.user,
            # The driver takes Latin-1 for what the server compares as UTF-8.
            password=address.password.encode().decode("latin-1"),
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            ssl=context,
            conv=DECODERS,
            program_name="opsloom data source",
        )
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await connection._connect()
        except BaseException:
            for _ in range(3):
                await asyncio.sleep(0)  # the driver has closed its end, for which the loop needs its turns
            raise
    except pymysql.err.OperationalError as error:
        if error.args and error.args[0] in _REFUSED:
            raise Invalid(f"The database refused the login {address.user}. Check user and password.") from None
        if isinstance(error.__cause__, ssl.SSLError):
            raise _untrusted() from None
        raise _unavailable() from None
    except ssl.SSLError:
        raise _untrusted() from None
    except (pymysql.err.Error, OSError, TimeoutError, RuntimeError, TooMuch):
        raise _unavailable() from None
    return connection


async def _close(driver: Any) -> None:
    writer = driver._writer
    driver.close()
    if writer is not None:
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_SECONDS):
                await writer.wait_closed()


def _untrusted() -> Invalid:
    return Invalid("The server offers no encryption, or no certificate that can be trusted; see sslmode.")


def _unavailable() -> Unavailable:
    # One sentence for all of these: an answer that told them apart would map the network.
    return Unavailable("No MySQL or MariaDB that lets us in answers at the address of this data source.")
