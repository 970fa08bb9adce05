"""`tabs`: blocks in one place, of which one is seen at a time."""

from typing import Annotated

from msgspec import Meta, field
from opsloom_protocol.messages import Issue

from opsloom_blocks.chart import CHART
from opsloom_blocks.content import Data, plain
from opsloom_blocks.kind import duplicates
from opsloom_blocks.nesting import Holder, Part, Parts
from opsloom_blocks.table import TABLE


class Tab(Data, frozen=True, kw_only=True):
    label: Annotated[str, Meta(min_length=1, max_length=60)]
    text: Annotated[str, Meta(max_length=8000)] | None = None
    items: Annotated[Parts, Meta(description="other blocks inside it")] = field(default_factory=list)


class Tabs(Data, frozen=True, kw_only=True):
    tabs: Annotated[list[Tab], Meta(min_length=1, max_length=12)]
    title: Annotated[str, Meta(max_length=200)] | None = None


class TabsKind(Holder[Tabs]):
    kind = "tabs"
    title = "Show tabs"
    about = "Show views of the same thing in one place, of which the person sees one at a time: a chart and its table."
    data = Tabs
    example = Tabs(
        title="First quarter",
        tabs=[
            Tab(label="Chart", items=[Part(kind="chart", data=plain(CHART.example))]),
            Tab(label="Table", text="By region:", items=[Part(kind="table", data=plain(TABLE.example))]),
        ],
    )

    def fallback(self, data: Tabs) -> str:
        lines = [data.title] if data.title else []
        for tab in data.tabs:
            lines += [f"{tab.label}:", *([tab.text] if tab.text else []), *self.words(tab.items)]
        return "\n".join(lines)

    def rules(self, data: Tabs) -> list[Issue]:
        repeated = duplicates([tab.label for tab in data.tabs])
        issues = [Issue(path=f"/tabs/{at}/label", text="Another tab has this label.") for at in repeated]
        return issues + [
            Issue(path=f"/tabs/{at}", text="A tab needs a text or items.")
            for at, tab in enumerate(data.tabs)
            if not tab.text and not tab.items
        ]


TABS = TabsKind()
