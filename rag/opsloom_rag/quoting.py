"""Picks the words of a passage that answer a question best: verbatim, with their place. No model, no I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from opsloom_rag.passages import Passage, Quote

LONGEST = 400
# A sentence shorter than this says little alone ("Yes, it does."): the next one of its paragraph comes along.
SHORT = 60

_WORD = re.compile(r"\w+")
# What may close a sentence or open the next: quotation marks (straight and curly), brackets, Markdown's marks.
_CLOSING, _OPENING = "\"'\u201d\u2019)\\]`*_", "\"'\u201c\u2018(\\[`*_"
_END = re.compile(rf"[.!?\u2026]+[{_CLOSING}]*(?=\s+[{_OPENING}]*[A-Z0-9\u00c0-\u00de])|[\u3002\uff01\uff1f]")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|Dr|Mr|Mrs|Ms|St|No|Fig|approx|[A-Z])\.$")
_FENCE = re.compile(r"\s*(```|~~~)")
_ITEM = re.compile(r"\s*(?:[-*+•>]|\d+[.)])\s+")
_NO_SENTENCE = re.compile(r"\s*(?:#{1,6}\s|\||={3,}|-{3,}|\*{3,}|<!--|\[[^\]]+\]:\s)")
_STOP_WORDS = """
a about an and are as at be by can do does for from has have how i in into is it its me my of on or our that the their
them there these they this to us was we what when where which who why will with you your
"""
_STOP = frozenset(_STOP_WORDS.split())
_SUFFIXES = ("ations", "ation", "ingly", "ings", "ing", "edly", "ies", "ed", "es", "s", "ly")


def best_quote(query: str, passage: Passage) -> Quote:
    """The sentence or two of `passage` that share most with `query`; the first ones where none shares anything.

    `text` is exactly the document's stored text from `start` to `end` (code points), at most 400 of them.
    """
    wanted = _stems(query)
    sentences = list(_sentences(passage.text)) or list(_lines(passage.text)) or [(0, len(passage.text), 0)]
    seen = [_stems(passage.text[start:end]) for start, end, _ in sentences]
    # A word that every sentence holds tells them apart no more than a stop word does.
    rarity = {word: 1 / (1 + sum(word in each for each in seen)) for word in wanted}
    scores = [sum(rarity[word] for word in wanted & each) for each in seen]
    best = max(range(len(sentences)), key=lambda index: (scores[index], -index))
    start, end, block = sentences[best]
    if end - start < SHORT and best + 1 < len(sentences) and sentences[best + 1][2] == block:
        end = sentences[best + 1][1]
    end = _shortened(passage.text, start, end)
    return Quote(passage.text[start:end], passage.start + start, passage.start + end)


def _sentences(text: str) -> Iterator[tuple[int, int, int]]:
    """(start, end, number of its paragraph) of what reads as a sentence; code, tables and headings do not."""
    for block, (start, end) in enumerate(_blocks(text)):
        for sentence_start, sentence_end in _within(text, start, end):
            if _WORD.search(text, sentence_start, sentence_end):
                yield sentence_start, sentence_end, block


def _lines(text: str) -> Iterator[tuple[int, int, int]]:
    """The lines with words, where a passage is nothing but a table or code; each a paragraph of its own."""
    for number, line in enumerate(re.finditer(r"\S(?:[^\n]*\S)?", text)):
        if _WORD.search(line[0]) and not line[0].startswith("#"):
            yield line.start(), line.end(), number


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs and list items, without their bullets."""
    start = end = -1
    fenced = False
    place = 0
    for line in text.splitlines(keepends=True):
        stripped = line.strip()
        fence = _FENCE.match(line)
        item = _ITEM.match(line)
        breaks = fenced or fence or not stripped or _NO_SENTENCE.match(line) or item
        if breaks and start >= 0:
            yield start, end
            start = -1
        if fence:
            fenced = not fenced
        elif stripped and not fenced and not _NO_SENTENCE.match(line):
            if start < 0:
                start = place + (item.end() if item else len(line) - len(line.lstrip()))
            end = place + len(line.rstrip())
        place += len(line)
    if start >= 0:
        yield start, end


def _within(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for mark in _END.finditer(text, start, end):
        if _ABBREVIATION.search(text[start : mark.end()]):
            continue
        yield start, mark.end()
        start = mark.end()
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end


def _shortened(text: str, start: int, end: int) -> int:
    """Cut between two words where it would be too long."""
    if end - start <= LONGEST:
        return end
    space = text.rfind(" ", start, start + LONGEST)
    return space if space > start else start + LONGEST


def _stems(text: str) -> set[str]:
    folded = "".join(char for char in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(char))
    return {_stem(word) for word in _WORD.findall(folded) if word not in _STOP}


def _stem(word: str) -> str:
    """Roughly: enough that "embedding" meets "embed" and "pages" meets "page"."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    word = word.removesuffix("e")
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word
