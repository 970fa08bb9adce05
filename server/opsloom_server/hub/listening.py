"""What is heard of a run that nobody sees: its answer, its sources, and how far it is."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from msgspec.structs import replace
from opsloom_protocol.messages import Source, ToolStatus

from opsloom_server.stream import Draft
from opsloom_server.tools.aside import Aside


class Listening(Aside):
    """The orchestrator's sink. `said` is the answer, `sources` go by the run's own numbers."""

    def __init__(self) -> None:
        self.said = ""
        self.sources: dict[int, Source] = {}
        self._numbers: dict[str, int] = {}
        self._titles: dict[str, str] = {}
        self._note: str | None = None
        self._changed = asyncio.Event()

    async def notes(self, work: "asyncio.Task[Any]") -> AsyncIterator[str]:
        """How far it is, as it changes, until the work is done; what nobody has taken yet is replaced."""
        work.add_done_callback(lambda _: self._changed.set())
        while not work.done():
            await self._changed.wait()
            self._changed.clear()
            if self._note is not None:
                note, self._note = self._note, None
                yield note

    def _say(self, note: str) -> None:
        self._note = note
        self._changed.set()

    def text(self, text: str, *, new_part: bool) -> None:
        if not self.said:
            self._say("Reading its answer")
        # What it says before it looks something up is not its answer; that is what stands after the last call.
        self.said += text

    def reasoning(self, text: str, *, new_part: bool) -> None:
        pass

    async def tool_start(
        self,
        call: str,
        tool: str,
        title: str,
        input: Any,  # noqa: A002
        approval: str | None = None,
    ) -> None:
        self.said = ""
        self._titles[call] = title
        self._say(title)

    def tool_progress(self, call: str, done: float | None, total: float | None, note: str | None) -> None:
        if note:
            self._say(note)

    async def tool_end(self, call: str, status: ToolStatus, summary: str | None, ms: int, result: Any) -> None:
        self._say(f"{self._titles.pop(call, '')}: {summary or status}")

    def cite(self, source: Source) -> int:
        number = self._numbers.setdefault(source.chunk or source.id, len(self._numbers) + 1)
        self.sources[number] = replace(source, number=0)
        return number

    def draft(self, draft: Draft) -> None:
        pass

    def take_over(self, call: str, after: str) -> None:
        pass

    def put_away(self, call: str, block: str) -> None:
        pass
