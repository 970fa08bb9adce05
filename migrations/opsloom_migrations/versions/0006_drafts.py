"""Drafts of assistants, and the conversations and tickets in which one is tried."""

import sqlalchemy as sa
from alembic import op
from opsloom_migrations.tenancy import protect
from sqlalchemy.dialects import postgresql

revision = "0006_drafts"
down_revision: str | None = "0005_mcp_servers"

# fmt: off


def upgrade() -> None:
    op.create_table('drafts',
        sa.Column('assistant_id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('spec', postgresql.JSONB(), nullable=False),
        sa.Column('based_on', sa.Integer(), nullable=False),
        sa.Column('updated_by', sa.Text(), nullable=True),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['assistant_id'], ['assistants.id'], name='fk_drafts_assistant_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['updated_by'], ['users.id'], name='fk_drafts_updated_by', ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_drafts_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('assistant_id', name='pk_drafts'))
    op.create_index('ix_drafts_updated_by', 'drafts', ['updated_by'])
    op.create_index('ix_drafts_workspace_id', 'drafts', ['workspace_id'])
    op.add_column('sessions', sa.Column('draft', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('tickets', sa.Column('draft', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    protect(['drafts'])


def downgrade() -> None:
    op.drop_column('tickets', 'draft')
    op.drop_column('sessions', 'draft')
    op.drop_table('drafts')
