"""OpenAI's Responses API on the fast seam."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import msgspec
from msgspec import Struct
from openai import AsyncOpenAI
from openai._streaming import ServerSentEvent
from openai.resources.responses import AsyncResponses
from pydantic_ai.models.openai import OpenAIResponsesModel

from opsloom_server.models.seam.events import ServerSentEvents
from opsloom_server.models.seam.model import Seam
from opsloom_server.models.seam.reader import Piece, Reader
from opsloom_server.models.seam.watch import ModelTimeouts


class _Text(Struct):
    """`response.output_text.delta`; log probabilities make it more than text."""

    item_id: str
    output_index: int
    content_index: int
    delta: str
    sequence_number: int
    logprobs: tuple[()] | None = None


class _Summary(Struct):
    """`response.reasoning_summary_text.delta`."""

    item_id: str
    output_index: int
    summary_index: int
    delta: str
    sequence_number: int


class _Arguments(Struct):
    """`response.function_call_arguments.delta`."""

    item_id: str
    output_index: int
    delta: str
    sequence_number: int


ARGUMENTS: Final = b"event: response.function_call_arguments.delta\ndata: "
TEXT: Final = b"event: response.output_text.delta\ndata: "
SUMMARY: Final = b"event: response.reasoning_summary_text.delta\ndata: "
_text: Final = msgspec.json.Decoder(_Text)
_summary: Final = msgspec.json.Decoder(_Summary)
_arguments: Final = msgspec.json.Decoder(_Arguments)


class ResponsesWire:
    """Named events: `event: NAME`, `data: {event}`."""

    def piece(self, raw: bytes) -> Piece | None:
        try:
            if raw.startswith(TEXT):
                text = _text.decode(raw[len(TEXT) :])
                return Piece("text", (text.item_id, text.content_index), text.delta, text) if text.delta else None
            if raw.startswith(SUMMARY):
                thought = _summary.decode(raw[len(SUMMARY) :])
                part = (thought.item_id, thought.summary_index)
                return Piece("reasoning", part, thought.delta, thought) if thought.delta else None
            if raw.startswith(ARGUMENTS):
                more = _arguments.decode(raw[len(ARGUMENTS) :])
                return Piece("call", more.item_id, more.delta, more) if more.delta else None
        except msgspec.DecodeError:  # not as expected: it passes, and the SDK judges it
            return None
        return None

    def merged(self, last: Piece, text: str) -> bytes:
        source: _Text | _Summary | _Arguments = last.source
        whole: dict[str, Any] = {
            "type": "response.output_text.delta",
            "item_id": source.item_id,
            "output_index": source.output_index,
            "delta": text,
            "sequence_number": source.sequence_number,
        }
        if isinstance(source, _Text):
            whole |= {"content_index": source.content_index, "logprobs": []}
            return TEXT + msgspec.json.encode(whole)
        if isinstance(source, _Arguments):
            whole["type"] = "response.function_call_arguments.delta"
            return ARGUMENTS + msgspec.json.encode(whole)
        whole |= {"type": "response.reasoning_summary_text.delta", "summary_index": source.summary_index}
        return SUMMARY + msgspec.json.encode(whole)

    def is_ping(self, raw: bytes) -> bool:
        return raw.startswith((b":", b"event: keepalive"))

    def is_content(self, raw: bytes) -> bool:
        return b".delta\n" in raw[:80]


class _Responses(AsyncResponses):
    async def create(self, *, input: Any, extra_body: Any = None, **given: Any) -> Any:  # type: ignore[override]  # noqa: A002
        """Send the conversation as it is: see Chat Completions."""
        return await super().create(input=[], extra_body={**(extra_body or {}), "input": input}, **given)


class ResponsesClient(AsyncOpenAI):
    """OpenAI's client, with our reader of its streams."""

    timeouts: ModelTimeouts = ModelTimeouts()

    @cached_property
    def responses(self) -> AsyncResponses:
        return _Responses(self)

    def _make_sse_decoder(self) -> Reader[bytes, ServerSentEvent]:
        lines: Any = super()._make_sse_decoder()
        return Reader(ResponsesWire(), ServerSentEvents(lines), self.timeouts)

    def _process_response_data(self, *, data: Any, cast_to: Any, response: Any) -> Any:
        """An event; the words of a refusal as text: see Chat Completions."""
        if isinstance(data, dict):
            match data.get("type"):
                case "response.refusal.delta":
                    data = {**data, "type": "response.output_text.delta", "logprobs": []}
                case "response.refusal.done":
                    told = {"text": data.get("refusal", ""), "logprobs": []}
                    data = {**data, "type": "response.output_text.done", **told}
                case _:
                    pass
        return super()._process_response_data(data=data, cast_to=cast_to, response=response)


class ResponsesModel(Seam, OpenAIResponsesModel):
    """OpenAI's own models."""
