"""Anthropic's Messages, as it streams."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

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
    text_of,
)
from vendors.wire import EVENTS, Failure, Item, arguments, last_said, pieces, sent
from vendors.wire import event as sse

content_type = EVENTS

_STOP = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def _event(kind: str, **fields: Any) -> bytes:
    return sse(kind, {"type": kind, **fields})


ping = _event("ping")


def _message(request: dict[str, Any], content: list[dict[str, Any]], usage: Usage, **more: Any) -> dict[str, Any]:
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": request.get("model", "scripted"),
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": usage.input - usage.cached,
            "output_tokens": 1,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": usage.cached,
        },
        **more,
    }


def _block(index: int, start: dict[str, Any], deltas: Iterable[dict[str, Any] | float]) -> Iterator[Item]:
    yield _event("content_block_start", index=index, content_block=start)
    for delta in deltas:
        yield _event("content_block_delta", index=index, delta=delta) if isinstance(delta, dict) else delta
    yield _event("content_block_stop", index=index)


def _input(step: ToolCall) -> Iterator[dict[str, Any] | float]:
    for piece in ("", *sent(step)):
        yield {"type": "input_json_delta", "partial_json": piece} if isinstance(piece, str) else piece


def _reasoning(step: Reasoning) -> Iterator[dict[str, Any] | float]:
    for token in step.paced():
        yield {"type": "thinking_delta", "thinking": token} if isinstance(token, str) else token
    yield {"type": "signature_delta", "signature": "c2NyaXB0ZWQ="}


def _text(step: Text) -> Iterator[dict[str, Any] | float]:
    for token in step.paced():
        yield {"type": "text_delta", "text": token} if isinstance(token, str) else token


def stream(script: Script, request: dict[str, Any]) -> Iterator[Item]:
    usage = find(script, Usage) or Usage()
    yield _event("message_start", message=_message(request, [], usage))
    yield ping
    reason = "end_turn"
    index = 0
    for step in script:
        match step:
            case Reasoning():
                start = {"type": "thinking", "thinking": "", "signature": ""}
                yield from _block(index, start, _reasoning(step))
                index += 1
            case Text():
                yield from _block(index, {"type": "text", "text": ""}, _text(step))
                index += 1
            case Refusal():
                deltas = [{"type": "text_delta", "text": piece} for piece in pieces(step.text, 3)]
                yield from _block(index, {"type": "text", "text": ""}, deltas)
                index += 1
                reason = "refusal"
            case ToolCall():
                start = {"type": "tool_use", "id": step.id or f"toolu_{step.name}_{index}", "name": step.name}
                yield from _block(index, {**start, "input": {}}, _input(step))
                index += 1
                reason = "tool_use"
            case Finish():
                reason = _STOP.get(step.reason, step.reason)
            case StreamError():
                kind = {"server_error": "api_error"}.get(step.type, step.type)
                yield sse("error", {"type": "error", "error": {"type": kind, "message": step.message}})
                return
            case Garbage():
                yield f"event: content_block_delta\ndata: {step.data}\n\n".encode()
            case Raw():
                yield step.data
            case Pause():
                yield step.seconds
            case Cut() | Stall() | PingsOnly():
                yield step
                return
            case Usage() | HttpError() | Late():
                pass
    yield _event(
        "message_delta",
        delta={"stop_reason": reason, "stop_sequence": None},
        usage={"output_tokens": usage.output},
    )
    yield _event("message_stop")


def whole(script: Script, request: dict[str, Any]) -> dict[str, Any]:
    usage = find(script, Usage) or Usage()
    content: list[dict[str, Any]] = []
    if text := text_of(script):
        content.append({"type": "text", "text": text})
    calls = [step for step in script if isinstance(step, ToolCall)]
    content += [
        {
            "type": "tool_use",
            "id": call.id or f"toolu_{call.name}_{index}",
            "name": call.name,
            "input": json.loads(arguments(call)),
        }
        for index, call in enumerate(calls)
    ]
    reply = _message(request, content, usage, stop_reason="tool_use" if calls else "end_turn")
    reply["usage"]["output_tokens"] = usage.output
    return reply


def error(error: HttpError) -> Failure:
    kind = error.type or _ERRORS.get(error.status, "api_error")
    body = {"type": "error", "error": {"type": kind, "message": error.message}, "request_id": "req_scripted"}
    return Failure(error.status, body)


def invalid(request: dict[str, Any]) -> str | None:
    """Claude's rules for a conversation."""
    messages = request.get("messages", [])
    if not messages or messages[0]["role"] != "user":
        return 'messages: first message must use the "user" role'
    open_calls: list[str] = []
    for number, message in enumerate(messages):
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not blocks:
            return f"messages.{number}: all messages must have non-empty content"
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if sorted(results) != sorted(open_calls):
            return f"messages.{number}: tool_use ids {open_calls}, tool_result blocks {results}"
        if results and any(block["type"] != "tool_result" for block in blocks[: len(results)]):
            return f"messages.{number}: tool_result blocks must come first"
        if message["role"] == "assistant" and results:
            return f"messages.{number}: tool_result in an assistant message"
        for block in blocks:
            if block["type"] == "text" and not block["text"].strip():
                return f"messages.{number}: text content blocks must contain non-whitespace text"
            if block["type"] == "thinking" and not block.get("signature"):
                return f"messages.{number}: thinking.signature: Field required"
        open_calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        if open_calls and message["role"] != "assistant":
            return f"messages.{number}: tool_use in a user message"
    if open_calls:
        return f"tool_use ids were found without tool_result blocks: {open_calls}"
    if messages[-1]["role"] != "user":
        return "This model does not support assistant message prefill."
    return None


def question(request: dict[str, Any]) -> str:
    return last_said(request.get("messages", []))
