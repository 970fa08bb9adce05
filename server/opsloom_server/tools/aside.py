"""A sink for calls that no answer shows: nothing of them is stored."""

from collections.abc import Sequence
from typing import Any

from opsloom_protocol.messages import Block, PatchOp, Source, ToolStatus

from opsloom_server.tools.tool import Due, ToolSink


class Aside(ToolSink):
    """Takes everything and tells nobody. What asks first gets no answer here."""

    async def tool_start(
        self,
        call: str,
        tool: str,
        title: str,
        input: Any,  # noqa: A002
        approval: str | None = None,
    ) -> None:
        pass

    def tool_progress(self, call: str, done: float | None, total: float | None, note: str | None) -> None:
        pass

    async def tool_end(self, call: str, status: ToolStatus, summary: str | None, ms: int, result: Any) -> None:
        pass

    def tool_denied(
        self,
        call: str,
        tool: str,
        title: str,
        input: Any,  # noqa: A002
        summary: str,
        approval: str,
    ) -> None:
        pass

    async def begin_allowed(self, calls: Sequence[Due]) -> dict[str, str]:
        return {due.call: "It was not run: nobody can be asked here." for due in calls}

    async def may_run(self, tool: str) -> bool:
        return False

    def show(self, block: Block) -> Block:
        return block

    def patch(self, block_id: str, ops: list[PatchOp]) -> None:
        pass

    def cite(self, source: Source) -> int:
        return source.number
