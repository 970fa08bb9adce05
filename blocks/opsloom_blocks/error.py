"""`error`: what went wrong and what can be done, with the details folded away."""

from typing import Annotated

from msgspec import Meta

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind


class Failure(Data, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=200, description="what did not work")]
    text: Annotated[str, Meta(max_length=2000, description="why, and what the person can do now")] | None = None
    code: Annotated[str, Meta(max_length=64, description="a short name to look it up by")] | None = None
    detail: Annotated[str, Meta(max_length=8000, description="output or a trace, for those who repair it")] | None = (
        None
    )


class ErrorKind(BlockKind[Failure]):
    kind = "error"
    title = "Show an error"
    about = "Say that something did not work, why, and what the person can do. Technical output goes into `detail`."
    data = Failure
    example = Failure(
        title="The report could not be made",
        text="The warehouse does not answer. Try again in a few minutes.",
        code="timeout",
        detail="connect to warehouse:5432: timed out after 10 s",
    )

    def fallback(self, data: Failure) -> str:
        head = f"Error: {data.title}" + (f" ({data.code})" if data.code else "")
        return "\n".join(part for part in (head, data.text, data.detail) if part)


ERROR = ErrorKind()
