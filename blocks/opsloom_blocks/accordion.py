"""`accordion`: sections that open and close."""

from typing import Annotated

from msgspec import Meta, field
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data, plain
from opsloom_blocks.nesting import Holder, Part, Parts
from opsloom_blocks.table import TABLE


class Section(Data, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    text: Annotated[str, Meta(max_length=8000)] | None = None
    items: Annotated[Parts, Meta(description="other blocks inside it")] = field(default_factory=list)
    open: Annotated[bool, Meta(description="whether it is open at first")] = False


class Accordion(Data, frozen=True, kw_only=True):
    sections: Annotated[list[Section], Meta(min_length=1, max_length=20)]
    title: Annotated[str, Meta(max_length=200)] | None = None


class AccordionKind(Holder[Accordion]):
    kind = "accordion"
    title = "Show sections"
    about = "Show sections that open and close. Use it for long material of which people need a part, like questions."
    data = Accordion
    example = Accordion(
        title="Questions about delivery",
        sections=[
            Section(title="How long does it take?", text="Two to four working days.", open=True),
            Section(title="What does it cost?", items=[Part(kind="table", data=plain(TABLE.example))]),
        ],
    )

    def fallback(self, data: Accordion) -> str:
        lines = [data.title] if data.title else []
        for section in data.sections:
            lines += [f"{section.title}:", *([section.text] if section.text else []), *self.words(section.items)]
        return "\n".join(lines)

    def rules(self, data: Accordion) -> list[Issue]:
        return [
            Issue(path=f"/sections/{at}", text="A section needs a text or items.")
            for at, section in enumerate(data.sections)
            if not section.text and not section.items
        ]


ACCORDION = AccordionKind()
