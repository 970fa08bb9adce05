"""SQLite files as data sources, each query in a process of its own."""

from opsloom_server.sources.sqlite.engine import SQLite

__all__ = ["SQLite"]
