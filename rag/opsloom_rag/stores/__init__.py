"""Where chunks lie and how they are found.

To add a store: docs/stores-adding.md. Each keeps `protocol.VectorStore` and the test in tests/rag/test_stores.py.
"""

from __future__ import annotations

from collections.abc import Callable

from opsloom_rag.extensions import added
from opsloom_rag.stores.pgvector import PgVectorStore
from opsloom_rag.stores.protocol import Base, Document, Indexed, Transact, VectorStore

__all__ = ["STORES", "Base", "Document", "Indexed", "Transact", "VectorStore"]

STORES: dict[str, Callable[[Transact], VectorStore]] = {"pgvector": PgVectorStore, **added("opsloom.stores")}
