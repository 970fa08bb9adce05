"""Questions about the tree of messages: which path, which branch, whose block, which files."""

from collections.abc import Sequence
from typing import Final

from opsloom_protocol.messages import FileRef
from sqlalchemy import ARRAY, Text, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.tables.conversation import blocks
from opsloom_server.store.tables.files import files

__all__ = ["attached", "deepest", "message_of_block", "on_path"]

_ON_PATH: Final = text(
    """
    WITH RECURSIVE path AS (
        SELECT m.id, m.parent FROM messages m WHERE m.id = :leaf AND m.session_id = :session
        UNION ALL
        SELECT m.id, m.parent FROM messages m JOIN path ON m.id = path.parent
    )
    SELECT EXISTS (SELECT 1 FROM path WHERE id = :message)
    """
)
# At each fork the newest child: that is the branch somebody was on last.
_DEEPEST: Final = text(
    """
    WITH RECURSIVE down AS (
        SELECT cast(:message AS text) AS id, 1 AS depth
        UNION ALL
        SELECT c.id, down.depth + 1 FROM down CROSS JOIN LATERAL (
            SELECT m.id FROM messages m
             WHERE m.session_id = :session AND m.parent = down.id AND m.status NOT IN ('queued', 'withdrawn')
             ORDER BY m.ordinal DESC LIMIT 1) c
    )
    SELECT id FROM down ORDER BY depth DESC LIMIT 1
    """
)
_OWNER: Final = select(blocks.c.message_id).where(
    blocks.c.id == bindparam("block"), blocks.c.session_id == bindparam("session")
)
_FILES: Final = select(files.c.id, files.c.name, files.c.media_type, files.c.bytes).where(
    files.c.id == bindparam("files", type_=ARRAY(Text)).any_(), files.c.user_id == bindparam("user")
)


async def on_path(connection: AsyncConnection, session: str, leaf: str | None, message: str) -> bool:
    """Whether a message lies between the root and the leaf."""
    found = await connection.execute(_ON_PATH, {"session": session, "leaf": leaf, "message": message})
    return bool(found.scalar_one())


async def deepest(connection: AsyncConnection, session: str, message: str) -> str:
    """The end of the branch that goes through a message, along its newest children."""
    found = await connection.execute(_DEEPEST, {"session": session, "message": message})
    return str(found.scalar_one())


async def message_of_block(connection: AsyncConnection, session: str, block: str) -> str | None:
    """The answer that shows a block."""
    return (await connection.execute(_OWNER, {"session": session, "block": block})).scalar_one_or_none()


async def attached(connection: AsyncConnection, user: str, ids: Sequence[str]) -> list[FileRef]:
    """The person's own files among `ids`, in that order."""
    rows = await connection.execute(_FILES, {"files": list(ids), "user": user})
    found = {row.id: FileRef(id=row.id, name=row.name, media_type=row.media_type, bytes=row.bytes) for row in rows}
    return [found[one] for one in dict.fromkeys(ids) if one in found]
