"""Tools that a workspace makes without code, and the secrets that they name."""

import sqlalchemy as sa
from alembic import op
from opsloom_migrations.tenancy import protect
from sqlalchemy.dialects import postgresql

revision = "0004_tools"
down_revision: str | None = "0003_data_sources"

_NEW = ("http_tools", "secrets")


def upgrade() -> None:
    for table, own in (
        ("http_tools", [sa.Column("definition", postgresql.JSONB(), nullable=False)]),
        ("secrets", [sa.Column("sealed", sa.LargeBinary(), nullable=False)]),
    ):
        op.create_table(
            table,
            sa.Column("id", sa.Text(), nullable=False),
            sa.Column("workspace_id", sa.Text(), nullable=False),
            sa.Column("name", sa.Text(), nullable=False),
            *own,
            sa.Column("created_by", sa.Text()),
            sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
            sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
            sa.ForeignKeyConstraint(
                ["workspace_id"], ["workspaces.id"], name=op.f(f"fk_{table}_workspace_id"), ondelete="CASCADE"
            ),
            sa.ForeignKeyConstraint(
                ["created_by"], ["users.id"], name=op.f(f"fk_{table}_created_by"), ondelete="SET NULL"
            ),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
            sa.UniqueConstraint("workspace_id", "name", name=op.f(f"uq_{table}_workspace_id_name")),
        )
        op.create_index(op.f(f"ix_{table}_created_by"), table, ["created_by"], unique=False)
    protect(_NEW)


def downgrade() -> None:
    for table in _NEW:
        op.drop_table(table)
