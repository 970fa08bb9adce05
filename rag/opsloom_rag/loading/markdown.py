"""Markdown, kept as it was written, so that a quote from it stands in the file word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator

from opsloom_rag.errors import LoadError
from opsloom_rag.loading.decoding import decode
from opsloom_rag.loading.loaded import Heading, Limits, Loaded, clean, stem

_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|$)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE)
_SIGNS = re.compile(
    r"^ {0,3}#{1,6} +\S|^ {0,3}(?:```|~~~)|\]\([^)\s]{1,500}\)|^={3,}[ \t]*$|^[-*] +\[?\S", re.MULTILINE
)
_DECORATION = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}|<[^>]{1,200}>|\{#[^}]*\}")


# A longer line is no heading; the patterns above take time that grows with the square of a line.
LONGEST = 500


class MarkdownLoader:
    media_type = "text/markdown"
    isolated_over = None

    def claims(self, data: bytes, name: str) -> bool:
        if name.lower().endswith((".md", ".markdown")):
            return True
        if name.lower().endswith((".txt", ".log", ".csv", ".json", ".py", ".sh", ".yaml", ".yml", ".toml", ".ini")):
            return False
        try:
            return _SIGNS.search(decode(data[:65536].rpartition(b"\n")[0] or data)) is not None
        except LoadError:
            return False

    def load(self, data: bytes, name: str, limits: Limits) -> Loaded:
        text = clean(decode(data))
        found = list(headings(text))
        front = _FRONT_MATTER.match(text)
        named = _FRONT_TITLE.search((front[1] or "")[:4096]) if front else None
        title = named[1].strip("\"'") if named else found[0].title if found and found[0].level <= 2 else stem(name)
        return Loaded(
            title=title or stem(name), text=text, media_type=self.media_type, markup="markdown", headings=found
        )


def headings(text: str) -> Iterator[Heading]:
    """The headings outside of code, by their place; both ways of writing them."""
    front = _FRONT_MATTER.match(text)
    start = front.end() if front else 0
    fence = ""
    above = ""  # the line before, where it may be a heading underlined by this one
    above_start = start
    for line in text[start:].split("\n"):
        mark = _FENCE.match(line)
        if len(line) > LONGEST:
            above = ""
        elif fence:
            if mark and mark[1].startswith(fence) and line.strip() == mark[1]:
                fence = ""
        elif mark:
            fence, above = mark[1], ""
        elif atx := _ATX.match(line):
            if title := plain_words(atx[2]):
                yield Heading(start, len(atx[1]), title)
            above = ""
        elif above and (under := _UNDERLINE.match(line)):
            yield Heading(above_start, 1 if under[1][0] == "=" else 2, plain_words(above))
            above = ""
        else:
            # Under a paragraph of several lines, or a list or table, "---" is something else.
            single = not above and line.strip() and not re.match(r"\s*([-*+>|]|\d+\.)|\s{4}", line)
            above = line.strip() if single else ("" if not line.strip() else above and "")
            above_start = start
        start += len(line) + 1


def plain_words(text: str) -> str:
    """A heading without its decoration: links, emphasis, code marks, anchors."""
    return re.sub(r"\s+", " ", _DECORATION.sub(lambda match: match[1] or "", text)).strip()
