"""Open the database at start, and say in plain words what stands in the way. No message shows a password."""

import asyncpg
import opsloom_migrations
from opsloom_migrations import VectorMissing
from sqlalchemy import pool
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from opsloom_server.errors import StartupError
from opsloom_server.store import address
from opsloom_server.store.engine import POOL_OVERFLOW, POOL_SIZE, Database, make_engine

__all__ = ["migrate", "open_database"]


async def open_database(
    url: str, *, migrating: bool = True, pool_size: int = POOL_SIZE, overflow: int = POOL_OVERFLOW
) -> Database:
    """Bring the database to the newest revision and open the pool on it. Raises StartupError.

    With ``migrating=False`` a database that is behind is refused instead.
    """
    if migrating:
        await migrate(url)
    try:
        database = await Database.open(url, pool_size=pool_size, overflow=overflow)
    except (DBAPIError, OSError, asyncpg.PostgresError) as error:
        raise _explain(error, url) from error
    try:
        async with database.engine.connect() as connection:
            found = await opsloom_migrations.current(connection)
    except BaseException:
        await database.close()
        raise
    if found != opsloom_migrations.head():
        await database.close()
        raise StartupError(
            f"The database is at revision {found or 'nothing'}, this version needs {opsloom_migrations.head()}.",
            "Run `opsloom migrate`, or start the newest version of Opsloom.",
        )
    return database


async def migrate(url: str) -> bool:
    """Bring the database to the newest revision; True if there was anything to do. Raises StartupError."""
    engine: AsyncEngine = make_engine(url, poolclass=pool.NullPool)
    try:
        return await opsloom_migrations.upgrade(engine)
    except VectorMissing:
        raise StartupError(
            f"The PostgreSQL server at {address.printable(engine.url)} has no pgvector.",
            "Install it there (Debian: the package postgresql-NN-pgvector; Docker: the image pgvector/pgvector), or "
            "unset DATABASE_URL to use the PostgreSQL that Opsloom brings along.",
        ) from None
    except (DBAPIError, OSError, asyncpg.PostgresError) as error:
        raise _explain(error, url) from error
    finally:
        await engine.dispose()


def _explain(error: BaseException, url: str) -> StartupError:
    """Put a driver's error into words and a remedy."""
    parsed = address.parse(url)
    where, name, user = address.printable(parsed), parsed.database or "", parsed.username or ""
    match _cause(error):
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return StartupError(
                f"The PostgreSQL server refused the login {user or '(none)'} at {where}.",
                "Check user name and password in DATABASE_URL (in a password, @ : / and % must be URL-encoded).",
            )
        case asyncpg.InvalidCatalogNameError():
            return StartupError(f"There is no database {name} at {where}.", f"Create it: CREATE DATABASE {name};")
        case asyncpg.InsufficientPrivilegeError():
            return StartupError(
                f"The user {user} may not build Opsloom's tables in {where}.",
                f"As a superuser run: ALTER DATABASE {name} OWNER TO {user}; and, in that database, "
                f"CREATE EXTENSION IF NOT EXISTS vector; GRANT CREATE, USAGE ON SCHEMA public TO {user};",
            )
        case asyncpg.TooManyConnectionsError():
            return StartupError(
                f"The PostgreSQL server at {where} has no connection left.", "Raise its max_connections, or close some."
            )
        case asyncpg.LockNotAvailableError():
            return StartupError(
                f"Another process has been migrating {where} for two minutes.",
                "Wait for it, or end it, and start again.",
            )
        case asyncpg.CannotConnectNowError():
            return StartupError(
                f"The PostgreSQL server at {where} is still starting or stopping.", "Try again shortly."
            )
        case OSError() | asyncpg.PostgresConnectionError() | asyncpg.InterfaceError():
            return StartupError(
                f"Nothing answers as PostgreSQL at {where}.",
                "Check host and port in DATABASE_URL and that the server runs and lets this machine in, or unset "
                "DATABASE_URL to use the PostgreSQL that Opsloom brings along.",
            )
        case other:
            return StartupError(
                f"The database at {where} could not be prepared: {type(other).__name__}.",
                "The log of the PostgreSQL server says more.",
            )


def _cause(error: BaseException) -> BaseException:
    """Return asyncpg's own error below SQLAlchemy's wrapping."""
    inner: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    while inner is not None and not isinstance(inner, (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        if inner.__cause__ is None:
            return inner
        inner = inner.__cause__
    return inner or error
