"""Claude at Amazon Bedrock: Anthropic's own events, each wrapped into a message of Amazon's binary framing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vendors import anthropic, bedrock_converse, eventstream
from vendors.script import Script, StreamError
from vendors.wire import Item

content_type = eventstream.TYPE
question = anthropic.question
whole = anthropic.whole
error = bedrock_converse.error


def _wrapped(event: bytes) -> bytes:
    """`event: NAME`, `data: {event}` as a chunk that holds the event alone."""
    return eventstream.chunk(event.partition(b"data: ")[2].strip())


ping = _wrapped(anthropic.ping)


def stream(script: Script, request: dict[str, Any]) -> Iterator[Item]:
    until = next((number for number, step in enumerate(script) if isinstance(step, StreamError)), len(script))
    ending = script[until] if until < len(script) else None
    for item in anthropic.stream(script, request):
        if not isinstance(item, bytes):
            yield item
        elif isinstance(ending, StreamError) and item.startswith(b"event: error"):
            yield bedrock_converse.exception(ending)
        elif item.startswith(b"event: "):
            yield _wrapped(item)
        else:
            yield item


def invalid(request: dict[str, Any]) -> str | None:
    """What `InvokeModel` asks for beyond Claude's own rules: the model's name stands in the path."""
    if "anthropic_version" not in request:
        return "anthropic_version: Field required"
    if extra := {"model", "stream"} & request.keys():
        return f"{sorted(extra)}: Extra inputs are not permitted"
    return anthropic.invalid(request)
