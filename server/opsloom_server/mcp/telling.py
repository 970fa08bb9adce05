"""What a model is told of a server's answer, and what people read of it."""

from typing import Any, Final

import msgspec

from opsloom_server.mcp.answers import Answered

__all__ = ["TOLD_CHARS", "in_words", "told"]

TOLD_CHARS: Final = 24_000
"""Of one answer, some 6,000 tokens."""
ERROR_CHARS: Final = 1_000
SUMMARY_CHARS: Final = 120


def told(answer: Answered, notes: list[str]) -> tuple[Any, str | None]:
    """The value for the model and the summary for people; `notes` say what was shown beside it."""
    text = _cut(answer.text)
    structured = answer.structured
    if structured is not None and (size := len(written := msgspec.json.encode(structured))) > TOLD_CHARS:
        structured = written[:TOLD_CHARS].decode(errors="ignore") + f"… (cut: {size} bytes in all)"
    more: dict[str, Any] = {}
    if answer.resources:
        more["resources"] = list(answer.resources)
    if notes:
        more["notes"] = notes
    summary = next((line.strip() for line in answer.text.splitlines() if line.strip()), None)
    if summary is not None and len(summary) > SUMMARY_CHARS:
        summary = summary[: SUMMARY_CHARS - 1] + "…"
    if not more:
        if structured is None:
            return text or "Done.", summary
        if not text:
            return structured, None
    value = {"text": text} if text else {}
    return value | ({"result": structured} if structured is not None else {}) | more, summary


def in_words(answer: Answered) -> str:
    """An error in the server's own words."""
    text = answer.text.strip() or (str(answer.structured) if answer.structured is not None else "")
    return text[:ERROR_CHARS] or "The tool failed without saying why."


def _cut(text: str) -> str:
    if len(text) <= TOLD_CHARS:
        return text
    return f"{text[:TOLD_CHARS]}… (cut: {len(text)} characters in all)"
