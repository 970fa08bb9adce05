"""What people allow: approvals of one call of a tool, and standing permissions."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from opsloom_server.store.metadata import metadata
from opsloom_server.store.tables.columns import created_at, id_column, reference, time, workspace_column

__all__ = ["approvals", "permissions"]

# What the answer of a `confirm` block lets run: one call, once.
approvals = Table(
    "approvals",
    metadata,
    Column("block_id", Text, ForeignKey("blocks.id", ondelete="CASCADE"), primary_key=True),
    workspace_column(),
    # Who was asked; nobody else's answer counts.
    reference("user_id", "users.id", ondelete="CASCADE"),
    Column("tool", Text, nullable=False),
    # SHA-256 over the tool, the arguments that were shown, the answer and the session.
    Column("binding", LargeBinary, nullable=False),
    # Whether it was offered to allow the tool from now on.
    Column("always", Boolean, nullable=False),
    # When the call that it allows was begun.
    time("spent_at"),
    Index(None, "user_id"),
    Index(None, "workspace_id"),
)

# A tool that runs for this person and this assistant without asking.
permissions = Table(
    "permissions",
    metadata,
    id_column(),
    workspace_column(),
    reference("user_id", "users.id", ondelete="CASCADE"),
    reference("assistant_id", "assistants.id", ondelete="CASCADE"),
    Column("tool", Text, nullable=False),
    created_at(),
    UniqueConstraint("user_id", "assistant_id", "tool"),
    Index(None, "assistant_id"),
    Index(None, "workspace_id"),
)
