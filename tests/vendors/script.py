"""What a scripted model says: the steps of one answer, the same for every vendor's wire format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar


def words(text: str) -> list[str]:
    """Cut a text into tokens the way models do: a word with the space before it.

    >>> words("one two")
    ['one', ' two']
    """
    tokens: list[str] = []
    start = 0
    for index, char in enumerate(text):
        if char in " \n" and index > start and text[index - 1] not in " \n":
            tokens.append(text[start:index])
            start = index
    if start < len(text):
        tokens.append(text[start:])
    return tokens


SILENCE = 20.0
"""Seconds that no test waits through."""


@dataclass(frozen=True)
class Late:
    """Wait before the very first byte; without a number, as long as no test does."""

    seconds: float = SILENCE


@dataclass(frozen=True)
class Text:
    """Text, one token a chunk. `tokens` replaces the cutting into words; `delay` is seconds before each token, and
    before the token of the number `hold` the vendor falls silent for longer than a test waits."""

    text: str = ""
    tokens: Sequence[str] | None = None
    delay: float = 0.0
    hold: int | None = None

    def cut(self) -> Sequence[str]:
        return words(self.text) if self.tokens is None else self.tokens

    def paced(self) -> Iterator[str | float]:
        """The tokens, and seconds to wait before them."""
        for number, token in enumerate(self.cut()):
            if number == self.hold:
                yield SILENCE
            if self.delay:
                yield self.delay
            yield token


@dataclass(frozen=True)
class Reasoning(Text):
    """Thinking, shown as each vendor shows it. `field` is where Chat Completions servers put it."""

    field: str = "reasoning_content"


@dataclass(frozen=True)
class Refusal:
    """The vendor's own refusal (OpenAI: a refusal part; Anthropic: stop reason `refusal`)."""

    text: str = "I cannot help with that."


@dataclass(frozen=True)
class ToolCall:
    """A call of a tool. `raw` replaces the JSON of `args`; its text is sent in `pieces` chunks.

    `sent` replaces the cutting: the chunks, and between them seconds to wait.
    """

    name: str
    args: dict[str, Any] = field(default_factory=dict)
    id: str | None = None
    pieces: int = 3
    raw: str | None = None
    sent: Sequence[str | float] | None = None


@dataclass(frozen=True)
class Usage:
    """Token counts as the vendor reports them; without this step a plausible count is sent."""

    input: int = 10
    output: int = 5
    cached: int = 0


@dataclass(frozen=True)
class Finish:
    """End with this reason, in OpenAI's words: stop, length, content_filter, tool_calls."""

    reason: str


@dataclass(frozen=True)
class HttpError:
    """Answer with an error status instead of a stream. `code` and `message` go into the vendor's error object."""

    status: int
    message: str = "scripted error"
    code: str | None = None
    type: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True)
class StreamError:
    """An error object inside the stream, after status 200."""

    message: str = "The server had an error while processing your request."
    type: str = "server_error"


@dataclass(frozen=True)
class Cut:
    """Drop the connection without ending the body."""


@dataclass(frozen=True)
class Garbage:
    """An event that is not JSON."""

    data: str = '{"this is not'


@dataclass(frozen=True)
class Raw:
    """These bytes, as they are."""

    data: bytes


@dataclass(frozen=True)
class Pause:
    """Send nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Stall:
    """Send nothing any more, but keep the connection open."""


@dataclass(frozen=True)
class PingsOnly:
    """Send the vendor's keep-alive and nothing else, every so many seconds, until the client goes."""

    every: float = 0.05


Step = (
    Text
    | Reasoning
    | Refusal
    | ToolCall
    | Usage
    | Finish
    | HttpError
    | StreamError
    | Cut
    | Garbage
    | Raw
    | Pause
    | Stall
    | PingsOnly
    | Late
)
Script = Sequence[Step]
_T = TypeVar("_T")


def text_of(script: Script) -> str:
    """All text of a script, reasoning left out: the oracle for what a client must end up with."""
    return "".join("".join(step.cut()) for step in script if type(step) is Text)


def find(script: Script, kind: type[_T]) -> _T | None:
    """The first step of this kind."""
    return next((step for step in script if isinstance(step, kind)), None)
