"""Files that people uploaded into a conversation. The bytes lie in the data folder, under the id."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from opsloom_server.store.metadata import metadata
from opsloom_server.store.tables.columns import created_at, id_column, reference, workspace_column

__all__ = ["files"]

files = Table(
    "files",
    metadata,
    id_column(),
    workspace_column(),
    reference("user_id", "users.id", ondelete="CASCADE"),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    created_at(),
    Index(None, "user_id", "created_at"),
)
