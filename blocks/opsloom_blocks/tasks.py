"""`tasks`: a plan whose steps are ticked off in place."""

from typing import Annotated, Literal

from msgspec import Meta

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind

_MARKS = {"pending": "[ ]", "running": "[~]", "done": "[x]", "failed": "[!]", "skipped": "[-]"}


class Task(Data, frozen=True, kw_only=True):
    label: Annotated[str, Meta(min_length=1, max_length=300)]
    status: Literal["pending", "running", "done", "failed", "skipped"] = "pending"
    note: Annotated[str, Meta(max_length=500, description="what came of it, or why not")] | None = None


class Tasks(Data, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    tasks: Annotated[list[Task], Meta(min_length=1, max_length=50)]


class TasksKind(BlockKind[Tasks]):
    kind = "tasks"
    title = "Show a plan"
    about = (
        "Show the steps of a plan as a list that ticks off. Show it before you start, then change it in place with "
        "update_block as you go on: set `/tasks/0/status` to `running`, then to `done`."
    )
    data = Tasks
    example = Tasks(
        title="Moving the shop to the new server",
        tasks=[
            Task(label="Copy the database", status="done", note="412 MB"),
            Task(label="Test the copy", status="running"),
            Task(label="Switch the address"),
        ],
    )

    def fallback(self, data: Tasks) -> str:
        done = sum(task.status in ("done", "skipped") for task in data.tasks)
        lines = [f"{_MARKS[task.status]} {task.label}" + (f": {task.note}" if task.note else "") for task in data.tasks]
        return "\n".join([f"{data.title} ({done} of {len(data.tasks)} done)", *lines])


TASKS = TasksKind()
