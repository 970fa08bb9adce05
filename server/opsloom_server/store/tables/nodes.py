"""The processes that serve this database, each believed alive until its lease runs out."""

from sqlalchemy import Column, DateTime, LargeBinary, Table

from opsloom_server.store.metadata import metadata
from opsloom_server.store.tables.columns import created_at, id_column

__all__ = ["nodes"]

# Of the installation, not of a workspace.
nodes = Table(
    "nodes",
    metadata,
    id_column(),
    # SHA-256 of the secret and this table's name: every node must have the same secret.
    Column("fingerprint", LargeBinary, nullable=False),
    created_at("started_at"),
    # Until when the turns that it owns are its own, on the database's clock.
    Column("lease_until", DateTime(timezone=True), nullable=False),
)
