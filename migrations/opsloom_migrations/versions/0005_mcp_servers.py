# ruff: noqa: E501 - one column, key or index a line, as Alembic writes them
"""MCP servers that an owner attached, and what they offered when they were asked last."""

import sqlalchemy as sa
from alembic import op
from opsloom_migrations.tenancy import protect
from sqlalchemy.dialects import postgresql

revision = "0005_mcp_servers"
down_revision: str | None = "0004_tools"

# fmt: off


def upgrade() -> None:
    op.create_table('mcp_servers',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('shown', postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column('tools', postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column('effects', postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column('described', postgresql.JSONB(), nullable=True),
        sa.Column('described_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('rev', sa.Integer(), server_default=sa.text('1'), nullable=False),
        sa.Column('created_by', sa.Text(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['created_by'], ['users.id'], name='fk_mcp_servers_created_by', ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_mcp_servers_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_mcp_servers'),
        sa.UniqueConstraint('workspace_id', 'name', name='uq_mcp_servers_workspace_id_name'))
    op.create_index('ix_mcp_servers_created_by', 'mcp_servers', ['created_by'])
    protect(['mcp_servers'])


def downgrade() -> None:
    op.drop_table('mcp_servers')
