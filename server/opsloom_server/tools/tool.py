"""What a tool is, what it may know, and where its events go."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct
from opsloom_blocks import BLOCKS, Kinds, plain, schema_of
from opsloom_blocks.content import read
from opsloom_protocol.messages import Block, Issue, PatchOp, Source, ToolStatus
from opsloom_rag.passages import Passage

from opsloom_server.sources import Asking
from opsloom_server.tools.events import ToolEvent

TIMEOUT = 60.0
"""Seconds. A person waits for about as long before they press stop."""


RETRIES = 3
"""A model that is told what is wrong three times and still does not get it right would not the fourth time."""


class Finder(Protocol):
    """What finds passages: `opsloom_rag.knowledge.Knowledge`."""

    async def search(
        self, workspace: str, knowledge_bases: Sequence[str], query: str, limit: int = 8
    ) -> list[Passage]: ...


class ToolContext(Struct, frozen=True, kw_only=True):
    """What the tools of one run may know. `call` is the model's id of this call."""

    workspace: str
    session: str = ""
    user: str = ""
    knowledge: Finder | None = None
    knowledge_bases: tuple[str, ...] = ()
    asking: Asking | None = None
    """The databases that may be asked, where there are any."""
    kinds: Kinds = BLOCKS
    blocks: tuple[str, ...] = ()
    """The kinds of blocks that the assistant may show."""
    shown: Mapping[str, Block] = {}
    """The blocks of this answer by id, as they are now."""
    call: str = ""
    answer: str = ""
    """The id of the answer that is being written."""
    tainted: bool = False
    """Whether text from outside is in what the model was told so far."""
    block: str | None = None
    """The id of the block that people see of this call already, as the model wrote it before their eyes."""


Effect = Literal["reads", "changes", "sends", "fetches"]
"""What running a tool does beyond giving its result: nothing; change something; send something out of the house; ask an
address that the model chose, which tells it something."""


class Tool(Protocol):
    """Something the model can call. Subclass it, list an instance (`docs/tools-adding.md`).

    What is raised becomes the call's result: an `OpsloomError` or `BlockError` with its words, anything else with
    "unexpected error" and a line in the log.
    """

    name: str
    """For the model: lower case, digits, `_`."""
    title: str
    """For people: "Search the documents"."""
    about: str
    """For the model: what it does and when to call it."""
    arguments: type[Struct]
    timeout: float = TIMEOUT
    sequential: bool = False
    """Whether it runs alone and in the order of the calls, where the model calls several tools at once."""

    effect: Effect = "reads"
    """A tool that does more than to read asks a person first, and runs once they allowed it."""
    danger: bool = False
    """Whether something is lost, paid or sent that cannot be taken back: then each call asks."""
    untrusted: bool = False
    """Whether its result holds text from outside, that somebody may have written to make the model do things. From
    then on in the conversation, tools that send or fetch ask even where they are always allowed."""

    foreign: bool = False
    """Whether what it says of itself (`about`, `schema`) is text from outside too: then the model has read such text
    from the beginning."""

    retries: int = RETRIES
    """Corrections that a model gets before wrong arguments become a failed result, or what `instead` gives."""

    origin: str = "extension"
    """Where it comes from, for whoever chooses tools: `server`, `extension`, `http`, `mcp`, `assistant`."""

    edition: str = ""
    """Where what it does can change while the server runs: which it is. An approval is for this one."""

    @property
    def given_as(self) -> str:
        """What an assistant's `tools` calls it."""
        return self.name

    def run(self, args: Any, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        """An async generator; `args` is an instance of `arguments`. It is closed when the call ends, in any way."""
        ...

    def __hash__(self) -> int:
        """By identity: what is made once for a tool is kept."""
        return object.__hash__(self)

    def schema(self) -> dict[str, Any]:
        """The arguments as JSON Schema, for the model. Asked for once in a process."""
        return schema_of(self.arguments)

    def read(self, raw: dict[str, Any]) -> Any:
        """The arguments (plain values) as `run` gets them. Raises `BlockError` with what does not fit."""
        return read(self.arguments, raw)

    def check(self, args: Any) -> Sequence[Issue]:
        """Rules across arguments. What it finds goes back to the model, and the call never starts."""
        return ()

    def instead(self, raw: Any) -> Sequence[ToolEvent]:
        """What happens where the arguments (plain values) stay wrong: the last event is the `Result`. Empty: a failed
        result in words."""
        return ()

    def visible(self, args: Any) -> Any:
        """The arguments as people are shown them; a tool that asks first shows all that matters for a yes or a no."""
        return plain(args)

    def consequence(self, args: Any) -> str | None:
        """What comes of it, and whether it can be undone: shown to whoever is asked."""
        return None


class Due(Struct, frozen=True, kw_only=True):
    """A call that a person allowed by the answer to a block; `binding` is what the answer is good for."""

    call: str
    tool: str
    input: Any
    block: str
    binding: bytes


class ToolSink(Protocol):
    """Where a call's events go: the turn. What is async returns after commit; the rest never waits.

    `show` gives the block as it stands in the answer: of one that grew there, `version` counts that too.
    """

    async def tool_start(
        self,
        call: str,
        tool: str,
        title: str,
        input: Any,  # noqa: A002
        approval: str | None = None,
    ) -> None: ...
    def tool_progress(self, call: str, done: float | None, total: float | None, note: str | None) -> None: ...
    async def tool_end(self, call: str, status: ToolStatus, summary: str | None, ms: int, result: Any) -> None: ...
    def tool_denied(
        self,
        call: str,
        tool: str,
        title: str,
        input: Any,  # noqa: A002
        summary: str,
        approval: str,
    ) -> None:
        """Show that a call was not allowed."""
        ...

    async def begin_allowed(self, calls: Sequence[Due]) -> dict[str, str]:
        """Note, in one commit, that these calls begin and that their approvals are used up. Gives those that may not
        begin after all, with words for the model."""
        ...

    async def may_run(self, tool: str) -> bool:
        """Whether the person has allowed this tool from now on."""
        ...

    def show(self, block: Block) -> Block: ...
    def patch(self, block_id: str, ops: list[PatchOp]) -> None: ...
    def cite(self, source: Source) -> int: ...


class HasSink(Protocol):
    """What a run's `deps` must have."""

    @property
    def sink(self) -> ToolSink: ...
