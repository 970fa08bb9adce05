"""What the demo model has to know of a conversation, out of pydantic-ai's messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    RetryPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)


class Returned(Struct, frozen=True):
    """What a tool gave back. `failed` where the call did not work; `value` then says why, in words."""

    tool: str
    value: Any
    failed: bool = False


class Conversation(Struct, frozen=True):
    """The conversation as far as the next step depends on it."""

    question: str  # what the person said last
    before: str  # what they said before that
    is_first: bool  # nothing was answered in words yet
    called: tuple[ToolCallPart, ...]  # tools called since the question, oldest first
    returned: tuple[Returned, ...]  # what came back since the question, oldest first
    instructions: str = ""  # what the assistant is told before


def read(messages: Sequence[ModelMessage]) -> Conversation:
    """The conversation that these messages hold."""
    prompts: list[str] = []
    called: list[ToolCallPart] = []
    returned: list[Returned] = []
    answered = False
    instructions = ""
    for message in messages:
        if isinstance(message, ModelRequest):
            instructions = message.instructions or instructions
            for part in message.parts:
                match part:
                    case UserPromptPart(content=content):
                        prompts.append(_words(content))
                        called.clear()
                        returned.clear()
                    case ToolReturnPart(tool_name=name, content=value, outcome=outcome):
                        returned.append(Returned(name, value, outcome not in ("success", None)))
                    case RetryPromptPart(tool_name=str(name)):
                        returned.append(Returned(name, part.model_response(), True))
                    case _:
                        pass
        elif isinstance(message, ModelResponse):
            called += [part for part in message.parts if isinstance(part, ToolCallPart)]
            answered = answered or any(isinstance(part, TextPart) for part in message.parts)
    question = prompts[-1] if prompts else ""
    before = prompts[-2] if len(prompts) > 1 else ""
    return Conversation(question, before, not answered, tuple(called), tuple(returned), instructions)


def _words(content: Any) -> str:
    """The text of a prompt; files that come with it have no words for this model."""
    if isinstance(content, str):
        return content.strip()
    return "\n".join(part for part in content if isinstance(part, str)).strip()
