"""The pool, and the one way to a connection: a transaction for a workspace.

Two locks keep tenants apart, whatever a query forgets:

* each pooled connection does ``SET ROLE opsloom_app``, a role that owns nothing and cannot bypass row-level security;
  where the database does not let us make roles, the policies still hold, because they are forced on the owner too;
* each transaction sets ``app.workspace``, which the policy of every table compares with the row's ``workspace_id``.
  Without it there are no rows.

Nothing looks a credential up across workspaces: each credential carries its workspace's id in the clear
(``auth.tokens``), so the look-up itself runs under the policies, and no SECURITY DEFINER function or unprotected table
is needed. A forged id only leads to a workspace where the hash is unknown.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self, TypeAlias

import asyncpg
import msgspec
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from opsloom_server.errors import Invalid, Unavailable
from opsloom_server.store import address

__all__ = [
    "APP_ROLE",
    "RETRY_MS",
    "Database",
    "Driver",
    "driver_of",
    "dumps",
    "is_gone",
    "make_engine",
    "unavailable",
    "unstorable",
]

# asyncpg's connection below SQLAlchemy's.
Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

APP_ROLE = "opsloom_app"

# A page of the console makes about six requests at once; a turn holds a connection for milliseconds, never while a
# model thinks. Ten kept and ten more on demand leave half of PostgreSQL's default 100 to others.
POOL_SIZE = 10
POOL_OVERFLOW = 10
# Longer than any hiccup of a healthy database, shorter than a person's patience.
POOL_WAIT = 5.0
RETRY_MS = 1_000
FULL = "The server's disk is full, so nothing can be stored. Whoever runs it must free some space; then send it again."
FULL_RETRY_MS = 10_000

_log = logging.getLogger(__name__)
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAY_SET_ROLE = text(
    "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :role AND pg_has_role(session_user, oid, 'MEMBER'))"
)


def dumps(value: Any) -> str:
    """Write a value for a JSON column."""
    return msgspec.json.encode(value).decode()


def make_engine(url: str, **options: Any) -> AsyncEngine:
    """Make an engine on asyncpg; JSON columns take and give what msgspec encodes and decodes."""
    return create_async_engine(
        address.parse(url),
        # A statement that fails is logged without what people wrote.
        hide_parameters=True,
        json_serializer=dumps,
        json_deserializer=msgspec.json.decode,
        connect_args={
            "timeout": 10,
            "server_settings": {
                "application_name": "opsloom",
                "jit": "off",  # our queries take milliseconds; compiling one takes longer
                "statement_timeout": "60s",
                "idle_in_transaction_session_timeout": "60s",
            },
        },
        **options,
    )


class Database:
    """The database as the server uses it. Owned by the lifespan, which closes it."""

    def __init__(self, engine: AsyncEngine, most: int) -> None:
        self._engine = engine
        self._most = most

    @classmethod
    async def open(cls, url: str, *, pool_size: int = POOL_SIZE, overflow: int = POOL_OVERFLOW) -> Self:
        """Open the pool on a migrated database. Raises the driver's errors; ``store.startup`` puts them into words."""
        engine = make_engine(
            url, pool_size=pool_size, max_overflow=overflow, pool_timeout=POOL_WAIT, isolation_level="AUTOCOMMIT"
        )
        try:
            async with engine.connect() as connection:
                role = bool((await connection.execute(_MAY_SET_ROLE, {"role": APP_ROLE})).scalar_one())
            if role:
                # The connection that just asked has no role yet.
                await engine.dispose()
                event.listen(engine.sync_engine, "connect", _set_role)
        except BaseException:
            await asyncio.shield(engine.dispose())
            raise
        return cls(engine, pool_size + overflow)

    @property
    def engine(self) -> AsyncEngine:
        """The pool itself, for what belongs to no workspace: health, the list of workspaces, advisory locks, LISTEN."""
        return self._engine

    @asynccontextmanager
    async def transact(self, workspace: str) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that sees one workspace; commit at the end, roll back on an error.

        It begins and ends on the driver, and to SQLAlchemy the connection commits by itself: its own way takes 0.3 ms
        of CPU, this 0.1, and a turn has four. Raises Unavailable where the database does not answer or the pool stays
        empty.
        """
        connection = await self._begin(workspace)
        try:
            yield connection
            await driver_of(connection).execute("COMMIT")
        except BaseException as error:
            # Shielded: a request that is cancelled here must not leave its connection half closed.
            await asyncio.shield(_undo(connection, gone=is_gone(error)))
            if (told := unavailable(error)) is not None:
                raise told from error
            raise
        await connection.close()

    async def _begin(self, workspace: str) -> AsyncConnection:
        """Take a connection and set the workspace.

        After a restart of PostgreSQL the pool is full of dead connections: each try throws one of them away. That saves
        a ping before each transaction.
        """
        # An id of another form names no workspace, so nothing is seen. The text below takes no parameters, which is
        # what makes it one round trip.
        named = workspace if _PLAIN.fullmatch(workspace) else ""
        for last in (*(False,) * self._most, True):
            connection = self._engine.connect()
            try:
                await connection.start()
            except (DBAPIError, PoolTimeout, OSError) as error:
                raise Unavailable(retry_ms=RETRY_MS) from error
            try:
                await driver_of(connection).execute(f"BEGIN; SELECT set_config('app.workspace', '{named}', true)")
                return connection
            except BaseException as error:
                await asyncio.shield(_undo(connection, gone=is_gone(error)))
                if not is_gone(error):
                    raise
                if last:
                    raise Unavailable(retry_ms=RETRY_MS) from error
        raise AssertionError("unreachable")

    async def workspaces(self) -> list[str]:
        """Return the ids of all workspaces, for background work that walks over them."""
        try:
            async with self._engine.connect() as connection:
                return list((await connection.execute(text("SELECT id FROM workspaces ORDER BY id"))).scalars())
        except (DBAPIError, OSError) as error:
            raise Unavailable(retry_ms=RETRY_MS) from error

    async def close(self) -> None:
        """Close the pool."""
        await self._engine.dispose()


def driver_of(connection: AsyncConnection) -> Driver:
    """The driver's connection of a transaction."""
    held = connection.sync_connection
    assert held is not None
    driver: Driver | None = held.connection.driver_connection
    assert driver is not None
    return driver


def is_gone(error: BaseException) -> bool:
    """Whether an error says that the connection to the database is lost, whoever tells it."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, asyncpg.PostgresConnectionError | asyncpg.InterfaceError | ConnectionError):
        return True
    # 57P01 to 57P03: the server is being shut down, has crashed, is starting.
    return _state(error)[:3] == "57P"


def unavailable(error: BaseException) -> Unavailable | None:
    """What people are told of an error that is the database's state and not the statement's fault; else None."""
    if _state(error) == "53100":
        return Unavailable(FULL, retry_ms=FULL_RETRY_MS)
    return Unavailable(retry_ms=RETRY_MS) if is_gone(error) or _state(error)[:2] == "53" else None


def unstorable(error: BaseException) -> Invalid | None:
    """What people are told of text that no column can hold: PostgreSQL knows no NUL, UTF-8 no half of a surrogate."""
    if isinstance(error, UnicodeEncodeError) or _state(error) in ("22021", "22P05"):
        return Invalid("The text holds characters that cannot be stored (NUL, or half of a surrogate pair).")
    return None


def _state(error: BaseException) -> str:
    """PostgreSQL's five letters for what went wrong; empty where it was not asked."""
    return getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None) or ""


async def _undo(connection: AsyncConnection, *, gone: bool = False) -> None:
    """Roll back and give the connection back; one that cannot is thrown away."""
    try:
        if gone or connection.invalidated or driver_of(connection).is_closed():
            await connection.invalidate()
        else:
            await driver_of(connection).execute("ROLLBACK")
    except Exception:
        # Whatever it is, the connection's state is unknown now.
        _log.info("a connection to the database was thrown away", exc_info=True)
        await connection.invalidate()
    finally:
        await connection.close()


def _set_role(dbapi_connection: Any, _record: Any) -> None:
    cursor = dbapi_connection.cursor()
    try:
        cursor.execute(f"SET ROLE {APP_ROLE}")
    finally:
        cursor.close()
    dbapi_connection.commit()
