"""What happened and what it cost: usage by day, the audit trail; and the databases that assistants may ask."""

from sqlalchemy import ARRAY, BigInteger, Column, Date, Index, LargeBinary, Numeric, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from opsloom_server.store.metadata import metadata
from opsloom_server.store.tables.columns import created_at, id_column, reference, time, workspace_column

__all__ = ["audit", "data_sources", "usage"]

# One row a day, user, assistant and model, added to as turns end. Ids without foreign keys: figures outlive what they
# count.
usage = Table(
    "usage",
    metadata,
    workspace_column(),
    Column("day", Date, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("assistant_id", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("turns", BigInteger, nullable=False, server_default=text("0")),
    Column("input_tokens", BigInteger, nullable=False, server_default=text("0")),
    Column("output_tokens", BigInteger, nullable=False, server_default=text("0")),
    # Parts of the two above: input that the vendor had kept, output that was thought and not said.
    Column("cached_tokens", BigInteger, nullable=False, server_default=text("0")),
    Column("reasoning_tokens", BigInteger, nullable=False, server_default=text("0")),
    Column("cost", Numeric(18, 8), nullable=False, server_default=text("0")),
    # Turns that used tokens of a model without a known price: `cost` lacks them.
    Column("unpriced_turns", BigInteger, nullable=False, server_default=text("0")),
    UniqueConstraint("workspace_id", "day", "user_id", "assistant_id", "model"),
)

audit = Table(
    "audit",
    metadata,
    id_column(),
    workspace_column(),
    created_at("at"),
    Column("user_id", Text),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Index(None, "workspace_id", "at"),
)

data_sources = Table(
    "data_sources",
    metadata,
    id_column(),
    workspace_column(),
    Column("name", Text, nullable=False),
    # The address with its password, encrypted under OPSLOOM_SECRET.
    Column("url_sealed", LargeBinary, nullable=False),
    # The only schemas that may be read; NULL means the role's own rights decide.
    Column("schemas", ARRAY(Text)),
    # What is shown of the address: host, port, database, user.
    Column("address", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("warnings", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    # Its tables, as they were when they were read last.
    Column("described", JSONB),
    time("described_at"),
    reference("created_by", "users.id", ondelete="SET NULL", nullable=True),
    created_at(),
    UniqueConstraint("workspace_id", "name"),
    Index(None, "created_by"),
)
