"""Opsloom's retrieval: load, split, embed, store and find passages. It knows nothing of frames, sockets or chat models.

`knowledge.Knowledge` is the way in, `stores.tables.metadata` the tables; `loading`, `embedding` and `stores` can be
added to. Nothing is imported here: the process that reads a PDF loads this package under a limit of memory.
"""
