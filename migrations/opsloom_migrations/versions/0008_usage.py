"""Usage: cached and reasoning tokens, and turns whose price nobody knows."""

import sqlalchemy as sa
from alembic import op

revision = "0008_usage"
down_revision: str | None = "0006_drafts"


def upgrade() -> None:
    for column in ("cached_tokens", "reasoning_tokens", "unpriced_turns"):
        op.add_column("usage", sa.Column(column, sa.BigInteger(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    for column in ("unpriced_turns", "reasoning_tokens", "cached_tokens"):
        op.drop_column("usage", column)
