"""What a workspace makes without code: tools that call a service, and the secrets that they name."""

from typing import Any

from sqlalchemy import Column, Index, LargeBinary, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from opsloom_server.store.metadata import metadata
from opsloom_server.store.tables.columns import created_at, id_column, reference, workspace_column

__all__ = ["http_tools", "secrets"]


def _named(table: str, own: Column[Any]) -> Table:
    """Things that a workspace calls by a name, each with one thing of its own."""
    return Table(
        table,
        metadata,
        id_column(),
        workspace_column(),
        Column("name", Text, nullable=False),
        own,
        reference("created_by", "users.id", ondelete="SET NULL", nullable=True),
        created_at(),
        created_at("updated_at"),
        UniqueConstraint("workspace_id", "name"),
        Index(None, "created_by"),
    )


http_tools = _named("http_tools", Column("definition", JSONB, nullable=False))
# Encrypted under OPSLOOM_SECRET.
secrets = _named("secrets", Column("sealed", LargeBinary, nullable=False))
