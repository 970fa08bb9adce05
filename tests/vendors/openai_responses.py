"""OpenAI's Responses API, as it streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vendors import openai_chat
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
from vendors.wire import EVENTS, Item, arguments, flatten, last_said, pieces, sent
from vendors.wire import event as sse

content_type = EVENTS

ping = b": ping\n\n"


def _response(request: dict[str, Any], status: str, output: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "id": "resp_scripted",
        "object": "response",
        "created_at": openai_chat.CREATED,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": request.get("model", "scripted"),
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "service_tier": "default",
        "usage": None,
        **more,
    }


def _usage(script: Script) -> dict[str, Any]:
    usage = find(script, Usage) or Usage()
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.input + usage.output,
    }


class _Answer:
    """One answer under way: numbers its events and keeps the finished items for the last one."""

    def __init__(self) -> None:
        self.sequence = -1
        self.output: list[dict[str, Any]] = []

    def event(self, kind: str, **fields: Any) -> bytes:
        self.sequence += 1
        return sse(kind, {"type": kind, "sequence_number": self.sequence, **fields})

    def added(self, item: dict[str, Any]) -> bytes:
        return self.event("response.output_item.added", output_index=len(self.output), item=item)

    def done(self, item: dict[str, Any]) -> bytes:
        index = len(self.output)
        self.output.append(item)
        return self.event("response.output_item.done", output_index=index, item=item)

    def text(self, step: Text) -> Iterator[Item]:
        at = {"item_id": f"msg_{len(self.output)}", "output_index": len(self.output), "content_index": 0}
        item = {"id": at["item_id"], "type": "message", "role": "assistant"}
        yield self.added({**item, "status": "in_progress", "content": []})
        empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        yield self.event("response.content_part.added", **at, part=empty)
        said = ""
        for token in step.paced():
            if not isinstance(token, str):
                yield token
                continue
            said += token
            yield self.event("response.output_text.delta", **at, delta=token, logprobs=[], obfuscation="x9")
        yield self.event("response.output_text.done", **at, text=said, logprobs=[])
        part = {**empty, "text": said}
        yield self.event("response.content_part.done", **at, part=part)
        yield self.done({**item, "status": "completed", "content": [part]})

    def reasoning(self, step: Reasoning) -> Iterator[Item]:
        at = {"item_id": f"rs_{len(self.output)}", "output_index": len(self.output), "summary_index": 0}
        item = {"id": at["item_id"], "type": "reasoning"}
        yield self.added({**item, "summary": []})
        yield self.event("response.reasoning_summary_part.added", **at, part={"type": "summary_text", "text": ""})
        said = ""
        for token in step.paced():
            if not isinstance(token, str):
                yield token
                continue
            said += token
            yield self.event("response.reasoning_summary_text.delta", **at, delta=token, obfuscation="x9")
        yield self.event("response.reasoning_summary_text.done", **at, text=said)
        part = {"type": "summary_text", "text": said}
        yield self.event("response.reasoning_summary_part.done", **at, part=part)
        yield self.done({**item, "summary": [part], "encrypted_content": "scripted"})

    def refusal(self, step: Refusal) -> Iterator[Item]:
        at = {"item_id": f"msg_{len(self.output)}", "output_index": len(self.output), "content_index": 0}
        item = {"id": at["item_id"], "type": "message", "role": "assistant"}
        yield self.added({**item, "status": "in_progress", "content": []})
        yield self.event("response.content_part.added", **at, part={"type": "refusal", "refusal": ""})
        for piece in pieces(step.text, 3):
            yield self.event("response.refusal.delta", **at, delta=piece)
        yield self.event("response.refusal.done", **at, refusal=step.text)
        part = {"type": "refusal", "refusal": step.text}
        yield self.event("response.content_part.done", **at, part=part)
        yield self.done({**item, "status": "completed", "content": [part]})

    def call(self, step: ToolCall) -> Iterator[Item]:
        index = len(self.output)
        item = {
            "id": f"fc_{index}",
            "type": "function_call",
            "call_id": step.id or f"call_{step.name}_{index}",
            "name": step.name,
        }
        yield self.added({**item, "status": "in_progress", "arguments": ""})
        whole = arguments(step)
        at = {"item_id": item["id"], "output_index": index}
        for piece in sent(step):
            if isinstance(piece, str):
                yield self.event("response.function_call_arguments.delta", **at, delta=piece)
            else:
                yield piece
        yield self.event("response.function_call_arguments.done", **at, arguments=whole, name=step.name)
        yield self.done({**item, "status": "completed", "arguments": whole})


def stream(script: Script, request: dict[str, Any]) -> Iterator[Item]:
    answer = _Answer()
    yield answer.event("response.created", response=_response(request, "in_progress", []))
    yield answer.event("response.in_progress", response=_response(request, "in_progress", []))
    incomplete: str | None = None
    for step in script:
        match step:
            case Reasoning():
                yield from answer.reasoning(step)
            case Text():
                yield from answer.text(step)
            case Refusal():
                yield from answer.refusal(step)
            case ToolCall():
                yield from answer.call(step)
            case Finish():
                incomplete = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(step.reason)
            case StreamError():
                yield answer.event("error", code=step.type, message=step.message, param=None)
                return
            case Garbage():
                yield f"event: response.output_text.delta\ndata: {step.data}\n\n".encode()
            case Raw():
                yield step.data
            case Pause():
                yield step.seconds
            case Cut() | Stall() | PingsOnly():
                yield step
                return
            case Usage() | HttpError() | Late():
                pass
    status = "incomplete" if incomplete else "completed"
    details = {"reason": incomplete} if incomplete else None
    body = _response(request, status, answer.output, usage=_usage(script), incomplete_details=details)
    yield answer.event(f"response.{status}", response=body)


def whole(script: Script, request: dict[str, Any]) -> dict[str, Any]:
    answer = _Answer()
    for step in script:
        match step:
            case Reasoning():
                list(answer.reasoning(step))
            case Text():
                list(answer.text(step))
            case Refusal():
                list(answer.refusal(step))
            case ToolCall():
                list(answer.call(step))
            case _:
                pass
    return _response(request, "completed", answer.output, usage=_usage(script))


error = openai_chat.error


def invalid(request: dict[str, Any]) -> str | None:
    """The rules of Responses for a conversation."""
    asked = request.get("input", "")
    items = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    calls = [item["call_id"] for item in items if item.get("type") == "function_call"]
    outputs = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
    if missing := [call for call in calls if call not in outputs]:
        return f"No tool output found for function call {missing[0]}."
    if missing := [call for call in outputs if call not in calls]:
        return f"No tool call found for function call output with call_id {missing[0]}."
    for number, item in enumerate(items):
        after = items[number + 1] if number + 1 < len(items) else {}
        if item.get("type") == "reasoning" and not (
            after.get("role") == "assistant" or after.get("type") in ("function_call", "reasoning", "message")
        ):
            return f"Item '{item.get('id')}' of type 'reasoning' was provided without its required following item."
        if "role" in item and not flatten(item.get("content")):
            return f"input[{number}]: empty content"
    return None


def question(request: dict[str, Any]) -> str:
    asked = request.get("input", "")
    if isinstance(asked, str):
        return asked
    return last_said(asked)
