"""What a block points to: files of this server, and pages elsewhere.

Nothing here is fetched because a model wrote it: a file is read from this server by whoever may read it, a page is a
link that a person follows.
"""

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from msgspec import Meta

from opsloom_blocks.content import Data

FileId = Annotated[
    str,
    Meta(
        min_length=36,
        max_length=36,
        pattern="^fil_[0-9a-f]{32}$",
        description="the id of a file of this conversation or one that a tool gave; never an address",
    ),
]

Url = Annotated[
    str, Meta(max_length=2000, pattern="^https?://[^\\s]+$", description="a whole address: https://…; http:// too")
]

Address = Annotated[
    str,
    Meta(max_length=2000, pattern="^(https?://|mailto:)[^\\s]+$", description="a whole address: https://… or mailto:…"),
]

EXAMPLE_FILE: Final = "fil_0123456789abcdef0123456789abcdef"

_HIDDEN: Final = re.compile(r"[\s\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Characters that make an address read as another one, or that browsers leave out or turn round."""


class Picture(Data, frozen=True, kw_only=True):
    """A picture beside other content."""

    file: FileId
    alt: Annotated[str, Meta(max_length=1000, description="what it shows, in words; empty only for decoration")]


def wrong_address(address: str) -> str:
    """What is wrong with a link's address beyond its pattern; empty if nothing."""
    if _HIDDEN.search(address):
        return "An address has no blanks, backslashes or invisible characters."
    try:
        found = urlsplit(address)
        found.port  # noqa: B018  # raises where it is no number
    except ValueError:
        return "This is not a web address."
    if found.scheme == "mailto":
        return "" if "@" in found.path else "This is not an e-mail address."
    if not found.hostname:
        return "This address names no host."
    return "An address holds no name or password." if "@" in found.netloc else ""


def host(address: str) -> str:
    """Where a link leads, for people: the host, or the e-mail address."""
    found = urlsplit(address)
    return found.path if found.scheme == "mailto" else found.hostname or address


def clock(seconds: float) -> str:
    """A length as people read it: 3:05, 1:02:03."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
