"""What carries out an action of a block without the model: a query run again, a page turned."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from opsloom_blocks.content import read
from opsloom_protocol.messages import Block

from opsloom_server.tools.calls import RunningCalls
from opsloom_server.tools.carrying import carry_out
from opsloom_server.tools.events import ToolEvent
from opsloom_server.tools.running import Outcome, Shown, with_call
from opsloom_server.tools.tool import TIMEOUT, Tool, ToolContext, ToolSink


class Handler(Protocol):
    """Carries out one `action` of one `kind` that says `handled`. Subclass it, list an instance in `HANDLERS`
    (`docs/blocks-adding.md`).

    What is raised ends it in words, as a tool's call does: an `OpsloomError` or `BlockError` in its own.
    """

    kind: str
    action: str
    title: str
    """For people: "Run the query"."""
    timeout: float = TIMEOUT
    untrusted: bool = False
    """Whether its result holds text from outside, which the model must not obey."""

    def run(self, block: Block, values: Any, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        """An async generator like `Tool.run`, without `Ask`. `block` is as it stands; `values` are an instance of the
        action's struct, checked by the kind. `Patch(block.id, …)` changes it in place; the `value` of the `Result` is
        told to the model with the next message."""
        ...

    @property
    def name(self) -> str:
        """Under which its calls are written down."""
        return f"{self.kind}.{self.action}"


Handlers = Mapping[tuple[str, str], Handler]
"""By kind and action."""


class Errand(Struct, frozen=True, kw_only=True):
    """An action to be carried out: the block with the state that holds its `values`, and all it may use."""

    handler: Handler
    block: Block
    values: Any
    context: ToolContext


class _Call(Tool):
    """The errand as a call of a tool."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self.name, self.title, self.about = errand.handler.name, errand.handler.title, errand.handler.title
        self.timeout = errand.handler.timeout
        self.arguments = Struct

    def run(self, args: Any, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        return self._errand.handler.run(self._errand.block, args, context)


async def handle(errand: Errand, sink: ToolSink, calls: RunningCalls) -> Outcome:
    """Carry it out; its call is named by the block, so that the next one takes its place on the page."""
    context = errand.context
    shown = Shown(context.kinds, context.shown)
    values = read(context.kinds[errand.block.kind].actions[errand.handler.action], errand.values)
    call = _Call(errand)
    outcome = await carry_out(call, values, with_call(context, errand.block.id, shown), sink, shown, calls)
    if outcome.asked is None:
        return outcome
    return msgspec.structs.replace(outcome, status="error", asked=None, value="This cannot ask anything.")
