"""Assistants, each change of one kept as a version, what one may become, and the sites that may show one."""

from sqlalchemy import ARRAY, Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from opsloom_server.store.metadata import metadata
from opsloom_server.store.tables.columns import created_at, id_column, reference, time, workspace_column

__all__ = ["assistant_versions", "assistants", "drafts", "sites"]

assistants = Table(
    "assistants",
    metadata,
    id_column(),
    workspace_column(),
    Column("slug", Text, nullable=False),
    Column("public", Boolean, nullable=False, server_default=text("false")),
    Column("version", Integer, nullable=False),
    # The whole ``AssistantSpec``; slug and public stand beside it because queries look for them.
    Column("spec", JSONB, nullable=False),
    created_at(),
    created_at("updated_at"),
    time("deleted_at"),
    # A deleted assistant keeps its row (sessions point at it) but gives its slug back.
    Index("uq_assistants_slug", "workspace_id", "slug", unique=True, postgresql_where=text("deleted_at IS NULL")),
)

assistant_versions = Table(
    "assistant_versions",
    metadata,
    id_column(),
    workspace_column(),
    reference("assistant_id", "assistants.id", ondelete="CASCADE"),
    Column("version", Integer, nullable=False),
    Column("spec", JSONB, nullable=False),
    reference("created_by", "users.id", ondelete="SET NULL", nullable=True),
    created_at(),
    UniqueConstraint("assistant_id", "version"),
    Index(None, "workspace_id", "assistant_id"),
    Index(None, "created_by"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("assistant_id", Text, ForeignKey("assistants.id", ondelete="CASCADE"), primary_key=True),
    workspace_column(),
    Column("spec", JSONB, nullable=False),
    # The version that it was made from.
    Column("based_on", Integer, nullable=False),
    reference("updated_by", "users.id", ondelete="SET NULL", nullable=True),
    created_at("updated_at"),
    Index(None, "workspace_id"),
    Index(None, "updated_by"),
)

sites = Table(
    "sites",
    metadata,
    id_column(),
    workspace_column(),
    reference("assistant_id", "assistants.id", ondelete="CASCADE"),
    Column("name", Text, nullable=False),
    # Exact origins (scheme, host, port), no wildcard.
    Column("origins", ARRAY(Text), nullable=False),
    created_at(),
    Index(None, "assistant_id"),
)
