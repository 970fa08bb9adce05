"""`audio`: something to listen to, stored on this server."""

from typing import Annotated

from msgspec import Meta

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind
from opsloom_blocks.references import EXAMPLE_FILE, FileId, clock


class Audio(Data, frozen=True, kw_only=True):
    file: FileId
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    seconds: Annotated[float, Meta(gt=0, le=864_000, description="how long it is")] | None = None
    transcript: (
        Annotated[str, Meta(max_length=20_000, description="what is said, for those who cannot hear it")] | None
    ) = None


class AudioKind(BlockKind[Audio]):
    kind = "audio"
    title = "Play a sound"
    about = "Give the person a recording to listen to, by the id of its file. Add the transcript where you have it."
    data = Audio
    example = Audio(
        file=EXAMPLE_FILE,
        title="Message of 3 March",
        seconds=74,
        transcript="Good morning, this is Ada. Please call back.",
    )

    def fallback(self, data: Audio) -> str:
        head = f"Recording: {data.title}" + (f" ({clock(data.seconds)})" if data.seconds else "")
        return f"{head}\n{data.transcript}" if data.transcript else head


AUDIO = AudioKind()
