"""What a tool may yield. A tool never holds a socket: it says what happened, and the toolset passes it on."""

from typing import Any

from msgspec import Struct
from opsloom_protocol.messages import Block, PatchOp, Source


class Progress(Struct, frozen=True, kw_only=True):
    """How far it is: `done` of `total` units, or a note alone. What is None stays as it was."""

    done: float | None = None
    total: float | None = None
    note: str | None = None


class Show(Struct, frozen=True):
    """Show a block that asks for nothing."""

    block: Block


class Patch(Struct, frozen=True):
    """Change a block of this answer in place. Where the ops do not fit, the `yield` raises `BlockError`."""

    block_id: str
    ops: tuple[PatchOp, ...]


class Cite(Struct, frozen=True):
    """A passage that the answer may rest on; its `number` is set by the answer: `number = yield Cite(source)`."""

    source: Source


class Ask(Struct, frozen=True):
    """Show a block and wait for the person. The last event: the call's result is what the person does, hours later
    perhaps and in another process, so nothing of the tool goes on after it. After `expires_in` seconds nobody can
    answer any more, and the model is told so; without it, it waits as long as it takes."""

    block: Block
    expires_in: float | None = None


class Result(Struct, frozen=True):
    """The last event: `value` (plain JSON values) for the model, `summary` for the people who read along."""

    value: Any
    summary: str | None = None


ToolEvent = Progress | Show | Patch | Cite | Ask | Result
