"""Who is attached where, which turns run, and what people ask for.

Hub (registry)  ─ one LiveSession per session that somebody is attached to or that runs
LiveSession     ─ the ring, the queue of commands, the running turn
Connection      ─ one socket's place on the ring
RunningTurn     ─ the orchestrator's sink; it numbers, sends and stores
"""

from opsloom_server.hub.connection import Connection
from opsloom_server.hub.registry import Hub

__all__ = ["Connection", "Hub"]
