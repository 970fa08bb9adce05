"""Amazon Bedrock's Converse, as it streams."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vendors import eventstream
from vendors.eventstream import json_event
from vendors.script import (
    Cut,
    Finish,
    Garbage,
    HttpError,
    Late,
    Pause,
    PingsOnly,
    Raw,
    Reasoning,
    Refusal,
    Script,
    Stall,
    StreamError,
    Text,
    ToolCall,
    Usage,
    find,
)
from vendors.wire import Failure, Item, arguments, last_said, pieces, sent

content_type = eventstream.TYPE
# Converse promises no keep-alive; a message of a kind that a client does not know is what comes nearest.
ping = json_event("keepAlive")

_STOP = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "content_filtered"}
_STATUS = {401: 403, 402: 400, 422: 400, 529: 503}
_KINDS = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    402: "ServiceQuotaExceededException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    413: "RequestEntityTooLargeException",
    422: "ValidationException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
    529: "ServiceUnavailableException",
}
_IN_STREAM = {"server_error": "internalServerException", "overloaded_error": "serviceUnavailableException"}


def exception(error: StreamError) -> bytes:
    return eventstream.exception(_IN_STREAM.get(error.type, error.type), error.message)


def _delta(index: int, delta: dict[str, Any]) -> bytes:
    return json_event("contentBlockDelta", contentBlockIndex=index, delta=delta)


def _stop(index: int) -> bytes:
    return json_event("contentBlockStop", contentBlockIndex=index)


def _words(step: Text, index: int) -> Iterator[Item]:
    for token in step.paced():
        if not isinstance(token, str):
            yield token
        else:
            delta = {"reasoningContent": {"text": token}} if isinstance(step, Reasoning) else {"text": token}
            yield _delta(index, delta)
    if isinstance(step, Reasoning):
        yield _delta(index, {"reasoningContent": {"signature": "c2NyaXB0ZWQ="}})
    yield _stop(index)


def _call(step: ToolCall, index: int) -> Iterator[Item]:
    start = {"toolUseId": step.id or f"tooluse_{step.name}_{index}", "name": step.name}
    yield json_event("contentBlockStart", contentBlockIndex=index, start={"toolUse": start})
    for piece in sent(step):
        yield _delta(index, {"toolUse": {"input": piece}}) if isinstance(piece, str) else piece
    yield _stop(index)


def _usage(script: Script) -> dict[str, int]:
    usage = find(script, Usage) or Usage()
    return {
        "inputTokens": usage.input - usage.cached,
        "outputTokens": usage.output,
        "totalTokens": usage.input + usage.output,
        "cacheReadInputTokens": usage.cached,
        "cacheWriteInputTokens": 0,
    }


def stream(script: Script, request: dict[str, Any]) -> Iterator[Item]:
    yield json_event("messageStart", role="assistant")
    reason = "end_turn"
    index = 0
    for step in script:
        match step:
            case Text():
                yield from _words(step, index)
                index += 1
            case Refusal():
                yield from _words(Text(tokens=pieces(step.text, 3)), index)
                index += 1
                reason = "content_filtered"
            case ToolCall():
                yield from _call(step, index)
                index += 1
                reason = "tool_use"
            case Finish():
                reason = _STOP.get(step.reason, step.reason)
            case StreamError():
                yield exception(step)
                return
            case Garbage():
                yield eventstream.event("contentBlockDelta", step.data.encode())
            case Raw():
                yield step.data
            case Pause():
                yield step.seconds
            case Cut() | Stall() | PingsOnly():
                yield step
                return
            case Usage() | HttpError() | Late():
                pass
    yield json_event("messageStop", stopReason=reason)
    yield json_event("metadata", usage=_usage(script), metrics={"latencyMs": 12})


def whole(script: Script, request: dict[str, Any]) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    reason = "end_turn"
    for index, step in enumerate(script):
        match step:
            case Reasoning():
                content.append({"reasoningContent": {"reasoningText": {"text": "".join(step.cut())}}})
            case Text():
                content.append({"text": "".join(step.cut())})
            case ToolCall():
                call_id = step.id or f"tooluse_{step.name}_{index}"
                use = {"toolUseId": call_id, "name": step.name, "input": json.loads(arguments(step))}
                content.append({"toolUse": use})
                reason = "tool_use"
            case _:
                pass
    message = {"role": "assistant", "content": content}
    return {
        "output": {"message": message},
        "stopReason": reason,
        "usage": _usage(script),
        "metrics": {"latencyMs": 12},
    }


def error(error: HttpError) -> Failure:
    kind = error.type or _KINDS.get(error.status, "InternalServerException")
    headers = {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
    return Failure(_STATUS.get(error.status, error.status), {"message": error.message}, headers)


def invalid(request: dict[str, Any]) -> str | None:
    """Converse's rules for a conversation."""
    messages = request.get("messages", [])
    if not messages or messages[0]["role"] != "user":
        return "A conversation must start with a user message."
    open_calls: list[str] = []
    before = ""
    for number, message in enumerate(messages):
        if message["role"] == before:
            return f'messages.{number}: roles must alternate between "user" and "assistant"'
        before = message["role"]
        if not message["content"]:
            return f"The content field in the Message object at messages.{number} is empty."
        results = [block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block]
        if sorted(results) != sorted(open_calls):
            return f"messages.{number}: toolUse ids {open_calls}, toolResult blocks {results}"
        for block in message["content"]:
            if "text" in block and not block["text"].strip():
                return f"The text field in the ContentBlock object at messages.{number} is blank."
            if "reasoningContent" in block and not block["reasoningContent"].get("reasoningText", {}).get("signature"):
                return f"messages.{number}: thinking.signature: Field required"
        open_calls = [block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block]
        if (open_calls or results) and not request.get("toolConfig"):
            return "The toolConfig field must be defined when using toolUse and toolResult content blocks."
    if open_calls:
        return f"Expected toolResult blocks for {open_calls}."
    if before != "user":
        return "This model does not support assistant message prefill."
    return None


def question(request: dict[str, Any]) -> str:
    return last_said(request.get("messages", []))
