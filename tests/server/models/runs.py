"""A run as the orchestrator makes it, a sink that records it, and settings that point at a scripted vendor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from opsloom_server.models import Run, Said, Stop
from opsloom_server.settings import Settings
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage
from pydantic_ai.toolsets import FunctionToolset
from vendors import ScriptedVendor

MODELS = {
    "openai": "openai:m1",
    "openai-chat": "openai-chat:m1",
    "anthropic": "anthropic:m1",
    "bedrock": "bedrock:us.meta.m1-v1:0",
    "bedrock-claude": "bedrock:eu.anthropic.claude-m1-v1:0",
    "ollama": "ollama:m1",
}
"""A model of every wire format, by the name that the tests give it."""
KINDS = tuple(MODELS)


@dataclass
class Sink:
    """Records what a turn would be given: the parts, and how many times it was called."""

    parts: list[tuple[str, str]] = field(default_factory=list)
    calls: int = 0

    def text(self, text: str, *, new_part: bool) -> None:
        self._add("text", text, new_part)

    def reasoning(self, text: str, *, new_part: bool) -> None:
        self._add("reasoning", text, new_part)

    def _add(self, kind: str, text: str, new_part: bool) -> None:
        self.calls += 1
        assert text
        if new_part:
            self.parts.append((kind, text))
        else:
            last, said = self.parts[-1]
            assert last == kind
            self.parts[-1] = (kind, said + text)

    def of(self, kind: str) -> str:
        return "".join(text for part, text in self.parts if part == kind)


@dataclass
class Calls:
    """Records what the model wrote as the arguments of its calls."""

    written: dict[str, str] = field(default_factory=dict)
    times: int = 0

    def response(self) -> None:
        pass

    def call(self, call: str, tool: str, text: str) -> None:
        self.written[call] = text

    def arguments(self, call: str, text: str) -> None:
        assert text
        self.times += 1
        self.written[call] += text

    def ended(self) -> None:
        pass


@dataclass
class Deps:
    sink: Sink = field(default_factory=Sink)
    calls: Calls = field(default_factory=Calls)


def settings_for(vendor: ScriptedVendor, **more: Any) -> Settings:
    return Settings(
        openai_api_key="sk-test-openai",
        openai_base_url=vendor.openai_base_url,
        anthropic_api_key="sk-test-anthropic",
        anthropic_base_url=vendor.anthropic_base_url,
        ollama_base_url=vendor.anthropic_base_url,
        **{"aws_region": "eu-central-1", "aws_endpoint_url": vendor.bedrock_url, **more},
    )


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


INSTRUCTIONS = "Answer briefly."
AGENT: Agent[Deps, str] = Agent(deps_type=Deps)
TOOLS = FunctionToolset[Deps]([add])


async def run(
    model: Any, deps: Deps, prompt: str = "Hello", *, history: Sequence[ModelMessage] = (), stop: Stop | None = None
) -> Said:
    """One turn, run the way the orchestrator runs it."""
    turn = Run(
        agent=AGENT,
        model=model,
        deps=deps,
        history=history,
        instructions=INSTRUCTIONS,
        tools=[tool.tool_def for tool in TOOLS.tools.values()],
        toolsets=[TOOLS],
    )
    return await turn.converse(prompt, None, stop or Stop())
