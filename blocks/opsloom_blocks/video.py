"""`video`: a film, stored on this server."""

from typing import Annotated

from msgspec import Meta

from opsloom_blocks.content import Data
from opsloom_blocks.image import Pixels
from opsloom_blocks.kind import BlockKind
from opsloom_blocks.references import EXAMPLE_FILE, FileId, clock


class Video(Data, frozen=True, kw_only=True):
    file: FileId
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    description: Annotated[str, Meta(max_length=2000, description="what it shows")] | None = None
    seconds: Annotated[float, Meta(gt=0, le=864_000, description="how long it is")] | None = None
    poster: Annotated[FileId, Meta(description="a picture's file, shown before it plays")] | None = None
    captions: Annotated[FileId, Meta(description="a WebVTT file with what is said")] | None = None
    width: Pixels | None = None
    height: Pixels | None = None


class VideoKind(BlockKind[Video]):
    kind = "video"
    title = "Show a film"
    about = (
        "Give the person a film to watch, by the id of its file: one that a tool made or that is in this conversation."
    )
    data = Video
    example = Video(
        file=EXAMPLE_FILE,
        title="How the filter is changed",
        description="A hand opens the cover, takes the old filter out and puts the new one in.",
        seconds=185,
        width=1280,
        height=720,
    )

    def fallback(self, data: Video) -> str:
        head = f"Film: {data.title}" + (f" ({clock(data.seconds)})" if data.seconds else "")
        return f"{head}\n{data.description}" if data.description else head


VIDEO = VideoKind()
