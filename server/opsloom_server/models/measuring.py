"""How much a model is told, in characters: the measure for tokens that nobody has counted yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from pydantic_ai.messages import BinaryContent, ModelMessage, ToolCallPart
from pydantic_ai.tools import ToolDefinition

# A picture is some 1,000 to 1,600 tokens with every vendor, whatever its size in bytes; a page of a PDF is no less.
PICTURE_CHARS: Final = 5_000
PAGE_BYTES: Final = 50_000


def characters(
    messages: Iterable[ModelMessage], instructions: str | None, prompt: object, tools: Sequence[ToolDefinition]
) -> int:
    """About how many characters all of this is for a model."""
    count = len(instructions or "") + _content(prompt)
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                count += len(part.args) if isinstance(part.args, str) else _json(part.args)
            else:
                count += _content(getattr(part, "content", None))
    for tool in tools:
        count += len(tool.name) + len(tool.description or "") + _json(tool.parameters_json_schema)
    return count


def _content(content: object) -> int:
    if content is None:
        return 0
    if isinstance(content, str):
        return len(content)
    if isinstance(content, BinaryContent):
        return PICTURE_CHARS if content.is_image else PICTURE_CHARS * (1 + len(content.data) // PAGE_BYTES)
    if isinstance(content, list | tuple):
        return sum(_content(one) for one in content)
    return _json(content)


def _json(value: object) -> int:
    try:
        return len(msgspec.json.encode(value))
    except TypeError:
        return len(str(value))
