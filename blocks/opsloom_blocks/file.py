"""`file`: a file to open or to save."""

from typing import Annotated

from msgspec import Meta

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind, number
from opsloom_blocks.references import EXAMPLE_FILE, FileId


class File(Data, frozen=True, kw_only=True):
    file: FileId
    name: Annotated[str, Meta(min_length=1, max_length=255, description="as it is saved: `report.pdf`")]
    media_type: Annotated[str, Meta(max_length=255, description="like application/pdf")] | None = None
    bytes: Annotated[int, Meta(ge=0, le=2**53, description="its size")] | None = None
    description: Annotated[str, Meta(max_length=500)] | None = None


class FileKind(BlockKind[File]):
    kind = "file"
    title = "Show a file"
    about = "Give the person a file to open or save, by its id: one that a tool made or that is in this conversation."
    data = File
    example = File(
        file=EXAMPLE_FILE,
        name="report-2026-01.pdf",
        media_type="application/pdf",
        bytes=482_133,
        description="All orders of January, by region",
    )

    def fallback(self, data: File) -> str:
        facts = ", ".join(part for part in (data.media_type, size(data.bytes)) if part)
        return (
            f"File: {data.name}"
            + (f" ({facts})" if facts else "")
            + (f"\n{data.description}" if data.description else "")
        )


def size(count: int | None) -> str:
    """A file's size as people read it; empty where it is not known."""
    if count is None:
        return ""
    value, units = float(count), iter(("bytes", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while value >= 1000 and unit != "TB":
        value, unit = value / 1000, next(units)
    return f"{number(round(value, 1))} {unit}"


FILE = FileKind()
