"""`metrics`: a few figures with how they changed."""

from typing import Annotated, Literal

from msgspec import Meta

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind, number


class Metric(Data, frozen=True, kw_only=True):
    label: Annotated[str, Meta(min_length=1, max_length=100)]
    value: Annotated[
        float | Annotated[str, Meta(min_length=1, max_length=60)] | None,
        Meta(description="the figure; text only where it is no number; null while it is not known"),
    ]
    unit: Annotated[str, Meta(max_length=16, description="a currency code like EUR; else km, % …")] | None = None
    change: Annotated[float, Meta(description="against before, with its sign, in `change_unit`")] | None = None
    change_unit: Annotated[str, Meta(max_length=16)] = "%"
    since: Annotated[str, Meta(max_length=60, description="against what: `last month`")] | None = None
    good: Annotated[Literal["up", "down"], Meta(description="which way is good; left out: neither")] | None = None
    trend: (
        Annotated[list[float], Meta(min_length=2, max_length=60, description="the last values, oldest first")] | None
    ) = None


class Metrics(Data, frozen=True, kw_only=True):
    metrics: Annotated[list[Metric], Meta(min_length=1, max_length=12)]
    title: Annotated[str, Meta(max_length=200)] | None = None


class MetricsKind(BlockKind[Metrics]):
    kind = "metrics"
    title = "Show figures"
    about = (
        "Show one or a few figures large, each with how it changed. Use it for the numbers that matter most; only with "
        "numbers that you have, never with invented ones."
    )
    data = Metrics
    example = Metrics(
        title="This month",
        metrics=[
            Metric(label="Revenue", value=48250.5, unit="EUR", change=12.4, since="last month", good="up"),
            Metric(label="Open tickets", value=17, change=-5, change_unit="", good="down", trend=[31, 28, 22, 22, 17]),
            Metric(label="Answered within", value="2 h 10 min"),
        ],
    )

    def fallback(self, data: Metrics) -> str:
        return "\n".join(([data.title] if data.title else []) + [_line(metric) for metric in data.metrics])


def _line(metric: Metric) -> str:
    value = "-" if metric.value is None else metric.value if isinstance(metric.value, str) else number(metric.value)
    line = f"{metric.label}: {value}" + (f" {metric.unit}" if metric.unit else "")
    if metric.change is not None:
        unit = f" {metric.change_unit}" if metric.change_unit else ""
        since = f" since {metric.since}" if metric.since else ""
        line += f" ({'+' if metric.change > 0 else ''}{number(metric.change)}{unit}{since})"
    if metric.trend:
        line += f"; before: {', '.join(number(value) for value in metric.trend)}"
    return line


METRICS = MetricsKind()
