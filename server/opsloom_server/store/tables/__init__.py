"""Every table of the server, in one MetaData."""

from opsloom_server.store.metadata import metadata
from opsloom_server.store.tables import (
    asking,
    assistants,
    conversation,
    files,
    identity,
    knowledge,
    mcp,
    nodes,
    records,
    tools,
)

__all__ = [
    "asking",
    "assistants",
    "conversation",
    "files",
    "identity",
    "knowledge",
    "mcp",
    "metadata",
    "nodes",
    "records",
    "tools",
]
