"""PostgreSQL as a data source, through asyncpg."""

from opsloom_server.sources.postgresql.engine import PostgreSQL

__all__ = ["PostgreSQL"]
