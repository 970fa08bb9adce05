"""The tables of retrieval. Foreign keys to workspaces and row-level security are the server's, in its migrations.

Three tables hold a chunk in the forms that its readers want: `chunks` what people see, `chunk_vectors` what the vector
scan reads (nothing else: 20,000 rows are 18 MB and 4 ms), `postings` what BM25 reads. They are tied by `number`, eight
bytes, because a text id in each of the 60 postings of a chunk would double their size.
"""

from __future__ import annotations

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    event,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

STATUSES = ("queued", "working", "ready", "failed")

knowledge_bases = Table(
    "knowledge_bases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("workspace_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("embedder", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("workspace_id", "name"),
    # Target of the foreign keys below: a document cannot hang on another workspace's base.
    UniqueConstraint("workspace_id", "id"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("knowledge_base_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text),
    Column("media_type", Text),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("sha256", Text),
    Column("status", Text, nullable=False, server_default="queued"),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("error", JSONB),
    Column("text", Text),
    Column("pages", JSONB),
    Column("source", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    ForeignKeyConstraint(
        ["workspace_id", "knowledge_base_id"],
        ["knowledge_bases.workspace_id", "knowledge_bases.id"],
        ondelete="CASCADE",
    ),
    CheckConstraint(f"status in {STATUSES}", name="documents_status"),
    Index("documents_of_base", "workspace_id", "knowledge_base_id", "created_at", "id"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("workspace_id", Text, nullable=False),
    Column("knowledge_base_id", Text, nullable=False),
    Column("document_id", Text, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("page", Integer),
    Column("length", Integer, nullable=False, server_default="0"),  # lexemes, repeats counted: BM25's document length
    UniqueConstraint("document_id", "position"),
)

chunk_vectors = Table(
    "chunk_vectors",
    metadata,
    Column("chunk", BigInteger, ForeignKey("chunks.number", ondelete="CASCADE"), primary_key=True),
    Column("base", BigInteger, nullable=False),
    Column("workspace_id", Text, nullable=False),
    # Without a fixed length: bases of different embedders lie side by side and are never compared.
    Column("embedding", HALFVEC(), nullable=False),
    Index("chunk_vectors_of_base", "base"),
)

postings = Table(
    "postings",
    metadata,
    Column("base", BigInteger, nullable=False),
    Column("chunk", BigInteger, nullable=False),
    Column("frequency", SmallInteger, nullable=False),
    Column("length", SmallInteger, nullable=False),
    Column("workspace_id", Text, nullable=False),
    Column("lexeme", Text, nullable=False),
    # No foreign key: it would be checked 60 times a chunk. The store deletes postings with their chunk.
    Index("postings_of_lexeme", "base", "lexeme"),
    Index("postings_of_chunk", "chunk"),
)

knowledge_stats = Table(
    "knowledge_stats",
    metadata,
    Column(
        "knowledge_base_id",
        Text,
        ForeignKey("knowledge_bases.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("workspace_id", Text, nullable=False),
    Column("chunks", BigInteger, nullable=False, server_default="0"),
    Column("length", BigInteger, nullable=False, server_default="0"),
)

# A vector moved out of its row (TOAST) makes the scan twelve times slower: 56 ms instead of 4 for 20,000.
VECTORS_IN_THE_ROW = "ALTER TABLE chunk_vectors ALTER COLUMN embedding SET STORAGE PLAIN"


@event.listens_for(chunk_vectors, "after_create")
def _storage(target: Table, connection: Connection, **_: object) -> None:
    connection.execute(text(VECTORS_IN_THE_ROW))


@event.listens_for(metadata, "before_create")
def _extension(target: MetaData, connection: Connection, **_: object) -> None:
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
