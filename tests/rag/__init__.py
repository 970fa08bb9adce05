"""Tests of retrieval: real PostgreSQL under row-level security, the real embedder, documents made on the spot."""
