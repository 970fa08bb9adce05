"""Drafts: what an assistant may become, tried beside it and then published or thrown away. One an assistant."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.store.assistants import Assistant, AssistantSpec
from opsloom_server.store.tables.assistants import drafts

__all__ = ["Draft", "draft_of", "drop", "keep"]


class Draft(Struct, frozen=True):
    """An assistant as somebody would have it. ``based_on`` is the version that it was made from."""

    assistant: str
    spec: AssistantSpec
    based_on: int
    updated_by: str | None
    updated_at: datetime

    def of(self, live: Assistant) -> Assistant:
        """The assistant with this draft in its place."""
        return replace(live, spec=self.spec, draft=True)


_COLUMNS = (
    drafts.c.assistant_id,
    drafts.c.spec,
    drafts.c.based_on,
    drafts.c.updated_by,
    drafts.c.updated_at,
)


def _read(row: Any) -> Draft:
    spec = msgspec.convert(row.spec, AssistantSpec)
    return Draft(row.assistant_id, spec, row.based_on, row.updated_by, row.updated_at)


async def draft_of(connection: AsyncConnection, assistant: str) -> Draft | None:
    """Return the draft of an assistant (id), if it has one."""
    query = select(*_COLUMNS).where(drafts.c.assistant_id == assistant)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _read(row)


async def keep(
    connection: AsyncConnection, workspace: str, assistant: Assistant, spec: AssistantSpec, by: str | None
) -> Draft:
    """Make or replace the draft of an assistant as it is now."""
    values = {"spec": spec, "based_on": assistant.version, "updated_by": by}
    made = upsert(drafts).values(assistant_id=assistant.id, workspace_id=workspace, **values)
    made = made.on_conflict_do_update(
        index_elements=[drafts.c.assistant_id],
        set_={**{name: made.excluded[name] for name in values}, "updated_at": func.now()},
    )
    return _read((await connection.execute(made.returning(*_COLUMNS))).one())


async def drop(connection: AsyncConnection, assistant: str) -> bool:
    """Throw the draft away; False if there was none."""
    gone = await connection.execute(
        delete(drafts).where(drafts.c.assistant_id == assistant).returning(drafts.c.assistant_id)
    )
    return gone.scalar() is not None
