"""Claude at Bedrock on the fast seam: Anthropic's events in Amazon's binary framing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import httpx2
import msgspec
from anthropic import AsyncAnthropicBedrock
from anthropic._streaming import ServerSentEvent
from msgspec import Struct
from pydantic_ai.models.anthropic import AnthropicModel

from opsloom_server.models.bedrock_errors import amazons_errors
from opsloom_server.models.bedrock_runtime import BedrockRuntime
from opsloom_server.models.seam.amazon import Broken, Messages
from opsloom_server.models.seam.messages import MessagesWire
from opsloom_server.models.seam.model import Seam
from opsloom_server.models.seam.reader import Reader
from opsloom_server.models.seam.watch import ModelTimeouts


class _Chunk(Struct, rename={"data": "bytes"}):
    """Some bytes of another format; msgspec reads them from base64."""

    data: bytes


class _Named(Struct):
    type: str = ""


class _Words(Struct):
    message: str = ""


_chunk: Final = msgspec.json.Decoder(_Chunk)
_named: Final = msgspec.json.Decoder(_Named)
_words: Final = msgspec.json.Decoder(_Words)
# In Anthropic's words, which the SDK knows; the others are its general error.
_ERRORS: Final = {
    "throttlingException": "rate_limit_error",
    "serviceUnavailableException": "overloaded_error",
    "modelTimeoutException": "timeout_error",
    "validationException": "invalid_request_error",
}


class ChunkEvents:
    """Amazon's messages as the server-sent events that Anthropic itself would send."""

    def __init__(self) -> None:
        self._messages = Messages()

    def split(self, chunk: bytes) -> Iterable[bytes]:
        for message in self._messages.split(chunk):
            if isinstance(message, Broken):
                yield _error("api_error", str(message))
            elif kind := message.headers.get(":exception-type") or message.headers.get(":error-code"):
                yield _error(_ERRORS.get(kind, "api_error"), _said(message.payload))
            elif message.headers.get(":event-type") == "chunk":
                yield _event(message.payload)

    def decode(self, raw: bytes) -> Iterator[ServerSentEvent]:
        name, _, data = raw.removeprefix(b"event: ").partition(b"\ndata: ")
        yield ServerSentEvent(event=name.decode(), data=data.decode())

    def rest(self) -> Iterator[ServerSentEvent]:
        if self._messages.is_cut:
            yield from self.decode(_error("api_error", "The stream ended within a message."))


def _event(payload: bytes) -> bytes:
    try:
        data = _chunk.decode(payload).data
    except msgspec.DecodeError as error:
        return _error("api_error", str(error))
    try:
        name = _named.decode(data).type
    except msgspec.DecodeError:  # the SDK judges it, as it does at Anthropic
        name = "message_delta"
    return b"event: " + name.encode() + b"\ndata: " + data


def _said(payload: bytes) -> str:
    try:
        return _words.decode(payload).message
    except msgspec.DecodeError:
        return ""


def _error(kind: str, words: str) -> bytes:
    return b"event: error\ndata: " + msgspec.json.encode(
        {"type": "error", "error": {"type": kind, "message": words or kind}}
    )


class BedrockMessagesClient(AsyncAnthropicBedrock):
    """Anthropic's client for Bedrock, with our reader of its streams and our credentials.

    Its own signing reads files in a thread for each request, with blocking clients of Amazon's where a role is asked.
    """

    timeouts: ModelTimeouts = ModelTimeouts()
    runtime: BedrockRuntime

    def _make_sse_decoder(self) -> Any:
        return Reader(MessagesWire(), ChunkEvents(), self.timeouts)

    async def _prepare_request(self, request: httpx2.Request) -> None:
        if self.api_key is not None:
            request.headers["Authorization"] = f"Bearer {self.api_key}"
            return
        # Proxies may take this one away, so it is not signed.
        headers = {name: value for name, value in request.headers.items() if name.lower() != "connection"}
        body = request.read()
        with amazons_errors("Claude"):
            request.headers.update(await self.runtime.sign(request.method, str(request.url), headers, body))


class BedrockMessagesModel(Seam, AnthropicModel):
    """Claude, at Bedrock."""
