"""Anthropic's Messages on the fast seam."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import msgspec
from anthropic import AsyncAnthropic
from anthropic._streaming import ServerSentEvent
from anthropic.resources.beta import AsyncBeta
from anthropic.resources.beta.messages import AsyncMessages
from msgspec import Struct
from pydantic_ai.models.anthropic import AnthropicModel

from opsloom_server.models.seam.events import ServerSentEvents
from opsloom_server.models.seam.feed import Kind
from opsloom_server.models.seam.model import Seam
from opsloom_server.models.seam.reader import Piece, Reader
from opsloom_server.models.seam.watch import ModelTimeouts


class _TextDelta(Struct, tag="text_delta", forbid_unknown_fields=True):
    text: str


class _ThinkingDelta(Struct, tag="thinking_delta", forbid_unknown_fields=True):
    thinking: str


class _InputDelta(Struct, tag="input_json_delta", forbid_unknown_fields=True):
    partial_json: str


class _BlockDelta(Struct):
    """`content_block_delta` of text, thinking or a tool's input; signatures and citations are other deltas."""

    index: int
    delta: _TextDelta | _ThinkingDelta | _InputDelta


_DELTAS: Final[dict[Kind, tuple[str, str]]] = {
    "text": ("text_delta", "text"),
    "reasoning": ("thinking_delta", "thinking"),
    "call": ("input_json_delta", "partial_json"),
}
DELTA: Final = b"event: content_block_delta\ndata: "
_decoder: Final = msgspec.json.Decoder(_BlockDelta)


class MessagesWire:
    """Named events; `event: ping` keeps the connection alive."""

    def piece(self, raw: bytes) -> Piece | None:
        if not raw.startswith(DELTA):
            return None
        try:
            block = _decoder.decode(raw[len(DELTA) :])
        except msgspec.DecodeError:  # another kind of delta, or something new: it passes, and the SDK judges it
            return None
        match block.delta:
            case _TextDelta(text):
                return Piece("text", block.index, text, block) if text else None
            case _ThinkingDelta(thinking):
                return Piece("reasoning", block.index, thinking, block) if thinking else None
            case _InputDelta(json):
                return Piece("call", block.index, json, block) if json else None

    def merged(self, last: Piece, text: str) -> bytes:
        kind, field = _DELTAS[last.kind]
        delta = {"type": kind, field: text}
        return DELTA + msgspec.json.encode({"type": "content_block_delta", "index": last.source.index, "delta": delta})

    def is_ping(self, raw: bytes) -> bool:
        return raw.startswith((b"event: ping", b":"))

    def is_content(self, raw: bytes) -> bool:
        return raw.startswith(DELTA)


class _Messages(AsyncMessages):
    async def create(self, *, messages: Any, extra_body: Any = None, **given: Any) -> Any:
        """Send the conversation as it is: see Chat Completions."""
        return await super().create(messages=(), extra_body={**(extra_body or {}), "messages": messages}, **given)


class _Beta(AsyncBeta):
    @cached_property
    def messages(self) -> AsyncMessages:
        return _Messages(self._client)


class MessagesClient(AsyncAnthropic):
    """Anthropic's client, with our reader of its streams."""

    timeouts: ModelTimeouts = ModelTimeouts()

    @cached_property
    def beta(self) -> AsyncBeta:
        return _Beta(self)

    def _make_sse_decoder(self) -> Reader[bytes, ServerSentEvent]:
        lines: Any = super()._make_sse_decoder()
        return Reader(MessagesWire(), ServerSentEvents(lines), self.timeouts)


class MessagesModel(Seam, AnthropicModel):
    """Claude, at Anthropic."""
