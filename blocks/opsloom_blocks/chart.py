"""`chart`: series of numbers over labels."""

from typing import Annotated, Literal

from msgspec import Meta, field
from msgspec.structs import replace
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind, duplicates, number

Point = int | float | None
Label = Annotated[str, Meta(max_length=200)] | int | float

POINTS = 5_000
"""Most points of a series: 20 a second for four minutes. A screen is not much wider in pixels."""

FALLBACK_POINTS = 50
"""Points of a series that the plain text holds."""


class XAxis(Data, frozen=True, kw_only=True):
    label: Annotated[str, Meta(max_length=100)] = ""


class YAxis(Data, frozen=True, kw_only=True):
    label: Annotated[str, Meta(max_length=100)] = ""
    unit: Annotated[str, Meta(max_length=16, description="like EUR, kWh, %")] | None = None


class Series(Data, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    values: Annotated[list[Point], Meta(max_length=POINTS, description="one for each label; null where there is none")]


class Chart(Data, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    type: Literal["bar", "stacked_bar", "line", "area", "pie", "scatter"]
    labels: Annotated[
        list[Label], Meta(min_length=1, max_length=POINTS, description="along x, in order; for `scatter` numbers")
    ]
    series: Annotated[list[Series], Meta(min_length=1, max_length=12, description="for `pie` exactly one")]
    x: XAxis = field(default_factory=XAxis)
    y: YAxis = field(default_factory=YAxis)


class ChartKind(BlockKind[Chart]):
    kind = "chart"
    title = "Show a chart"
    about = (
        "Draw numbers as bars (beside or on top of each other), lines, areas, a pie or points. Use it for trends and "
        "proportions; only with numbers that you have, never with invented ones."
    )
    data = Chart
    example = Chart(
        title="Orders in the first quarter",
        type="bar",
        x=XAxis(label="Month"),
        y=YAxis(label="Orders", unit="pcs"),
        labels=["January", "February", "March"],
        series=[Series(name="North", values=[120, 135, 128]), Series(name="South", values=[98, None, 110])],
    )

    def fallback(self, data: Chart) -> str:
        axes = [f"{data.type.replace('_', ' ')} chart"]
        if data.x.label:
            axes.append(f"x: {data.x.label}")
        if data.y.label or data.y.unit:
            axes.append(f"y: {data.y.label}" + (f" ({data.y.unit})" if data.y.unit else ""))
        lines = [f"{data.title} ({', '.join(axes)})"]
        for series in data.series:
            points = [
                f"{label if isinstance(label, str) else number(label)} {'-' if value is None else number(value)}"
                for label, value in zip(data.labels, series.values, strict=False)
            ]
            more = f", … and {len(points) - FALLBACK_POINTS} more" if len(points) > FALLBACK_POINTS else ""
            lines.append(f"{series.name}: {', '.join(points[:FALLBACK_POINTS])}{more}")
        return "\n".join(lines)

    def check(self, data: Chart) -> list[Issue]:
        issues = [
            Issue(path=f"/series/{at}/name", text="Another series has this name.")
            for at in duplicates([series.name for series in data.series])
        ]
        for at, series in enumerate(data.series):
            if len(series.values) != len(data.labels):
                text = f"{len(series.values)} values for {len(data.labels)} labels; there must be one for each."
                issues.append(Issue(path=f"/series/{at}/values", text=text))
        if data.type == "pie":
            if len(data.series) > 1:
                issues.append(Issue(path="/series", text="A pie has one series."))
            if any(value is None or value < 0 for value in data.series[0].values):
                issues.append(Issue(path="/series/0/values", text="The parts of a pie are numbers from 0 up."))
        if data.type == "scatter":
            issues += [
                Issue(path=f"/labels/{at}", text="The labels of a scatter chart are numbers, the points' x.")
                for at, label in enumerate(data.labels)
                if isinstance(label, str)
            ][:20]
        return issues

    def early(self, data: Chart) -> bool:
        """Labels and values come one after the other: only as many points count as all of them have."""
        points = min(len(data.labels), *(len(series.values) for series in data.series))
        series = [replace(one, values=one.values[:points]) for one in data.series]
        return not self.check(replace(data, labels=data.labels[:points], series=series))


CHART = ChartKind()
