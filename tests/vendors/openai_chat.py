"""OpenAI's Chat Completions, as servers stream it."""

from __future__ import annotations

from collections.abc import Iterator
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
from vendors.wire import EVENTS, Failure, Item, arguments, data, flatten, last_said, pieces, sent

content_type = EVENTS
ping = b": ping\n\n"
CREATED = 1_763_800_000


def _chunk(request: dict[str, Any], choices: list[dict[str, Any]], **more: Any) -> bytes:
    return data(
        {
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": request.get("model", "scripted"),
            "service_tier": "default",
            "system_fingerprint": "fp_scripted",
            "choices": choices,
            **more,
        }
    )


def _delta(request: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> bytes:
    return _chunk(request, [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}])


def usage_of(script: Script) -> dict[str, Any]:
    usage = find(script, Usage) or Usage()
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _call_id(call: ToolCall, index: int) -> str:
    return call.id or f"call_{call.name}_{index}"


def stream(script: Script, request: dict[str, Any]) -> Iterator[Item]:
    reason = "stop"
    tools = 0
    yield _delta(request, {"role": "assistant", "content": "", "refusal": None})
    for step in script:
        match step:
            case Reasoning():
                for token in step.paced():
                    yield _delta(request, {step.field: token}) if isinstance(token, str) else token
            case Text():
                for token in step.paced():
                    yield _delta(request, {"content": token}) if isinstance(token, str) else token
            case Refusal():
                for token in pieces(step.text, 3):
                    yield _delta(request, {"refusal": token})
            case ToolCall():
                head = {
                    "index": tools,
                    "id": _call_id(step, tools),
                    "type": "function",
                    "function": {"name": step.name, "arguments": ""},
                }
                yield _delta(request, {"tool_calls": [head]})
                for piece in sent(step):
                    if isinstance(piece, str):
                        yield _delta(request, {"tool_calls": [{"index": tools, "function": {"arguments": piece}}]})
                    else:
                        yield piece
                tools += 1
                reason = "tool_calls"
            case Finish():
                reason = step.reason
            case StreamError():
                yield data({"error": {"message": step.message, "type": step.type, "param": None, "code": None}})
                return
            case Garbage():
                yield f"data: {step.data}\n\n".encode()
            case Raw():
                yield step.data
            case Pause():
                yield step.seconds
            case Cut() | Stall() | PingsOnly():
                yield step
                return
            case Usage() | HttpError() | Late():
                pass
    yield _delta(request, {}, finish=reason)
    if (request.get("stream_options") or {}).get("include_usage"):
        yield _chunk(request, [], usage=usage_of(script))
    yield b"data: [DONE]\n\n"


def whole(script: Script, request: dict[str, Any]) -> dict[str, Any]:
    calls = [step for step in script if isinstance(step, ToolCall)]
    message: dict[str, Any] = {"role": "assistant", "content": text_of(script) or None, "refusal": None}
    if calls:
        message["tool_calls"] = [
            {
                "id": _call_id(call, index),
                "type": "function",
                "function": {"name": call.name, "arguments": arguments(call)},
            }
            for index, call in enumerate(calls)
        ]
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": CREATED,
        "model": request.get("model", "scripted"),
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}],
        "usage": usage_of(script),
    }


def error(error: HttpError) -> Failure:
    status = 503 if error.status == 529 else error.status
    body = {
        "message": error.message,
        "type": error.type or ("server_error" if status >= 500 else "invalid_request_error"),
        "param": None,
        "code": error.code,
    }
    return Failure(status, {"error": body})


def invalid(request: dict[str, Any]) -> str | None:
    """The rules of Chat Completions for a conversation."""
    open_calls: list[str] = []
    for number, message in enumerate(request.get("messages", [])):
        role = message["role"]
        if role == "tool":
            if message["tool_call_id"] not in open_calls:
                return f"messages.[{number}]: 'tool' must be a response to a preceding message with 'tool_calls'"
            open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            return f"An assistant message with 'tool_calls' must be followed by tool messages: {open_calls}"
        open_calls = [call["id"] for call in message.get("tool_calls") or ()]
        if not open_calls and not flatten(message.get("content")) and role != "assistant":
            return f"messages.[{number}]: empty content"
        if role == "assistant" and not open_calls and not message.get("content"):
            return f"messages.[{number}]: an assistant message needs content or tool_calls"
    return f"'tool_calls' without response messages: {open_calls}" if open_calls else None


def question(request: dict[str, Any]) -> str:
    return last_said(request.get("messages", []))
