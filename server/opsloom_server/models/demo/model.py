"""The demo model as pydantic-ai sees it: a model that streams its steps, a word at a time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    ModelResponsePart,
    ModelResponseStreamEvent,
    TextPart,
    ToolCallPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from opsloom_server.models.demo.conversation import read
from opsloom_server.models.demo.deciding import Call, Say, Step, Wait, decide

NAME = "demo"
# About as long as a word, at whose pace they come.
PIECE_CHARS: Final = 8
_WORDS = re.compile(r"\S+\s*|\s+")


class DemoModel(Model[None]):
    """Answers by search alone. Deterministic; needs no key.

    Args:
        words_per_second: the pace of its text; 0 = at once.
    """

    def __init__(self, words_per_second: float = 60.0) -> None:
        super().__init__()
        self._pause = 1 / words_per_second if words_per_second > 0 else 0.0

    @property
    def model_name(self) -> str:
        return NAME

    @property
    def system(self) -> str:
        return NAME

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        steps = self._decide(messages, model_settings, model_request_parameters)
        parts: list[ModelResponsePart] = []
        for index, step in enumerate(steps):
            match step:
                case Say(text):
                    parts.append(TextPart(text))
                case Call():
                    parts.append(_call(step, messages, index))
                case Wait():
                    pass
        return ModelResponse(parts=parts, model_name=NAME, provider_name=NAME, finish_reason="stop")

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        steps = self._decide(messages, model_settings, model_request_parameters)
        yield DemoStream(
            model_request_parameters=model_request_parameters, steps=steps, messages=messages, pause=self._pause
        )

    def _decide(
        self, messages: list[ModelMessage], settings: ModelSettings | None, parameters: ModelRequestParameters
    ) -> list[Step]:
        _, parameters = self.prepare_request(settings, parameters)
        tools = {tool.name: tool.parameters_json_schema for tool in parameters.function_tools}
        return decide(read(messages), tools)


def _call(step: Call, messages: Sequence[ModelMessage], index: int) -> ToolCallPart:
    # The place in the conversation makes the id unique in it, and the same again for the same conversation.
    return ToolCallPart(step.tool, step.args, tool_call_id=f"demo_{len(messages)}_{index}")


@dataclass
class DemoStream(StreamedResponse):
    """The steps of one response, as events."""

    steps: Sequence[Step] = ()
    messages: Sequence[ModelMessage] = ()
    pause: float = 0.0
    _timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        for index, step in enumerate(self.steps):
            match step:
                case Say(text):
                    for word in _WORDS.findall(text) if self.pause else [text]:
                        for event in self._parts_manager.handle_text_delta(vendor_part_id=index, content=word):
                            yield event
                        if self.pause:
                            await asyncio.sleep(self.pause)
                case Call():
                    part = _call(step, self.messages, index)
                    if self.pause:
                        async for event in self._written(index, part):
                            yield event
                    else:
                        yield self._parts_manager.handle_part(vendor_part_id=index, part=part)
                case Wait(seconds) if self.pause:
                    await asyncio.sleep(seconds)
                case _:
                    pass
        self.finish_reason = "stop"

    async def _written(self, index: int, call: ToolCallPart) -> AsyncIterator[ModelResponseStreamEvent]:
        """A call as vendors send it: its arguments as JSON, piece by piece, so that a block is seen to grow."""
        text = call.args_as_json_str()
        for at in range(0, len(text), PIECE_CHARS):
            event = self._parts_manager.handle_tool_call_delta(
                vendor_part_id=index,
                tool_name=call.tool_name if at == 0 else None,
                args=text[at : at + PIECE_CHARS],
                tool_call_id=call.tool_call_id,
            )
            if event is not None:
                yield event
            await asyncio.sleep(self.pause)

    async def close_stream(self) -> None:
        """Nothing is open: the words are made here."""

    @property
    def model_name(self) -> str:
        return NAME

    @property
    def provider_name(self) -> str:
        return NAME

    @property
    def provider_url(self) -> None:
        return None

    @property
    def timestamp(self) -> datetime:
        return self._timestamp
