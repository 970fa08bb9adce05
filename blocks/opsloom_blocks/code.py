"""`code`: text of a program, or what changed in it."""

import difflib
from typing import Annotated, Final

from msgspec import Meta
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind

FALLBACK_LINES: Final = 200
"""Lines that the plain text holds."""
DIFF_LINES: Final = 400
"""Most lines of either side that are compared: comparing 400 with 400 takes up to 30 ms of a server's core."""


class Code(Data, frozen=True, kw_only=True):
    code: Annotated[str, Meta(min_length=1, max_length=60_000)]
    language: Annotated[str, Meta(max_length=40, description="like python, sql, yaml; for its colours")] | None = None
    title: Annotated[str, Meta(max_length=200, description="what it is, or its file's name")] | None = None
    before: (
        Annotated[str, Meta(max_length=60_000, description="the text as it was; then the difference is shown")] | None
    ) = None


class CodeKind(BlockKind[Code]):
    kind = "code"
    title = "Show code"
    about = (
        "Show code or configuration with its colours and a button to copy it. With `before`, show what changed. "
        "Use it for whole files and changes; a few lines go into the answer itself."
    )
    data = Code
    example = Code(
        title="shipping.py",
        language="python",
        before="def cost(weight):\n    return 4.9\n",
        code="def cost(weight):\n    return 4.9 if weight < 2 else 7.9\n",
    )

    def fallback(self, data: Code) -> str:
        lines = data.code.splitlines()
        head = data.title or ""
        if data.before is not None:
            head = f"Change of {data.title}" if data.title else "Change"
            lines = list(difflib.unified_diff(data.before.splitlines(), lines, n=2, lineterm=""))[2:]
        elif data.language:
            head = f"{head} ({data.language})".strip()
        more = [f"… and {len(lines) - FALLBACK_LINES} more lines"] if len(lines) > FALLBACK_LINES else []
        return "\n".join([*([head] if head else []), *lines[:FALLBACK_LINES], *more])

    def check(self, data: Code) -> list[Issue]:
        if data.before is None:
            return []
        sides = (("/before", data.before), ("/code", data.code))
        return [
            Issue(path=path, text=f"This has {count} lines; at most {DIFF_LINES} are compared.")
            for path, text in sides
            if (count := len(text.splitlines())) > DIFF_LINES
        ]


CODE = CodeKind()
