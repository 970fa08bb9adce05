"""A sink that writes down what it is told, and a model that follows a script."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from opsloom_protocol.messages import Block, PatchOp, Source, ToolStatus
from opsloom_server.tools import OpsloomToolset, Tool, ToolContext
from opsloom_server.tools.tool import Due
from pydantic_ai import Agent, DeferredToolRequests
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel


@dataclass
class Recorder:
    """Events in order, as tuples that begin with their name."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    allowed: set[str] = field(default_factory=set)
    """Tools that run without asking."""
    commit: float = 0.0
    """How long a commit takes, s."""

    async def tool_start(
        self,
        call: str,
        tool: str,
        title: str,
        input: Any,  # noqa: A002
        approval: str | None = None,
    ) -> None:
        await asyncio.sleep(self.commit)
        self.events.append(("start", tool, title, input))

    def tool_progress(self, call: str, done: float | None, total: float | None, note: str | None) -> None:
        self.events.append(("progress", done, total, note))

    async def tool_end(self, call: str, status: ToolStatus, summary: str | None, ms: int, result: Any) -> None:
        await asyncio.sleep(self.commit)
        self.events.append(("end", status, summary, result))

    def tool_denied(self, *what: Any) -> None:
        self.events.append(("denied", *what))

    async def begin_allowed(self, calls: Sequence[Due]) -> dict[str, str]:
        self.events.append(("begin", *calls))
        return {}

    async def may_run(self, tool: str) -> bool:
        return tool in self.allowed

    def show(self, block: Block) -> None:
        self.events.append(("show", block))

    def patch(self, block_id: str, ops: list[PatchOp]) -> None:
        self.events.append(("patch", block_id, ops))

    def cite(self, source: Source) -> int:
        number = self.numbers.setdefault(source.chunk, len(self.numbers) + 1)
        self.events.append(("cite", source))
        return number

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [event for event in self.events if event[0] == name]

    @property
    def names(self) -> list[str]:
        return [event[0] for event in self.events]


@dataclass
class Deps:
    sink: Recorder


class Script:
    """A model that says one thing after another: a text, or calls [(tool, arguments), …]. It keeps what it was told."""

    def __init__(self, *steps: str | list[tuple[str, Any]]) -> None:
        self.steps = list(steps)
        self.heard: list[ToolReturnPart] = []
        self.offered: dict[str, Any] = {}

    @property
    def model(self) -> FunctionModel:
        return FunctionModel(self._say)

    async def _say(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        self.offered = {tool.name: tool for tool in info.function_tools}
        last = messages[-1]
        assert isinstance(last, ModelRequest)
        self.heard += [part for part in last.parts if isinstance(part, ToolReturnPart)]
        step = self.steps.pop(0)
        if isinstance(step, str):
            return ModelResponse(parts=[TextPart(step)])
        return ModelResponse(parts=[self._call(tool, given) for tool, given in step])

    def _call(self, tool: str, given: Any) -> ToolCallPart:
        """What an earlier call gave can stand in a later one: "$block" is the id of the block shown last."""
        raw = given if isinstance(given, str) else json.dumps(given)
        if "$block" in raw:
            shown = [part.content["block"] for part in self.heard if isinstance(part.content, dict)]
            raw = raw.replace("$block", shown[-1])
        return ToolCallPart(tool, raw)

    @property
    def words(self) -> list[str]:
        return [part.model_response_str() for part in self.heard]


def agent(script: Script, tools: Sequence[Tool], context: ToolContext | None = None) -> Agent[Deps, Any]:
    toolset = OpsloomToolset(tools, context or ToolContext(workspace="ws"))
    return Agent(script.model, deps_type=Deps, toolsets=[toolset], output_type=[str, DeferredToolRequests])
