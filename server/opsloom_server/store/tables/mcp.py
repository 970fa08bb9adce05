"""MCP servers that an owner attached."""

from sqlalchemy import ARRAY, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from opsloom_server.store.metadata import metadata
from opsloom_server.store.tables.columns import created_at, id_column, reference, time, workspace_column

__all__ = ["mcp_servers"]

mcp_servers = Table(
    "mcp_servers",
    metadata,
    id_column(),
    workspace_column(),
    Column("name", Text, nullable=False),
    # How it is reached, with every secret: program, arguments and environment, or address and headers. Encrypted under
    # OPSLOOM_SECRET.
    Column("sealed", LargeBinary, nullable=False),
    # What may be shown of that: the names of variables and headers without their values.
    Column("shown", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    # The only tools that may be used; NULL means all that it offers.
    Column("tools", ARRAY(Text)),
    # What the owner says that tools do, whatever the server says: effect by tool.
    Column("effects", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    # What it offered when it was asked last.
    Column("described", JSONB),
    time("described_at"),
    # Goes up with every change of how it is reached, so that every node knows that its connection is of before.
    Column("rev", Integer, nullable=False, server_default=text("1")),
    reference("created_by", "users.id", ondelete="SET NULL", nullable=True),
    created_at(),
    UniqueConstraint("workspace_id", "name"),
    Index(None, "created_by"),
)
