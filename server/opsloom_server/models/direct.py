"""The first request of a run, straight to its model.

Most answers are words alone: one request, one response. The framework's agent sets up a graph for that, with contexts,
hooks and tasks, which takes half of what a whole turn costs (6 ms of 12). So the first response is asked for here,
through the same model, and the agent takes over from it where there is more to do: a call of a tool, a response that
the vendor has suspended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Generic, Literal, TypeVar
from uuid import uuid4

from pydantic_ai import RunContext
from pydantic_ai.exceptions import ContentFilterError, OutputTokenLimitExceeded, UnexpectedModelBehavior
from pydantic_ai.messages import (
    InstructionPart,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    RetryFeedbackPart,
    RetryInfo,
    TextPart,
    ThinkingPart,
    UserContent,
    UserPromptPart,
    repair_messages,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RunUsage

from opsloom_server.models.forward import HasSink, forward_events

AGAIN: Final = 1
"""How often a model that said nothing is asked for words once more, as the agent does."""


D = TypeVar("D", bound=HasSink)


class Direct(Generic[D]):
    """The beginning of one run. `messages` are the run's: the history, then from `known` on what was asked and said,
    also where that broke off; `usage` is what it cost so far.
    """

    def __init__(
        self,
        model: Model[Any],
        history: Sequence[ModelMessage],
        *,
        instructions: str | None,
        settings: ModelSettings | None,
        tools: Sequence[ToolDefinition],
        deps: D,
        usage: RunUsage | None = None,
    ) -> None:
        self.messages: list[ModelMessage] = repair_messages(history, repair_last_response=False)
        self.known = len(self.messages)
        self.usage = RunUsage() if usage is None else usage
        self._model = model
        self._instructions = instructions
        self._settings = settings
        self.deps = deps
        parts = [InstructionPart(content=instructions)] if instructions else None
        self._parameters = ModelRequestParameters(function_tools=[*tools], instruction_parts=parts)

    @property
    def added(self) -> list[ModelMessage]:
        """What this run adds to its history."""
        return self.messages[self.known :]

    async def ask(self, prompt: str | Sequence[UserContent]) -> ModelResponse:
        """The model's first response that says something, as it streams also in the sink of `deps`.

        Raises what the model raises, `OutputTokenLimitExceeded` and `ContentFilterError` where nothing came for these
        reasons, `UnexpectedModelBehavior` where nothing came at all.
        """
        response = await self._request(ModelRequest(parts=[UserPromptPart(prompt)], instructions=self._instructions))
        for attempt in range(1, AGAIN + 1):
            if not _says_nothing(response):
                return response
            response = await self._request(self._once_more(attempt))
        if _says_nothing(response):
            raise UnexpectedModelBehavior("The model said nothing, also when it was asked again.")
        return response

    async def _request(self, request: ModelRequest) -> ModelResponse:
        self.messages.append(request)
        context = RunContext(
            deps=self.deps,
            model=self._model,
            usage=self.usage,
            prompt=None,
            messages=self.messages,
            run_step=1,
            run_id=uuid4().hex,
            model_settings=self._settings,
        )
        said: StreamedResponse | None = None
        try:
            async with self._model.request_stream(self._told(), self._settings, self._parameters, context) as said:
                await forward_events(context, said)
        except BaseException:
            if said is not None:
                self._keep(replace(said.get(), state="interrupted"))
            raise
        return self._keep(said.get())

    def _told(self) -> list[ModelMessage]:
        """The messages as this model is told of them: whole, and in what its vendor can carry."""
        messages = repair_messages(self.messages)
        prepared = self._model.prepare_messages(messages, self._parameters)
        return messages if prepared is messages else repair_messages(prepared)

    def _keep(self, response: ModelResponse) -> ModelResponse:
        response.model_id = response.model_id or self._model.model_id
        self.messages.append(response)
        self.usage.requests += bool(response.parts)
        self.usage.incr(response.usage)
        return response

    def _once_more(self, attempt: int) -> ModelRequest:
        # In the framework's own words: it says these in the system's voice and any others in the person's.
        words = "Please return text or call a tool." if self._parameters.function_tools else "Please return text."
        retry = RetryInfo[Literal["no_output"]]("no_output", attempt=attempt, max_retries=AGAIN)
        return ModelRequest(parts=[RetryFeedbackPart(content=words, retry=retry)], instructions=self._instructions)


def _says_nothing(response: ModelResponse) -> bool:
    """Whether a whole response holds neither words nor calls. Raises where the vendor says why."""
    if response.state == "suspended" or any(not _is_silent(part) for part in response.parts):
        return False
    if response.finish_reason == "length":
        raise OutputTokenLimitExceeded("The limit was reached before the first word.")
    if response.finish_reason == "content_filter":
        raise ContentFilterError("The vendor's filter left nothing.")
    return True


def _is_silent(part: Any) -> bool:
    return isinstance(part, ThinkingPart) or (isinstance(part, TextPart) and not part.content)
