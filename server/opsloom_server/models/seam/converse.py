"""The models of Bedrock's Converse, read on the loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, cast

import httpx2
from botocore.exceptions import BotoCoreError, ClientError
from pydantic_ai.exceptions import ModelAPIError, ModelConnectionError
from pydantic_ai.messages import ModelMessage, ModelResponseStreamEvent
from pydantic_ai.models import ModelRequestParameters, bedrock
from pydantic_ai.models.bedrock import BedrockConverseModel, BedrockModelSettings, BedrockStreamedResponse

from opsloom_server.models.bedrock_errors import amazons_errors
from opsloom_server.models.bedrock_runtime import BedrockRuntime, arriving
from opsloom_server.models.seam.amazon import ConverseEvents, ConverseWire, Raw
from opsloom_server.models.seam.model import Seam
from opsloom_server.models.seam.reader import Reader
from opsloom_server.models.seam.watch import ModelTimeouts


async def _on_the_loop(
    client: BedrockRuntime,
    method: Callable[..., Any],
    params: Mapping[str, Any],
    extra_headers: dict[str, str] | None,
) -> Any:
    """The framework's call of a client, without its thread."""
    with amazons_errors(str(params.get("modelId", ""))):
        return await method(**params)


def _rebound(function: Any) -> Any:
    """This function of the framework, whose calls of the client go to the loop instead of a thread.

    All that it does before and after stays its own. The name is private: the versions are pinned, and the test that
    no thread is used fails when it goes.
    """
    names = {**function.__globals__, "_call_bedrock": _on_the_loop}
    return FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)


@dataclass
class ConverseStream(BedrockStreamedResponse):
    """An answer of Converse as it streams."""

    reader: Reader[Raw, dict[str, Any]] = field(kw_only=True)

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        self.provider_response_id = self._provider_response_id
        response: Any = self._event_stream._raw_stream
        chunks = arriving(response, self._provider_url)
        ended = False
        with bedrock._map_api_errors(self._model_name, self._model_id_namespace), amazons_errors(self._model_name):
            async for chunk in self.reader.aiter_bytes(chunks):
                ended = ended or "messageStop" in chunk
                try:
                    events = list(self._map_chunk(cast(Any, chunk)))
                except (KeyError, TypeError) as error:
                    raise ModelAPIError(self._model_name, "An event of the stream could not be read.") from error
                for event in events:
                    yield event
        if not ended:
            raise ModelConnectionError(model_name=self._model_name, message="The stream ended before the answer did.")

    def get_stream_cancel_errors(self) -> tuple[type[BaseException], ...]:
        return (BotoCoreError, ClientError, httpx2.TransportError)

    async def close_stream(self) -> None:
        # A body that was not read to its end takes its connection with it: so does a stop reach the vendor.
        cast(Any, self._event_stream).close()


class ConverseModel(Seam, BedrockConverseModel):
    """Llama, Nova, GPT and all else that Bedrock's Converse speaks for."""

    timeouts: ModelTimeouts = ModelTimeouts()

    _messages_create = _rebound(BedrockConverseModel._messages_create)
    count_tokens = _rebound(BedrockConverseModel.count_tokens)

    @property
    def _botocore_supports_strict_tool_param(self) -> bool:
        return True  # the framework reads a description of the service to know; ours is new enough

    @property
    def _botocore_supports_output_config(self) -> bool:
        return True

    @asynccontextmanager
    async def _open_stream(
        self,
        messages: list[ModelMessage],
        settings: BedrockModelSettings,
        model_request_parameters: ModelRequestParameters,
    ) -> AsyncGenerator[BedrockStreamedResponse]:
        response = await self._messages_create(messages, True, settings, model_request_parameters)
        stream = response["stream"]
        streamed = ConverseStream(
            model_request_parameters=model_request_parameters,
            _model_name=self.model_name,
            _model_profile=cast(Any, self.profile),
            _event_stream=stream,
            _provider_name=self._provider.name,
            _model_id_namespace=self._provider.model_id_namespace,
            _provider_url=self.base_url,
            _provider_response_id=response.get("ResponseMetadata", {}).get("RequestId"),
            reader=Reader(ConverseWire(), ConverseEvents(stream._output_shape), self.timeouts),
        )
        streamed.canonical_system = self._canonical_system_stamp
        try:
            yield streamed
        finally:
            await streamed.close_stream()
