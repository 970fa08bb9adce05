"""`image`: a picture that is stored on this server."""

from typing import Annotated

from msgspec import Meta

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind
from opsloom_blocks.references import EXAMPLE_FILE, FileId

Pixels = Annotated[int, Meta(ge=1, le=20_000)]


class Image(Data, frozen=True, kw_only=True):
    file: FileId
    alt: Annotated[str, Meta(min_length=1, max_length=1000, description="what it shows, for those who cannot see it")]
    caption: Annotated[str, Meta(max_length=500)] | None = None
    width: Annotated[Pixels, Meta(description="in pixels, so that nothing jumps while it loads")] | None = None
    height: Pixels | None = None


class ImageKind(BlockKind[Image]):
    kind = "image"
    title = "Show a picture"
    about = (
        "Show a picture by the id of its file: one that a person sent or a tool made. Pictures from elsewhere cannot "
        "be shown; give a link instead."
    )
    data = Image
    example = Image(
        file=EXAMPLE_FILE,
        alt="A floor plan: the entrance in the south, three rooms along a corridor",
        caption="Ground floor",
        width=1200,
        height=800,
    )

    def fallback(self, data: Image) -> str:
        return f"Picture: {data.alt}" + (f"\n{data.caption}" if data.caption else "")


IMAGE = ImageKind()
