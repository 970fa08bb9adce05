"""Who is attached where, which turns run, and what people ask for.

Hub (registry)  ─ carries requests to their session, runs turns, owns the tasks
Holding         ─ one LiveSession per session that somebody is attached to or that runs
LiveSession     ─ the ring, and what runs: a turn of this node's, or one that is followed
Connection      ─ one socket's place on the ring
RunningTurn     ─ the orchestrator's sink; it numbers, sends and stores
FollowedTurn    ─ a turn of another node's: its frames as they come

With other nodes on the same database: `wakeups` tells them what was written, `syncing` reads along what they wrote,
`leases` and `recovery` take over what a dead one left. Any node carries out any request on any session, in one
transaction under the session's row; what differs is only who runs the turn.
"""

from opsloom_server.hub.connection import Connection
from opsloom_server.hub.registry import Hub

__all__ = ["Connection", "Hub"]
