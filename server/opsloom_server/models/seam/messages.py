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

from opsloom_server.models.seam.model import Seam
from opsloom_server.models.seam.reader import Piece, Reader
from opsloom_server.models.seam.watch import ModelTimeouts


class _TextDelta(Struct, tag="text_delta", forbid_unknown_fields=True):
    text: str


class _ThinkingDelta(Struct, tag="thinking_delta", forbid_unknown_fields=True):
    thinking: str


class _BlockDelta(Struct):
    """`content_block_delta` of text or thinking; signatures, tool input and citations are other deltas."""

    index: int
    delta: _TextDelta | _ThinkingDelta


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

    def merged(self, last: Piece, text: str) -> bytes:
        delta: dict[str, str]
        if last.kind == "text":
            delta = {"type": "text_delta", "text": text}
        else:
            delta = {"type": "thinking_delta", "thinking": text}
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

    def _make_sse_decoder(self) -> Reader[ServerSentEvent]:
        lines: Any = super()._make_sse_decoder()
        return Reader(MessagesWire(), lines, self.timeouts)


class MessagesModel(Seam, AnthropicModel):
    """Claude, at Anthropic."""
