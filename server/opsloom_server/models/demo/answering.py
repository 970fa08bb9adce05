"""Passages in, an answer out: whole sentences of theirs, word for word, each with its [number]."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from opsloom_server.models.demo.asking import is_how_to, stems

# A passage that shares less than this with the question is about something else.
RELEVANT: Final = 0.34
# One that shares less than this may answer something else.
SURE: Final = 0.6
# One that shares this much less than the best one adds nothing.
BESIDE: Final = 0.7
# What a place further down in the search's order takes away, of 1.
RANK: Final = 0.05
# What the heading adds to it, of 1.
HEADING: Final = 0.4
# Characters of prose taken from the best passage; two paragraphs of good documentation.
PROSE: Final = 700

_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})\s*([\w+-]*)")
_HEADING: Final = re.compile(r" {0,3}#{1,6}\s")
_ITEM: Final = re.compile(r"\s*([-*+]|\d+[.)])\s+")
_IMAGE: Final = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK: Final = re.compile(r"\[([^\]]+)\]\((?!https?://)[^)]*\)")
_MARK: Final = re.compile(r"\[(\d{1,3})\]")
_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+(?=[A-Z“\"'(`*\[])")


class Passage(Struct, frozen=True):
    """A passage that a search gave."""

    number: int
    title: str
    text: str
    quote: str

    @property
    def section(self) -> str:
        """The innermost heading, for people."""
        return self.title.rsplit("\u203a", 1)[-1].strip() or "the documents"


class Block(Struct, frozen=True):
    """A paragraph, list or table (`prose`), or the inside of a fence (`code`)."""

    kind: Literal["prose", "list", "table", "code"]
    text: str
    language: str = ""


def passages(value: Any) -> list[Passage]:
    """The passages in what the search returned; what does not look like one is left out."""
    found = value.get("passages", ()) if isinstance(value, Mapping) else value
    if not isinstance(found, Sequence) or isinstance(found, str):
        return []
    return [
        Passage(int(one["number"]), str(one.get("title", "")), str(one["text"]), str(one.get("quote", "")))
        for one in found
        if isinstance(one, Mapping) and "number" in one and "text" in one
    ]


def answer(question: str, found: Sequence[Passage]) -> str | None:
    """An answer in Markdown, or None where no passage speaks of what was asked."""
    asked = _weights(stems(question), found)
    shares = [_share(asked, passage) for passage in found]
    # The search knows more than shared words do (it compares meanings), so its order counts where these say little.
    rated = sorted(
        (
            (share - RANK * rank, passage)
            for rank, (share, passage) in enumerate(zip(shares, found, strict=True))
            if share >= RELEVANT
        ),
        key=lambda one: -one[0],
    )
    if not rated:
        return None
    best = rated[0][1]
    chosen = _chosen(best, asked, is_how_to(question))
    where = " \u203a ".join(part.strip() for part in best.title.split("\u203a")) or "the documents"
    sure = _told(asked, f"{best.title} {best.text}") >= SURE * sum(asked.values())
    opening = "The documents answer this under" if sure else "The nearest that the documents come to this is"
    lines = [f"{opening} **{plain(where)}**:", "", *_shown(chosen, best.number)]
    said = "\n".join(block.text for block in chosen)
    if beside := _beside(rated[1:], rated[0][0], said):
        lines += ["", "Also relevant:", ""]
        lines += [f"- **{plain(one.section)}**: “{_one_line(one.quote)}” [{one.number}]" for one in beside]
    return "\n".join(lines)


def _weights(words: frozenset[str], found: Sequence[Passage]) -> dict[str, float]:
    """How much each word of the question tells: one that every passage holds tells them apart least."""
    seen = [stems(f"{passage.title} {passage.text}") for passage in found]
    return {word: 1 / (1 + sum(word in each for each in seen)) ** 0.5 for word in words}


def _share(asked: Mapping[str, float], passage: Passage) -> float:
    """How much of the question the passage speaks of; what its own heading names counts more."""
    total = sum(asked.values())
    if not total:
        return 0.0
    return (_told(asked, f"{passage.title} {passage.text}") + HEADING * _told(asked, passage.section)) / total


def _told(asked: Mapping[str, float], text: str) -> float:
    seen = stems(text)
    return sum(weight for word, weight in asked.items() if word in seen)


def _beside(rated: Sequence[tuple[float, Passage]], best: float, said: str) -> list[Passage]:
    """Up to two more passages that say something else about it."""
    beside: list[Passage] = []
    for share, passage in rated:
        quote = passage.quote.strip()
        known = [said, *(other.quote for other in beside)]
        if share < best * BESIDE or len(quote) < 40 or any(quote in text or text in quote for text in known if text):
            continue
        if not any(block.kind == "prose" and quote in block.text for block in parsed(passage.text)):
            continue  # code, or half a list
        beside.append(passage)
        if len(beside) == 2:
            break
    return beside


def _chosen(passage: Passage, asked: Mapping[str, float], how_to: bool) -> list[Block]:
    """What to quote: the paragraph that says most about the question, what follows, and the code that goes with it."""
    blocks = parsed(passage.text)
    prose = [index for index, block in enumerate(blocks) if block.kind != "code"]
    if not prose:
        return blocks[:1]
    scores = {index: _told(asked, blocks[index].text) for index in prose}
    first = max(prose, key=lambda index: (scores[index], -index))
    if how_to:
        # Steps are read from where they begin: the code that belongs to the best paragraph may stand two below it.
        codes = [index for index, block in enumerate(blocks) if block.kind == "code"]
        near = min(codes, key=lambda index: (abs(index - first), index < first), default=None)
        low, high = (first, first) if near is None else (min(first, near), max(first, near))
        if near is not None and low == near and near > 0 and blocks[near - 1].kind == "prose":
            low = near - 1  # the sentence that leads to the code
    else:
        low = high = first
    chosen = list(range(low, high + 1))
    room = PROSE - sum(len(blocks[index].text) for index in chosen if blocks[index].kind != "code")
    for index in range(high + 1, len(blocks)):
        block = blocks[index]
        if block.kind == "code" and not (how_to or blocks[index - 1].text.rstrip().endswith(":")):
            break
        if block.kind != "code" and (len(block.text) > room):
            break
        chosen.append(index)
        room -= len(block.text) if block.kind != "code" else 0
    # A sentence that ends in a colon leads to something; alone it leads nowhere.
    while len(chosen) > 1 and blocks[chosen[-1]].kind == "prose" and blocks[chosen[-1]].text.rstrip().endswith(":"):
        chosen.pop()
    return [_shortened(blocks[index], asked) for index in chosen]


def _shortened(block: Block, asked: Mapping[str, float]) -> Block:
    """A long paragraph down to the sentences round the one that says most."""
    if block.kind != "prose" or len(block.text) <= PROSE:
        return block
    sentences = _SENTENCE.split(block.text)
    best = max(range(len(sentences)), key=lambda index: (_told(asked, sentences[index]), -index))
    text = sentences[best]
    for sentence in sentences[best + 1 :]:
        if len(text) + len(sentence) > PROSE:
            break
        text = f"{text} {sentence}"
    return Block("prose", text)


def parsed(text: str) -> list[Block]:
    """A passage's Markdown as blocks, without headings, rules and pictures. A cut fence is closed."""
    blocks: list[Block] = []
    lines: list[str] = []
    code: list[str] | None = None
    fence = language = ""

    def end() -> None:
        joined = "\n".join(lines).strip("\n")
        lines.clear()
        if joined.strip():
            blocks.append(Block(_kind(joined), joined))

    for line in _whole_fences(text).splitlines():
        mark = _FENCE.match(line)
        if code is not None:
            if mark and mark[1].startswith(fence) and not mark[2]:
                blocks.append(Block("code", "\n".join(code), language))
                code = None
            else:
                code.append(line)
        elif mark:
            end()
            code, fence, language = [], mark[1], mark[2]
        elif _HEADING.match(line) or re.fullmatch(r"\s*([-*_])\s*(\1\s*){2,}", line) or line.startswith("<!--"):
            end()
        elif not line.strip():
            # A list may have empty lines between its items; anything else ends here.
            if not (lines and _ITEM.match(lines[0])):
                end()
            else:
                lines.append("")
        elif lines and not lines[-1] and not (_ITEM.match(line) or line.startswith("  ")):
            end()
            lines.append(line)
        else:
            lines.append(line)
    end()
    if code:
        blocks.append(Block("code", "\n".join(code), language))
    return blocks


def _whole_fences(text: str) -> str:
    """Without the rest of a fence that began before the passage did."""
    marks = [line for line in text.splitlines() if _FENCE.match(line)]
    if len(marks) % 2 and (found := _FENCE.match(marks[0])) and not found[2]:
        return text.partition(f"{marks[0]}\n")[2]
    return text


def _kind(text: str) -> Literal["prose", "list", "table"]:
    if _ITEM.match(text):
        return "list"
    return "table" if text.lstrip().startswith("|") else "prose"


def _shown(blocks: Sequence[Block], number: int) -> list[str]:
    """The blocks as quotations, each with the number at its end; code stands as it is, to be copied."""
    lines: list[str] = []
    for index, block in enumerate(blocks):
        following = blocks[index + 1].kind if index + 1 < len(blocks) else None
        ends = block.kind == "table" or (block.kind in _QUOTED and following not in _QUOTED)
        if lines:
            # Prose that goes on stays in the same quotation.
            lines.append(">" if block.kind in _QUOTED and blocks[index - 1].kind in _QUOTED else "")
        lines += _as_lines(block, f" [{number}]" if ends else "")
    quoted = any(block.kind != "code" for block in blocks)
    return lines if quoted else [*lines, "", f"That is from [{number}]."]


_QUOTED: Final = ("prose", "list")


def _as_lines(block: Block, mark: str) -> list[str]:
    if block.kind == "code":
        fence = "```" if "```" not in block.text else "~~~~"
        return [f"{fence}{block.language}", *block.text.splitlines(), fence]
    # A paragraph's own line ends mean nothing, and some views would show them.
    lines = [_one_line(block.text)] if block.kind == "prose" else plain(block.text).splitlines()
    if block.kind == "table":
        return [*lines, "", f"That table is from{mark}."] if mark else lines
    return [f"> {line}".rstrip() for line in [*lines[:-1], lines[-1].rstrip() + mark]]


def plain(text: str) -> str:
    """Markdown without what means nothing outside its document: relative links, pictures, marks like [1]."""
    return _MARK.sub(r"(\1)", _LINK.sub(r"\1", _IMAGE.sub("", text)))


def _one_line(text: str) -> str:
    return plain(" ".join(text.split()))
