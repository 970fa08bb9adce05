"""`layout`: rows and columns of other blocks; what is composed where no kind fits."""

from typing import Annotated, Literal

from msgspec import Meta
from opsloom_protocol.messages import Issue

from opsloom_blocks.chart import CHART
from opsloom_blocks.content import Data, plain
from opsloom_blocks.metrics import METRICS
from opsloom_blocks.nesting import Holder, Part
from opsloom_blocks.notice import NOTICE


class Layout(Data, frozen=True, kw_only=True):
    items: Annotated[list[Part], Meta(min_length=1, max_length=20)]
    direction: Annotated[
        Literal["row", "column"],
        Meta(description="`row`: side by side where there is room; `column`: one under another"),
    ] = "column"
    weights: (
        Annotated[
            list[Annotated[float, Meta(gt=0, le=100)]],
            Meta(min_length=1, max_length=20, description="of a row: the items' widths against each other"),
        ]
        | None
    ) = None
    title: Annotated[str, Meta(max_length=200)] | None = None


class LayoutKind(Holder[Layout]):
    kind = "layout"
    title = "Show several blocks together"
    about = (
        "Put several blocks beside or under each other as one, where no single kind fits: a dashboard, a report. A "
        "layout may hold layouts, up to 3 deep and 50 blocks in all."
    )
    data = Layout
    example = Layout(
        title="The shop today",
        items=[
            Part(kind="notice", data=plain(NOTICE.example)),
            Part(
                kind="layout",
                data={
                    "direction": "row",
                    "weights": [1.0, 2.0],
                    "items": [
                        {"kind": "metrics", "data": plain(METRICS.example)},
                        {"kind": "chart", "data": plain(CHART.example)},
                    ],
                },
            ),
        ],
    )

    def fallback(self, data: Layout) -> str:
        return "\n".join([*([data.title] if data.title else []), *self.words(data.items)])

    def rules(self, data: Layout) -> list[Issue]:
        if data.weights is not None and len(data.weights) != len(data.items):
            text = f"{len(data.weights)} weights for {len(data.items)} items; there must be one for each."
            return [Issue(path="/weights", text=text)]
        return []


LAYOUT = LayoutKind()
