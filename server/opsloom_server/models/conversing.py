"""One run: the first response straight from the model, and the agent from where that leaves more to do."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct
from pydantic_ai import Agent, CancellationToken, DeferredToolResults
from pydantic_ai.exceptions import RunCancelled
from pydantic_ai.messages import ModelMessage, TextPart, UserContent
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset
from pydantic_ai.usage import RunUsage, UsageLimits

from opsloom_server.models.direct import Direct
from opsloom_server.models.forward import HasSink, forward_events

D = TypeVar("D", bound=HasSink)
T = TypeVar("T")


class Stopped(Exception):
    """A person stopped the run. `added` is what it adds to the history all the same."""

    def __init__(self, added: Sequence[ModelMessage], usage: RunUsage) -> None:
        super().__init__("stopped")
        self.added = added
        self.usage = usage


class Stop:
    """A person's wish that a run ends, whatever it waits for. One a run."""

    def __init__(self) -> None:
        self.token = CancellationToken()
        self._task: asyncio.Task[Any] | None = None

    def ask(self) -> None:
        """End it now, or as soon as it begins."""
        self.token.cancel()
        if self._task is not None:
            self._task.cancel()

    async def guard(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do this outside the agent, which heeds the token by itself. None where it was stopped."""
        task: asyncio.Task[T] = asyncio.create_task(work, name="asking the model")
        self._task = task
        try:
            if self.token.cancelled:
                task.cancel()
            return await task
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if self.token.cancelled and waiting is not None and not waiting.cancelling():
                return None
            raise
        finally:
            self._task = None


class Said(Struct, frozen=True):
    """How a run ended: the words or the calls that wait for people, what it adds to the history, and what it cost."""

    output: Any
    added: Sequence[ModelMessage]
    usage: RunUsage


class Run(Struct, Generic[D], frozen=True, kw_only=True):
    """All that a run is given."""

    agent: Agent[D, Any]
    model: Model[Any]
    deps: D
    history: Sequence[ModelMessage]
    instructions: str | None = None
    settings: ModelSettings | None = None
    tools: Sequence[ToolDefinition] = ()
    """What the toolsets offer, as models are told of it."""
    toolsets: Sequence[AbstractToolset[D]] = ()
    limits: UsageLimits | None = None
    usage: RunUsage | None = None
    """What is used is added here, as each response ends; so it is known also where the run fails."""

    async def converse(
        self, prompt: str | Sequence[UserContent] | None, results: DeferredToolResults | None, stop: Stop
    ) -> Said:
        """Run to the end; `results` are of the calls that the history leaves open. Raises `Stopped`, and what model
        and agent raise."""
        direct = Direct(
            self.model,
            self.history,
            instructions=self.instructions,
            settings=self.settings,
            tools=self.tools,
            deps=self.deps,
            usage=self.usage,
        )
        if prompt is not None and results is None:
            response = await stop.guard(direct.ask(prompt))
            if response is None:
                raise Stopped(direct.added, direct.usage)
            if not response.tool_calls and response.state != "suspended":
                words = "".join(part.content for part in response.parts if isinstance(part, TextPart))
                return Said(words, direct.added, direct.usage)
            prompt = None
        try:
            result = await self.agent.run(
                prompt,
                model=self.model,
                instructions=self.instructions,
                model_settings=self.settings,
                deps=self.deps,
                message_history=direct.messages,
                deferred_tool_results=results,
                toolsets=self.toolsets,
                event_stream_handler=forward_events,
                cancellation_token=stop.token,
                usage=direct.usage,
                usage_limits=self.limits,
            )
        except RunCancelled as cancelled:
            raise Stopped(cancelled.all_messages()[direct.known :], cancelled.usage) from cancelled
        return Said(result.output, result.all_messages()[direct.known :], result.usage)
