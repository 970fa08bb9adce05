"""`progress`: how far a piece of work is, in stages that change in place."""

from typing import Annotated, Any, Literal

from msgspec import Meta, field
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind, number
from opsloom_blocks.references import clock


class Stage(Data, frozen=True, kw_only=True):
    label: Annotated[str, Meta(min_length=1, max_length=200)]
    status: Literal["pending", "running", "done", "failed"] = "pending"
    weight: Annotated[float, Meta(gt=0, le=1000, description="its part of the whole; left out: 1")] | None = None
    done: Annotated[float, Meta(ge=0, le=1, description="how much of it is done, 0 to 1")] | None = None


class Progress(Data, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    stages: Annotated[list[Stage], Meta(max_length=30)] = field(default_factory=list)
    done: Annotated[float, Meta(ge=0, description="units done, where they can be counted")] | None = None
    total: Annotated[float, Meta(gt=0, description="units in all")] | None = None
    seconds_left: Annotated[float, Meta(ge=0, le=31_536_000, description="how long it will still take")] | None = None
    note: Annotated[str, Meta(max_length=500, description="what is going on now")] | None = None


class Cancel(Data, frozen=True, kw_only=True):
    """No more of it."""


class ProgressKind(BlockKind[Progress]):
    kind = "progress"
    title = "Show progress"
    about = (
        "Show how far a piece of work is, as stages. Change it in place with update_block as the work goes on: "
        "set `/stages/0/status` to `done`, `/stages/1/status` to `running`, `/note` to what happens now."
    )
    data = Progress
    example = Progress(
        title="Comparing the two contracts",
        stages=[
            Stage(label="Read both", status="done"),
            Stage(label="Find differences", status="running", weight=3, done=0.4),
            Stage(label="Write the summary"),
        ],
        note="Section 4 of 9",
    )
    actions = {"cancel": Cancel}  # noqa: RUF012
    cancels = frozenset({"cancel"})

    def fallback(self, data: Progress) -> str:
        share = fraction(data)
        lines = [data.title + (f": {round(share * 100)} %" if share is not None else "")]
        if data.done is not None:
            lines.append(number(data.done) + (f" of {number(data.total)}" if data.total else "") + " done")
        for stage in data.stages:
            part = f", {round(stage.done * 100)} %" if stage.status == "running" and stage.done else ""
            lines.append(f"- {stage.label}: {stage.status}{part}")
        if data.seconds_left is not None:
            lines.append(f"{clock(data.seconds_left)} left")
        if data.note:
            lines.append(data.note)
        return "\n".join(lines)

    def summary(self, data: Progress, action: str, values: Any) -> str:
        return f"Cancelled: {data.title}."

    def check(self, data: Progress) -> list[Issue]:
        if data.total is not None and data.done is not None and data.done > data.total:
            return [Issue(path="/done", text=f"More than the total of {number(data.total)}.")]
        return []


def fraction(data: Progress) -> float | None:
    """How much of the whole is done, 0 to 1: by the stages' weights, else by `done` of `total`; None if unknown."""
    if data.stages:
        whole = sum(stage.weight or 1 for stage in data.stages)
        parts = sum((stage.weight or 1) * (1 if stage.status == "done" else stage.done or 0) for stage in data.stages)
        return parts / whole
    if data.total:
        return (data.done or 0) / data.total
    return None


PROGRESS = ProgressKind()
