"""What every loader gives back, and what each may cost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct


class Heading(Struct, frozen=True):
    """A heading and the code point of the text where its section begins; `level` 1 is the outermost."""

    start: int
    level: int
    title: str


class Loaded(Struct, frozen=True, kw_only=True):
    """A document as text. `pages` are (page number, first code point), in order; empty where there are no pages."""

    title: str
    text: str
    media_type: str
    markup: Literal["markdown", "plain"]
    headings: Sequence[Heading] = ()
    pages: Sequence[tuple[int, int]] = ()


class Limits(Struct, frozen=True, kw_only=True):
    """What a document may cost before it is refused in words."""

    bytes: int = 20 * 1024 * 1024
    chars: int = 10_000_000  # some 10,000 chunks: four minutes of embedding on two cores
    pages: int = 2_000
    memory: int = 512 * 1024 * 1024  # of the process that reads PDF and large HTML
    seconds: int = 30  # its CPU time, and its time on the clock


class Loader(Protocol):
    """One kind of document. `load` may run in a process of its own, so it takes bytes and gives a plain value."""

    @property
    def media_type(self) -> str:
        """Of the documents it reads."""
        ...

    @property
    def isolated_over(self) -> int | None:
        """Files of more bytes are read in a process with limits; 0 = always, None = never (it reads in one pass)."""
        ...

    def claims(self, data: bytes, name: str) -> bool:
        """Whether this is its kind, told by the content; `name` may only decide between readings that both fit."""
        ...

    def load(self, data: bytes, name: str, limits: Limits) -> Loaded:
        """The text, through `clean`; raise LoadError in words that say what to do."""
        ...


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")


def clean(text: str) -> str:
    """One kind of line end, nothing that PostgreSQL or a browser refuses (NUL, control codes, half surrogate pairs)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", text)
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def stem(name: str) -> str:
    """A title out of a file's name or an address: its last part, without the ending."""
    last = name.rstrip("/").replace("\\", "/").rpartition("/")[2]
    return re.sub(r"\.[A-Za-z0-9]{1,8}$", "", last).strip() or "Untitled"
