"""`link`: a page elsewhere, with what it is about."""

from typing import Annotated

from msgspec import Meta
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind
from opsloom_blocks.references import Address, FileId, wrong_address


class Link(Data, frozen=True, kw_only=True):
    url: Address
    title: Annotated[str, Meta(min_length=1, max_length=300)]
    description: Annotated[str, Meta(max_length=1000)] | None = None
    image: Annotated[FileId, Meta(description="a picture of it, stored on this server")] | None = None


class LinkKind(BlockKind[Link]):
    kind = "link"
    title = "Show a link"
    about = (
        "Show a page elsewhere with its title and a sentence about it. Only addresses that you were given; invent none."
    )
    data = Link
    example = Link(
        url="https://example.com/returns",
        title="Returns and refunds",
        description="How to send something back within 30 days.",
    )

    def fallback(self, data: Link) -> str:
        return f"{data.title}: {data.url}" + (f"\n{data.description}" if data.description else "")

    def check(self, data: Link) -> list[Issue]:
        text = wrong_address(data.url)
        return [Issue(path="/url", text=text)] if text else []


LINK = LinkKind()
