"""Databases that assistants may ask: what a kind of database must do (`engine`), which kinds there are (`engines`),
what a query may be (`guard`), and how the address is kept (`sealing`). `DataSources` puts them together.
"""

from opsloom_server.sources.asking import Asking
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.rows import Column, Rows
from opsloom_server.sources.sources import Answer, DataSources, description_of, kind_of
from opsloom_server.store.sources import SourceRow

__all__ = ["Answer", "Asking", "Bounds", "Column", "DataSources", "Rows", "SourceRow", "description_of", "kind_of"]
