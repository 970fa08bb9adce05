"""The nodes of an installation: who is alive, on PostgreSQL's clock.

The lease is the node's, not each turn's: a turn is its owner's for as long as the owner's row says so, and renewing
costs one row however many turns run.
"""

from typing import Final

from msgspec import Struct
from sqlalchemy import ARRAY, Text, bindparam, delete, func, text
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.tables.nodes import nodes

__all__ = ["Standing", "forget", "join", "keep", "leave", "strangers"]


class Standing(Struct, frozen=True):
    """Who is there. `mine` is whether this node's own lease had not run out; `dead` are nodes whose lease has."""

    mine: bool
    others: frozenset[str]
    dead: frozenset[str]


_JOIN: Final = text(
    """
    INSERT INTO nodes (id, fingerprint, lease_until) VALUES (:node, :fingerprint, now() + make_interval(secs => :lease))
    ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until
    """
)
_STRANGERS: Final = text(
    "SELECT id FROM nodes WHERE fingerprint <> :fingerprint AND lease_until > now() AND id <> :node"
).columns(nodes.c.id)
# Read and renewed in one statement: both see the same moment. A lease of 0 seconds only looks.
_KEEP: Final = text(
    """
    WITH renewed AS (
        UPDATE nodes SET lease_until = now() + make_interval(secs => :lease)
         WHERE id = :node AND lease_until > now() AND :lease > 0
    )
    SELECT id, lease_until > now() AS alive FROM nodes
    """
)
_LEAVE: Final = delete(nodes).where(nodes.c.id == bindparam("node"))
_FORGET: Final = delete(nodes).where(
    nodes.c.id == bindparam("dead", type_=ARRAY(Text)).any_(), nodes.c.lease_until < func.now()
)


async def join(connection: AsyncConnection, node: str, fingerprint: bytes, lease: float) -> None:
    """Write the node's row, or renew it after it had run out. `lease` in seconds."""
    await connection.execute(_JOIN, {"node": node, "fingerprint": fingerprint, "lease": lease})


async def strangers(connection: AsyncConnection, node: str, fingerprint: bytes) -> list[str]:
    """Living nodes that have another secret."""
    rows = await connection.execute(_STRANGERS, {"node": node, "fingerprint": fingerprint})
    return list(rows.scalars())


async def keep(connection: AsyncConnection, node: str, lease: float) -> Standing:
    """Renew the lease if it has not run out (0: leave it as it is), and look who is there."""
    rows = (await connection.execute(_KEEP, {"node": node, "lease": lease})).all()
    alive = {row.id for row in rows if row.alive}
    return Standing(
        mine=node in alive,
        others=frozenset(alive - {node}),
        dead=frozenset({row.id for row in rows if not row.alive} - {node}),
    )


async def leave(connection: AsyncConnection, node: str) -> None:
    """This node is gone: what it left running may be taken over at once."""
    await connection.execute(_LEAVE, {"node": node})


async def forget(connection: AsyncConnection, dead: frozenset[str]) -> None:
    """Drop the rows of dead nodes whose turns have been taken over."""
    await connection.execute(_FORGET, {"dead": sorted(dead)})
