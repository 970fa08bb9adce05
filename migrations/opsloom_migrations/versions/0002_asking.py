# ruff: noqa: E501 - one column, key or index a line, as Alembic writes them
"""What people are asked: blocks that expire, approvals of a tool's call, standing permissions; turns that carry out an
action of a block."""

import sqlalchemy as sa
from alembic import op
from opsloom_migrations.tenancy import protect

revision = "0002_asking"
down_revision: str | None = "0001"

# fmt: off


def upgrade() -> None:
    op.add_column('turns', sa.Column('block', sa.Text(), nullable=True))
    op.add_column('blocks', sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_blocks_due', 'blocks', ['expires_at'], unique=False, postgresql_where=sa.text("expires_at IS NOT NULL AND state->>'status' = 'open'"))
    op.create_table('approvals',
        sa.Column('block_id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('user_id', sa.Text(), nullable=False),
        sa.Column('tool', sa.Text(), nullable=False),
        sa.Column('binding', sa.LargeBinary(), nullable=False),
        sa.Column('always', sa.Boolean(), nullable=False),
        sa.Column('spent_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['block_id'], ['blocks.id'], name='fk_approvals_block_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_approvals_user_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_approvals_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('block_id', name='pk_approvals'))
    op.create_index('ix_approvals_user_id', 'approvals', ['user_id'])
    op.create_index('ix_approvals_workspace_id', 'approvals', ['workspace_id'])
    op.create_table('permissions',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('user_id', sa.Text(), nullable=False),
        sa.Column('assistant_id', sa.Text(), nullable=False),
        sa.Column('tool', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['assistant_id'], ['assistants.id'], name='fk_permissions_assistant_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_permissions_user_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_permissions_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_permissions'),
        sa.UniqueConstraint('user_id', 'assistant_id', 'tool', name='uq_permissions_user_id_assistant_id_tool'))
    op.create_index('ix_permissions_assistant_id', 'permissions', ['assistant_id'])
    op.create_index('ix_permissions_workspace_id', 'permissions', ['workspace_id'])
    protect(['approvals', 'permissions'])


def downgrade() -> None:
    op.drop_table('permissions')
    op.drop_table('approvals')
    op.drop_index('ix_blocks_due', 'blocks')
    op.drop_column('blocks', 'expires_at')
    op.drop_column('turns', 'block')
