"""Data that fit no kind, said in plain text: what a model meant to show is not lost because it got the shape wrong."""

from collections.abc import Iterator
from typing import Any, Final

from opsloom_protocol.messages import Block

from opsloom_blocks.kind import number

WORDS_CHARS: Final = 4_000
"""Longest text: about a page; the model reads it again in every later turn."""
_DEPTH: Final = 6
_HEADS: Final = ("title", "prompt", "label", "name", "text")
"""Fields whose value says what it is by itself."""


def in_words(raw: Any, id: str) -> Block | None:  # noqa: A002
    """A block of kind `text`, which no client draws, so that each shows its fallback; None where nothing is said."""
    text = spoken(raw)
    return Block(id=id, kind="text", version=1, data={"text": text}, fallback=text) if text else None


def spoken(raw: Any) -> str:
    """Plain JSON values as lines of text, cut at a page; empty where they hold no words."""
    lines, left = [], WORDS_CHARS
    for line in _lines(raw, 0):
        if len(line) > left:
            lines.append(f"{line[:left]}…")
            break
        lines.append(line)
        left -= len(line) + 1
    return "\n".join(lines).replace("\0", "").strip()


def _lines(value: Any, depth: int) -> Iterator[str]:
    if depth > _DEPTH:
        return
    if isinstance(value, dict):
        for key in sorted(value, key=lambda key: key not in _HEADS):
            item = value[key]
            if isinstance(item, dict | list):
                inner = list(_lines(item, depth + 1))
                yield from [f"{key}:", *(f"  {line}" for line in inner)] if inner else []
            elif word := _word(item):
                yield word if key in _HEADS and isinstance(item, str) else f"{key}: {word}"
    elif isinstance(value, list):
        for item in value:
            first, *more = list(_lines(item, depth + 1)) or [""]
            if first:
                yield f"- {first}"
                yield from (f"  {line}" for line in more)
    elif word := _word(value):
        yield word


def _word(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number(value) if abs(value) < 1e300 else ""
        case _:
            return str(value).strip()
