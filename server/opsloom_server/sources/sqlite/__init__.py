"""SQLite files as data sources, through aiosqlite."""

from opsloom_server.sources.sqlite.engine import SQLite

__all__ = ["SQLite"]
