"""The one SQLAlchemy MetaData of the server. Tables are declared by subject under ``store/tables/``.

Importing ``opsloom_server.store.tables`` fills it; ``opsloom_migrations`` must build exactly what it says (a test
compares).
"""

from sqlalchemy import MetaData

__all__ = ["metadata"]

# Names by rule, so that a migration can name what it changes.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
