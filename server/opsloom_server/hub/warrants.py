"""What lets a tool run that acts: a person's approval of this call, or their word for all of its kind; and that its
assistant may still use it, looked up at the moment of running."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.hub.live import LiveSession
from opsloom_server.store.approvals import is_allowed, spend
from opsloom_server.tools.approving import GONE, VOID
from opsloom_server.tools.registry import tools_for
from opsloom_server.tools.tool import Due, Tool


class Warrants:
    """Those of one answer."""

    def __init__(self, session: LiveSession, answer: str) -> None:
        self._session = session
        self._answer = answer

    async def attached(self) -> Mapping[str, Tool]:
        """What the workspace made or attached of what the assistant may use. Asked for before a transaction: within one
        it would wait for a second connection."""
        session = self._session
        missing = session.environment.catalogue.lacks(session.assistant.spec.tools)
        return await session.environment.attached.find(session.workspace, missing) if missing else {}

    async def begin(
        self, connection: AsyncConnection, calls: Sequence[Due], attached: Mapping[str, Tool]
    ) -> dict[str, str]:
        """Use up the approvals of these calls. Gives those that may not run, with words for the model."""
        usable = await self._usable(connection, attached)
        refused: dict[str, str] = {}
        for due in calls:
            if due.tool not in usable:
                refused[due.call] = GONE
            elif not await spend(connection, due.block, self._answer, due.tool, due.binding):
                refused[due.call] = VOID
        return refused

    async def stands(self, connection: AsyncConnection, tool: str, attached: Mapping[str, Tool]) -> bool:
        """Whether the tool runs without asking."""
        session = self._session
        if not await is_allowed(connection, session.user, session.assistant.id, tool):
            return False
        return tool in await self._usable(connection, attached)

    async def _usable(self, connection: AsyncConnection, attached: Mapping[str, Tool]) -> set[str]:
        """The tools of the assistant, or of the draft that is tried here, as it is now."""
        assistant = await self._session.serving(connection)
        if assistant is None:
            return set()
        spec = assistant.spec
        catalogue = self._session.environment.catalogue
        found = tools_for(
            catalogue,
            names=spec.tools,
            blocks=spec.blocks,
            knowledge_bases=spec.knowledge_bases,
            attached=attached,
        )
        return {tool.name for tool in found}
