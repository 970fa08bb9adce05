"""Identifiers: opaque text made by the server."""

from uuid_utils import uuid7

__all__ = ["DEFAULT_WORKSPACE", "new_id"]

# The workspace that the first start makes. Anonymous requests name an assistant only, so they mean this one.
DEFAULT_WORKSPACE = "ws_default"


def new_id(prefix: str) -> str:
    """Make an id such as ``msg_019a…``: the prefix tells what it names, the UUIDv7 keeps index pages warm.

    An id is no order: clocks of two nodes differ.
    """
    return f"{prefix}_{uuid7().hex}"
