"""The tables of retrieval, which belong to ``opsloom_rag``, hung into this database.

Only the heads are tied to ``workspaces``; chunks, vectors and statistics hang on a document or a base, and a posting is
written 60 times a chunk, where a foreign key would be checked each time.
"""

from opsloom_rag.stores.tables import metadata as rag_metadata
from sqlalchemy import ForeignKeyConstraint, Index, text

from opsloom_server.store.metadata import metadata

__all__ = ["chunk_vectors", "chunks", "documents", "knowledge_bases", "knowledge_stats", "postings"]

for _table in rag_metadata.sorted_tables:
    _table.to_metadata(metadata)

knowledge_bases = metadata.tables["knowledge_bases"]
documents = metadata.tables["documents"]
chunks = metadata.tables["chunks"]
chunk_vectors = metadata.tables["chunk_vectors"]
postings = metadata.tables["postings"]
knowledge_stats = metadata.tables["knowledge_stats"]

# The queue of documents to read, whatever lies ready beside it.
Index(
    "ix_documents_waiting",
    documents.c.workspace_id,
    documents.c.created_at,
    documents.c.id,
    postgresql_where=text("status IN ('queued', 'working')"),
)

for _table in (knowledge_bases, documents):
    _table.append_constraint(ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], ondelete="CASCADE"))
