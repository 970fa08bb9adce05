"""`notice`: one thing to know, set apart."""

from typing import Annotated, Literal

from msgspec import Meta

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind


class Notice(Data, frozen=True, kw_only=True):
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    title: Annotated[str, Meta(max_length=200)] | None = None
    tone: Literal["info", "success", "warning"] = "info"


_WORDS = {"info": "Note", "success": "Done", "warning": "Warning"}


class NoticeKind(BlockKind[Notice]):
    kind = "notice"
    title = "Show a notice"
    about = "Set one short thing apart that must not be missed: a warning, a success, something to know. Use it rarely."
    data = Notice
    example = Notice(title="Shop closed on Friday", text="Orders of that day are sent on Saturday.", tone="warning")

    def fallback(self, data: Notice) -> str:
        head = f"{_WORDS[data.tone]}: "
        return f"{head}{data.title}\n{data.text}" if data.title else f"{head}{data.text}"


NOTICE = NoticeKind()
