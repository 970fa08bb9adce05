"""Data sources: what is shown of an address, what was found in the database, and what an owner should know."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003_data_sources"
down_revision: str | None = "0002_asking"


def upgrade() -> None:
    empty_object, empty_list = sa.text("'{}'::jsonb"), sa.text("'[]'::jsonb")
    op.add_column("data_sources", sa.Column("address", postgresql.JSONB(), nullable=False, server_default=empty_object))
    op.add_column("data_sources", sa.Column("warnings", postgresql.JSONB(), nullable=False, server_default=empty_list))
    op.add_column("data_sources", sa.Column("described", postgresql.JSONB()))
    op.add_column("data_sources", sa.Column("described_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    for column in ("described_at", "described", "warnings", "address"):
        op.drop_column("data_sources", column)
