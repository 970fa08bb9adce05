"""What every wire format shares: what an encoder yields, and the pieces of server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from vendors.script import Cut, HttpError, PingsOnly, Script, Stall, ToolCall

# Bytes of one event, seconds to wait, or what the connection itself has to do.
Item = bytes | float | Cut | Stall | PingsOnly


@dataclass(frozen=True)
class Failure:
    """An error instead of an answer: what a vendor says for it."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


class Wire(Protocol):
    """One vendor's format."""

    content_type: str
    """Of a streamed answer."""
    ping: bytes

    def stream(self, script: Script, request: dict[str, Any]) -> Iterator[Item]:
        """The events of a streamed answer, the closing ones included."""
        ...

    def whole(self, script: Script, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request without `stream`."""
        ...

    def error(self, error: HttpError) -> Failure:
        """How the vendor says it."""
        ...

    def invalid(self, request: dict[str, Any]) -> str | None:
        """Why the vendor would not take this conversation; None where it would."""
        ...

    def question(self, request: dict[str, Any]) -> str:
        """The text of the last user message."""
        ...


EVENTS = "text/event-stream"


def dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def data(value: object) -> bytes:
    return f"data: {dump(value)}\n\n".encode()


def event(name: str, value: object) -> bytes:
    return f"event: {name}\ndata: {dump(value)}\n\n".encode()


def pieces(text: str, count: int) -> list[str]:
    """Cut into `count` parts of about the same length; fewer when the text is shorter."""
    size = max(1, -(-len(text) // max(1, count)))
    return [text[start : start + size] for start in range(0, len(text), size)] or [""]


def arguments(call: ToolCall) -> str:
    if call.sent is not None:
        return "".join(piece for piece in call.sent if isinstance(piece, str))
    return call.raw if call.raw is not None else json.dumps(call.args, ensure_ascii=False)


def sent(call: ToolCall) -> Sequence[str | float]:
    """A call's arguments as they are sent: chunks, and seconds to wait."""
    return pieces(arguments(call), call.pieces) if call.sent is None else call.sent


def flatten(content: Any) -> str:
    """The text of a message's content, a string or a list of typed parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part["text"]) for part in content if isinstance(part, dict) and "text" in part)
    return ""


def last_said(messages: list[dict[str, Any]]) -> str:
    """The last text of a person's. Where results of tools are the newest, it is what the person said before."""
    said = (flatten(message.get("content")) for message in reversed(messages) if message.get("role") == "user")
    return next(filter(None, said), "")
