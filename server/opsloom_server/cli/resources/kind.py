"""What a kind of resource is for `opsloom apply` and `opsloom export`: how one is read, compared, stored and written.

A new kind is a file beside this one and a line in `cli.resources.KINDS`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from msgspec import Struct, field
from opsloom_rag.knowledge import Knowledge
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.declarations import Declared, Mistake, Mistakes, nearest
from opsloom_server.errors import Invalid
from opsloom_server.mcp import McpServers
from opsloom_server.settings import Settings
from opsloom_server.sources import DataSources
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from opsloom_server.tools.http import HttpTools
from opsloom_server.tools.registry import Catalogue

__all__ = [
    "WORKSPACE",
    "Change",
    "Document",
    "FieldChange",
    "Kind",
    "Only",
    "Say",
    "World",
    "at_fault",
    "misfits",
    "name_of",
    "only_known",
]

WORKSPACE: Final = DEFAULT_WORKSPACE

Say = Callable[[str], None]
Document = dict[str, Any]
"""A resource's fields in the order in which they are written."""
Only = Iterable[str] | None
"""Names; None for all."""


class FieldChange(Struct, frozen=True):
    """A field's value as it is (None: there is none) and as it will be."""

    name: str
    before: Any
    after: Any


class Change(Struct, frozen=True, kw_only=True):
    """What has to be done so that a resource is as it was declared. Without `fields`, and not `new`: nothing.

    In this order, each for all changes before the next: `prepare`, which may reach other machines; `store`, all in one
    transaction; `finish`, which takes its time and gives what went wrong in words.
    """

    kind: str
    name: str
    new: bool
    fields: tuple[FieldChange, ...] = ()
    prepare: Callable[[], Awaitable[None]] | None = None
    store: Callable[[AsyncConnection], Awaitable[None]] | None = None
    finish: Callable[[Say], Awaitable[list[str]]] | None = None

    @property
    def idle(self) -> bool:
        """Whether everything is so already."""
        return not self.new and not self.fields


class World(Struct, kw_only=True):
    """What kinds work with. `names` are those of each kind: there already, or declared in this run."""

    settings: Settings
    database: Database
    catalogue: Catalogue
    knowledge: Callable[[], Awaitable[Knowledge]]
    """Loads the embedder at its first call."""
    sources: Callable[[], DataSources]
    tools: Callable[[], HttpTools]
    servers: Callable[[], McpServers]
    offers: set[str] = field(default_factory=set)
    """Tools of the MCP servers that there are, as an assistant's `tools` calls them."""
    declared_servers: set[str] = field(default_factory=set)
    names: dict[str, set[str]] = field(default_factory=dict)


class Kind(Protocol):
    """Subclass it; one instance stands in `KINDS`."""

    name: str
    """What `kind:` says."""
    noun: str
    """For people: "an assistant"."""
    key: str
    """The field that names one among its kind."""
    fields: tuple[str, ...]
    """All that a document of it may hold."""

    async def names(self, connection: AsyncConnection) -> Iterable[str]:
        """Those that there are."""
        ...

    async def plan(self, declared: Declared, world: World) -> Change:
        """Compare with what there is. Raises `Mistakes`. Nothing is written."""
        ...

    async def export(self, connection: AsyncConnection, world: World, only: Only) -> list[Document]:
        """Documents of `only` these, or of all, in the order of their names; what goes without saying is left out."""
        ...


def only_known(kind: Kind, declared: Declared) -> None:
    """Raise `Mistakes` that name each field which this kind does not have, and the nearest that it has."""
    mistakes = [
        declared.mistake(f"`{name}` is no field of {kind.noun}{nearest(name, kind.fields)}", name)
        for name in declared.fields
        if name not in kind.fields
    ]
    if mistakes:
        raise Mistakes(mistakes)


def misfits(kind: Kind, declared: Declared, error: ValidationError) -> Mistakes:
    """What pydantic found, in our words, with the lines."""
    mistakes: list[Mistake] = []
    for one in error.errors(include_url=False):
        path = tuple(one["loc"])
        field = ".".join(map(str, path))
        if one["type"] == "missing":
            words = f"{kind.noun} needs a `{field}`."
        elif one["type"] == "extra_forbidden":
            words = f"there is no field `{field}` here."
        elif path == ("slug",) and one["type"] == "string_pattern_mismatch":
            words = "`slug` is not usable: lower-case letters, digits and - inside, at most 63."
        else:
            words = f"`{field}` is not usable: {one['msg'].removeprefix('Value error, ')}."
        mistakes.append(declared.mistake(words, *path))
    return Mistakes(mistakes)


def at_fault(declared: Declared, error: Invalid) -> Mistakes:
    """What a check of the server's found, with the lines of the fields that it names."""
    if not error.issues:
        return Mistakes([declared.mistake(error.text)])
    return Mistakes(
        [
            declared.mistake(issue.text, *(int(p) if p.isdigit() else p for p in issue.path.split("/")[1:]))
            for issue in error.issues
        ]
    )


def name_of(kind: Kind, fields: Mapping[str, Any]) -> str | None:
    """What a resource is called; None where its document does not say."""
    name = fields.get(kind.key)
    return name if isinstance(name, str) and name else None
