# ruff: noqa: E501 - one column, key or index a line, as Alembic writes them
"""The schema's beginning, from nothing. Each later change is a revision of its own."""

import pgvector.sqlalchemy
import sqlalchemy as sa
from alembic import op
from opsloom_migrations.tenancy import protect
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision: str | None = None

# fmt: off


def upgrade() -> None:
    op.create_table('postings',
        sa.Column('base', sa.BigInteger(), nullable=False),
        sa.Column('chunk', sa.BigInteger(), nullable=False),
        sa.Column('frequency', sa.SmallInteger(), nullable=False),
        sa.Column('length', sa.SmallInteger(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('lexeme', sa.Text(), nullable=False))
    op.create_index('postings_of_chunk', 'postings', ['chunk'])
    op.create_index('postings_of_lexeme', 'postings', ['base', 'lexeme'])
    op.create_table('workspaces',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_workspaces'))
    op.create_table('nodes',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('fingerprint', sa.LargeBinary(), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('lease_until', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_nodes'))
    op.create_table('assistants',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('slug', sa.Text(), nullable=False),
        sa.Column('public', sa.Boolean(), server_default=sa.text('false'), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('spec', postgresql.JSONB(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_assistants_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_assistants'))
    op.create_index('uq_assistants_slug', 'assistants', ['workspace_id', 'slug'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('audit',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('user_id', sa.Text(), nullable=True),
        sa.Column('action', sa.Text(), nullable=False),
        sa.Column('subject', sa.Text(), nullable=False),
        sa.Column('detail', postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_audit_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_audit'))
    op.create_index('ix_audit_workspace_id_at', 'audit', ['workspace_id', 'at'])
    op.create_table('knowledge_bases',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('number', sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('embedder', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_knowledge_bases_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_knowledge_bases'),
        sa.UniqueConstraint('number', name='uq_knowledge_bases_number'),
        sa.UniqueConstraint('workspace_id', 'id', name='uq_knowledge_bases_workspace_id_id'),
        sa.UniqueConstraint('workspace_id', 'name', name='uq_knowledge_bases_workspace_id_name'))
    op.create_table('usage',
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('user_id', sa.Text(), nullable=False),
        sa.Column('assistant_id', sa.Text(), nullable=False),
        sa.Column('model', sa.Text(), nullable=False),
        sa.Column('turns', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('input_tokens', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('output_tokens', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('cost', sa.Numeric(precision=18, scale=8), server_default=sa.text('0'), nullable=False),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_usage_workspace_id', ondelete='CASCADE'),
        sa.UniqueConstraint('workspace_id', 'day', 'user_id', 'assistant_id', 'model', name='uq_usage_workspace_id_day_user_id_assistant_id_model'))
    op.create_table('users',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('role', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('email', sa.Text(), nullable=True),
        sa.Column('external_id', sa.Text(), nullable=True),
        sa.Column('secret_hash', sa.LargeBinary(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('person', 'visitor', 'operator', 'key')", name='ck_users_kind'),
        sa.CheckConstraint("role IN ('owner', 'admin', 'member', 'visitor')", name='ck_users_role'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_users_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_users'),
        sa.UniqueConstraint('workspace_id', 'email', name='uq_users_workspace_id_email'),
        sa.UniqueConstraint('workspace_id', 'external_id', name='uq_users_workspace_id_external_id'))
    op.create_index('ix_users_secret', 'users', ['workspace_id', 'secret_hash'], unique=True, postgresql_where=sa.text('secret_hash IS NOT NULL'))
    op.create_index('ix_users_workspace_id_created_at', 'users', ['workspace_id', 'created_at'])
    op.create_table('api_keys',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('user_id', sa.Text(), nullable=False),
        sa.Column('created_by', sa.Text(), nullable=True),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('role', sa.Text(), nullable=False),
        sa.Column('prefix', sa.Text(), nullable=False),
        sa.Column('hash', sa.LargeBinary(), nullable=False),
        sa.Column('assistants', sa.ARRAY(sa.Text()), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'admin', 'member')", name='ck_api_keys_role'),
        sa.ForeignKeyConstraint(['created_by'], ['users.id'], name='fk_api_keys_created_by', ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_api_keys_user_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_api_keys_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_api_keys'))
    op.create_index('ix_api_keys_created_by', 'api_keys', ['created_by'])
    op.create_index('ix_api_keys_user_id', 'api_keys', ['user_id'])
    op.create_index('ix_api_keys_workspace_id_prefix', 'api_keys', ['workspace_id', 'prefix'])
    op.create_table('assistant_versions',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('assistant_id', sa.Text(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('spec', postgresql.JSONB(), nullable=False),
        sa.Column('created_by', sa.Text(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['assistant_id'], ['assistants.id'], name='fk_assistant_versions_assistant_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['created_by'], ['users.id'], name='fk_assistant_versions_created_by', ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_assistant_versions_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_assistant_versions'),
        sa.UniqueConstraint('assistant_id', 'version', name='uq_assistant_versions_assistant_id_version'))
    op.create_index('ix_assistant_versions_created_by', 'assistant_versions', ['created_by'])
    op.create_index('ix_assistant_versions_workspace_id_assistant_id', 'assistant_versions', ['workspace_id', 'assistant_id'])
    op.create_table('data_sources',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('url_sealed', sa.LargeBinary(), nullable=False),
        sa.Column('schemas', sa.ARRAY(sa.Text()), nullable=True),
        sa.Column('created_by', sa.Text(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['created_by'], ['users.id'], name='fk_data_sources_created_by', ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_data_sources_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_data_sources'),
        sa.UniqueConstraint('workspace_id', 'name', name='uq_data_sources_workspace_id_name'))
    op.create_index('ix_data_sources_created_by', 'data_sources', ['created_by'])
    op.create_table('documents',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('knowledge_base_id', sa.Text(), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('url', sa.Text(), nullable=True),
        sa.Column('media_type', sa.Text(), nullable=True),
        sa.Column('bytes', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('sha256', sa.Text(), nullable=True),
        sa.Column('status', sa.Text(), server_default='queued', nullable=False),
        sa.Column('progress', sa.Float(), server_default='0', nullable=False),
        sa.Column('error', postgresql.JSONB(), nullable=True),
        sa.Column('text', sa.Text(), nullable=True),
        sa.Column('pages', postgresql.JSONB(), nullable=True),
        sa.Column('source', sa.LargeBinary(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.CheckConstraint("status in ('queued', 'working', 'ready', 'failed')", name='ck_documents_documents_status'),
        sa.ForeignKeyConstraint(['workspace_id', 'knowledge_base_id'], ['knowledge_bases.workspace_id', 'knowledge_bases.id'], name='fk_documents_workspace_id_knowledge_base_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_documents_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_documents'))
    op.create_index('documents_of_base', 'documents', ['workspace_id', 'knowledge_base_id', 'created_at', 'id'])
    op.create_index('ix_documents_waiting', 'documents', ['workspace_id', 'created_at', 'id'], unique=False, postgresql_where=sa.text("status IN ('queued', 'working')"))
    op.create_table('files',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('user_id', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('media_type', sa.Text(), nullable=False),
        sa.Column('bytes', sa.BigInteger(), nullable=False),
        sa.Column('sha256', sa.LargeBinary(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_files_user_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_files_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_files'))
    op.create_index('ix_files_user_id_created_at', 'files', ['user_id', 'created_at'])
    op.create_table('knowledge_stats',
        sa.Column('knowledge_base_id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('chunks', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('length', sa.BigInteger(), server_default='0', nullable=False),
        sa.ForeignKeyConstraint(['knowledge_base_id'], ['knowledge_bases.id'], name='fk_knowledge_stats_knowledge_base_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('knowledge_base_id', name='pk_knowledge_stats'))
    op.create_table('logins',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('user_id', sa.Text(), nullable=True),
        sa.Column('hash', sa.LargeBinary(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('link', 'cookie')", name='ck_logins_kind'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_logins_user_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_logins_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_logins'),
        sa.UniqueConstraint('workspace_id', 'hash', name='uq_logins_workspace_id_hash'))
    op.create_index('ix_logins_user_id', 'logins', ['user_id'])
    op.create_index('ix_logins_workspace_id_expires_at', 'logins', ['workspace_id', 'expires_at'])
    op.create_table('sessions',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('assistant_id', sa.Text(), nullable=False),
        sa.Column('user_id', sa.Text(), nullable=False),
        sa.Column('title', sa.Text(), nullable=True),
        sa.Column('rev', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
        sa.Column('leaf', sa.Text(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['assistant_id'], ['assistants.id'], name='fk_sessions_assistant_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_sessions_user_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_sessions_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_sessions'))
    op.create_index('ix_sessions_assistant_id', 'sessions', ['assistant_id'])
    op.create_index('ix_sessions_workspace_id_user_id_updated_at', 'sessions', ['workspace_id', 'user_id', 'updated_at'])
    op.create_table('sites',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('assistant_id', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('origins', sa.ARRAY(sa.Text()), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['assistant_id'], ['assistants.id'], name='fk_sites_assistant_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_sites_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_sites'))
    op.create_index('ix_sites_assistant_id', 'sites', ['assistant_id'])
    op.create_table('tickets',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('user_id', sa.Text(), nullable=False),
        sa.Column('hash', sa.LargeBinary(), nullable=False),
        sa.Column('origin', sa.Text(), nullable=True),
        sa.Column('assistants', sa.ARRAY(sa.Text()), nullable=True),
        sa.Column('role', sa.Text(), nullable=False),
        sa.Column('key_id', sa.Text(), nullable=True),
        sa.Column('login_id', sa.Text(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['key_id'], ['api_keys.id'], name='fk_tickets_key_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['login_id'], ['logins.id'], name='fk_tickets_login_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_tickets_user_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_tickets_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_tickets'),
        sa.UniqueConstraint('workspace_id', 'hash', name='uq_tickets_workspace_id_hash'))
    op.create_index('ix_tickets_key_id', 'tickets', ['key_id'])
    op.create_index('ix_tickets_login_id', 'tickets', ['login_id'])
    op.create_index('ix_tickets_user_id', 'tickets', ['user_id'])
    op.create_index('ix_tickets_workspace_id_expires_at', 'tickets', ['workspace_id', 'expires_at'])
    op.create_table('chunks',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('number', sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('knowledge_base_id', sa.Text(), nullable=False),
        sa.Column('document_id', sa.Text(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('start', sa.Integer(), nullable=False),
        sa.Column('end', sa.Integer(), nullable=False),
        sa.Column('page', sa.Integer(), nullable=True),
        sa.Column('length', sa.Integer(), server_default='0', nullable=False),
        sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name='fk_chunks_document_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_chunks'),
        sa.UniqueConstraint('document_id', 'position', name='uq_chunks_document_id_position'),
        sa.UniqueConstraint('number', name='uq_chunks_number'))
    op.create_table('messages',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('session_id', sa.Text(), nullable=False),
        sa.Column('parent', sa.Text(), nullable=True),
        sa.Column('ordinal', sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column('role', sa.Text(), nullable=False),
        sa.Column('status', sa.Text(), nullable=False),
        sa.Column('author', postgresql.JSONB(), nullable=True),
        sa.Column('parts', postgresql.JSONB(), nullable=False),
        sa.Column('model', sa.Text(), nullable=True),
        sa.Column('usage', postgresql.JSONB(), nullable=True),
        sa.Column('feedback', postgresql.JSONB(), nullable=True),
        sa.Column('error', postgresql.JSONB(), nullable=True),
        sa.Column('history', sa.LargeBinary(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.CheckConstraint("role IN ('user', 'assistant')", name='ck_messages_role'),
        sa.CheckConstraint("status IN ('queued', 'withdrawn', 'running', 'waiting', 'done', 'stopped', 'failed', 'interrupted')", name='ck_messages_status'),
        sa.ForeignKeyConstraint(['parent'], ['messages.id'], name='fk_messages_parent', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['session_id'], ['sessions.id'], name='fk_messages_session_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_messages_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_messages'))
    op.create_index('ix_messages_parent', 'messages', ['parent'])
    op.create_index('ix_messages_queue', 'messages', ['session_id', 'ordinal'], unique=False, postgresql_where=sa.text("status = 'queued'"))
    op.create_index('ix_messages_session_id_parent_ordinal', 'messages', ['session_id', 'parent', 'ordinal'])
    op.create_index('ix_messages_workspace_id', 'messages', ['workspace_id'])
    op.create_table('requests',
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('session_id', sa.Text(), nullable=False),
        sa.Column('ref', sa.Text(), nullable=False),
        sa.Column('hash', sa.LargeBinary(), nullable=False),
        sa.Column('reply', sa.Text(), nullable=False),
        sa.Column('message_id', sa.Text(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['session_id'], ['sessions.id'], name='fk_requests_session_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_requests_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('session_id', 'ref', name='pk_requests'))
    op.create_index('ix_requests_workspace_id', 'requests', ['workspace_id'])
    op.create_table('session_log',
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('session_id', sa.Text(), nullable=False),
        sa.Column('rev', sa.BigInteger(), nullable=False),
        sa.Column('turn_id', sa.Text(), nullable=True),
        sa.Column('seq', sa.Integer(), nullable=True),
        sa.Column('frame', sa.Text(), nullable=False),
        sa.Column('message_id', sa.Text(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['session_id'], ['sessions.id'], name='fk_session_log_session_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_session_log_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('session_id', 'rev', name='pk_session_log'))
    op.create_index('ix_session_log_workspace_id', 'session_log', ['workspace_id'])
    op.create_table('blocks',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('session_id', sa.Text(), nullable=False),
        sa.Column('message_id', sa.Text(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('call', sa.Text(), nullable=True),
        sa.Column('state', postgresql.JSONB(), nullable=True),
        sa.Column('reply', sa.Text(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name='fk_blocks_message_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['session_id'], ['sessions.id'], name='fk_blocks_session_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_blocks_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_blocks'))
    op.create_index('ix_blocks_message_id', 'blocks', ['message_id'])
    op.create_index('ix_blocks_session_id', 'blocks', ['session_id'])
    op.create_index('ix_blocks_workspace_id', 'blocks', ['workspace_id'])
    op.create_table('chunk_vectors',
        sa.Column('chunk', sa.BigInteger(), nullable=False),
        sa.Column('base', sa.BigInteger(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('embedding', pgvector.sqlalchemy.halfvec.HALFVEC(), nullable=False),
        sa.ForeignKeyConstraint(['chunk'], ['chunks.number'], name='fk_chunk_vectors_chunk', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('chunk', name='pk_chunk_vectors'))
    op.create_index('chunk_vectors_of_base', 'chunk_vectors', ['base'])
    op.create_table('turns',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('session_id', sa.Text(), nullable=False),
        sa.Column('message_id', sa.Text(), nullable=False),
        sa.Column('user_id', sa.Text(), nullable=False),
        sa.Column('epoch', sa.Integer(), server_default=sa.text('1'), nullable=False),
        sa.Column('status', sa.Text(), nullable=False),
        sa.Column('model', sa.Text(), nullable=False),
        sa.Column('owner', sa.Text(), nullable=False),
        sa.Column('seq', sa.Integer(), server_default=sa.text('0'), nullable=False),
        sa.Column('stop_asked', sa.Boolean(), server_default=sa.text('false'), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('running', 'done', 'stopped', 'failed', 'interrupted', 'waiting')", name='ck_turns_status'),
        sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name='fk_turns_message_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['session_id'], ['sessions.id'], name='fk_turns_session_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_turns_user_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_turns_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_turns'))
    op.create_index('ix_turns_owner', 'turns', ['owner'], unique=False, postgresql_where=sa.text("status = 'running'"))
    op.create_index('ix_turns_message_id', 'turns', ['message_id'])
    op.create_index('ix_turns_session_id', 'turns', ['session_id'])
    op.create_index('ix_turns_user', 'turns', ['user_id'], unique=False, postgresql_where=sa.text("status = 'running'"))
    op.create_index('ix_turns_workspace_id', 'turns', ['workspace_id'])
    op.create_index('uq_turns_running', 'turns', ['session_id'], unique=True, postgresql_where=sa.text("status = 'running'"))
    op.create_table('tool_calls',
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('turn_id', sa.Text(), nullable=False),
        sa.Column('call', sa.Text(), nullable=False),
        sa.Column('tool', sa.Text(), nullable=False),
        sa.Column('input', sa.Text(), nullable=False),
        sa.Column('status', sa.Text(), nullable=False),
        sa.Column('result', sa.Text(), nullable=True),
        sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('running', 'ok', 'error', 'denied', 'stopped')", name='ck_tool_calls_status'),
        sa.ForeignKeyConstraint(['turn_id'], ['turns.id'], name='fk_tool_calls_turn_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_tool_calls_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('turn_id', 'call', name='pk_tool_calls'))
    op.create_index('ix_tool_calls_workspace_id', 'tool_calls', ['workspace_id'])
    op.create_table('turn_log',
        sa.Column('workspace_id', sa.Text(), nullable=False),
        sa.Column('turn_id', sa.Text(), nullable=False),
        sa.Column('first_seq', sa.Integer(), nullable=False),
        sa.Column('last_seq', sa.Integer(), nullable=False),
        sa.Column('frames', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['turn_id'], ['turns.id'], name='fk_turn_log_turn_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['workspace_id'], ['workspaces.id'], name='fk_turn_log_workspace_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('turn_id', 'first_seq', name='pk_turn_log'))
    op.create_index('ix_turn_log_workspace_id', 'turn_log', ['workspace_id'])
    # A vector moved out of its row (TOAST) makes the scan twelve times slower.
    op.execute("ALTER TABLE chunk_vectors ALTER COLUMN embedding SET STORAGE PLAIN")
    protect([
        "api_keys", "assistant_versions", "assistants", "audit", "blocks", "chunk_vectors", "chunks", "data_sources",
        "documents", "files", "knowledge_bases", "knowledge_stats", "logins", "messages", "postings", "requests",
        "session_log", "sessions", "sites", "tickets", "tool_calls", "turn_log", "turns", "usage", "users",
    ])


def downgrade() -> None:
    raise NotImplementedError("There is nothing before the first revision; drop the database instead.")
