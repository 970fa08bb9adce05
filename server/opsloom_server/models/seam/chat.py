"""Chat Completions on the fast seam."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from openai import AsyncOpenAI
from openai._streaming import ServerSentEvent
from openai.resources.chat import AsyncChat, AsyncCompletions
from openai.types.chat import ChatCompletionChunk
from pydantic import ValidationError
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel

from opsloom_server.models.seam.events import ServerSentEvents
from opsloom_server.models.seam.model import Seam
from opsloom_server.models.seam.reader import Piece, Reader
from opsloom_server.models.seam.watch import ModelTimeouts


class _Function(Struct, forbid_unknown_fields=True):
    arguments: str
    name: None = None


class _Call(Struct, forbid_unknown_fields=True):
    """More arguments of a call that has begun: its name and id came before."""

    index: int
    function: _Function
    id: None = None
    type: Literal["function"] | None = None


class _Delta(Struct, forbid_unknown_fields=True):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    role: str | None = None
    refusal: None = None
    function_call: None = None
    audio: None = None
    tool_calls: list[_Call] | None = None
    annotations: tuple[()] | None = None


class _Choice(Struct):
    delta: _Delta
    finish_reason: None = None
    logprobs: None = None


class _Chunk(Struct):
    """A chunk that is only text, only reasoning or only more arguments of one call: every other thing that the
    framework reads has to be absent."""

    choices: tuple[_Choice]
    id: str | None = None
    created: int | None = None
    model: str | None = None
    service_tier: str | None = None
    usage: None = None
    moderation: None = None
    error: None = None


_decoder: Final = msgspec.json.Decoder(_Chunk)


class ChatWire:
    """`data: {chunk}`; comments are pings."""

    def piece(self, raw: bytes) -> Piece | None:
        if not raw.startswith(b"data:") or b"\n" in raw:
            return None
        try:
            chunk = _decoder.decode(raw[5:])
        except msgspec.DecodeError:  # [DONE], a tool call, something new: not ours
            return None
        delta = chunk.choices[0].delta
        if delta.tool_calls:
            return _arguments(delta, chunk)
        if delta.content:
            if delta.reasoning or delta.reasoning_content:
                return None
            return Piece("text", "content", delta.content, chunk)
        if delta.reasoning and not delta.reasoning_content:
            return Piece("reasoning", "reasoning", delta.reasoning, chunk)
        if delta.reasoning_content and not delta.reasoning:
            return Piece("reasoning", "reasoning_content", delta.reasoning_content, chunk)
        return None

    def merged(self, last: Piece, text: str) -> bytes:
        chunk: _Chunk = last.source
        delta: dict[Any, Any] = {last.part: text}
        if last.kind == "call":
            delta = {"tool_calls": [{"index": last.part, "function": {"arguments": text}}]}
        whole: dict[str, Any] = {
            "id": chunk.id,
            "object": "chat.completion.chunk",
            "created": chunk.created,
            "model": chunk.model,
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}],
        }
        if chunk.service_tier is not None:
            whole["service_tier"] = chunk.service_tier
        return b"data: " + msgspec.json.encode(whole)

    def is_ping(self, raw: bytes) -> bool:
        return raw.startswith(b":")

    def is_content(self, raw: bytes) -> bool:
        return b'"tool_calls":[' in raw or b'"tool_calls": [' in raw or b'"refusal":"' in raw


def _arguments(delta: _Delta, chunk: _Chunk) -> Piece | None:
    calls = delta.tool_calls or ()
    if len(calls) != 1 or delta.content or delta.reasoning or delta.reasoning_content:
        return None
    (call,) = calls
    return Piece("call", call.index, call.function.arguments, chunk) if call.function.arguments else None


class _Completions(AsyncCompletions):
    async def create(self, *, messages: Any, extra_body: Any = None, **given: Any) -> Any:
        """Send the conversation as it is.

        The SDK compares each message with the types of its parameters, in 0.2 ms a message and each time anew; the
        framework builds them in the wire's own form.
        """
        return await super().create(messages=(), extra_body={**(extra_body or {}), "messages": messages}, **given)


class _Chat(AsyncChat):
    @cached_property
    def completions(self) -> AsyncCompletions:
        return _Completions(self._client)


class ChatClient(AsyncOpenAI):
    """OpenAI's client, with our reader of its streams."""

    timeouts: ModelTimeouts = ModelTimeouts()

    @cached_property
    def chat(self) -> AsyncChat:
        return _Chat(self)

    def _make_sse_decoder(self) -> Reader[bytes, ServerSentEvent]:
        lines: Any = super()._make_sse_decoder()
        return Reader(ChatWire(), ServerSentEvents(lines), self.timeouts)

    def _process_response_data(self, *, data: object, cast_to: Any, response: Any) -> Any:
        """A chunk through pydantic's compiled validator, in 3 µs.

        The SDK's own way puts it together in Python, in 85 µs; it is left for what the validator refuses, as it takes
        whatever a compatible server may send.
        """
        if cast_to is ChatCompletionChunk:
            _tell_refusals(data)
            with suppress(ValidationError):
                return ChatCompletionChunk.model_validate(data)
        return super()._process_response_data(data=data, cast_to=cast_to, response=response)


def _tell_refusals(data: Any) -> None:
    """The words of a refusal as text: the framework would drop them, and people be told that there were none."""
    for choice in data.get("choices") or () if isinstance(data, dict) else ():
        delta = choice.get("delta") or {}
        if refusal := delta.pop("refusal", None):
            delta["content"] = f"{delta.get('content') or ''}{refusal}"


class ChatModel(Seam, OpenAIChatModel):
    """Chat Completions, as every compatible server speaks it."""


class OllamaChatModel(Seam, OllamaModel):
    """The same with Ollama's profile."""
