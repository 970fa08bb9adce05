"""Blocks that hold other blocks: what they hold is checked by its own kind, and said in its own words.

What is inside has no id and no state: nobody can act on it, and it changes by a pointer into the whole.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, ClassVar, Final, Self, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import fields, replace
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data, plain, read
from opsloom_blocks.errors import BlockError
from opsloom_blocks.kind import BlockKind, Kinds

D = TypeVar("D", bound=Struct)

DEPTH: Final = 3
"""Blocks inside a block inside a block: enough for tabs of rows of cards; a phone's width holds no more."""
MOST: Final = 50
"""Blocks inside one block, in all. Each is a component of its own in every open tab."""


class Part(Data, frozen=True, kw_only=True):
    """A block inside another one."""

    kind: Annotated[
        str,
        Meta(
            min_length=1, max_length=40, description="a kind that only shows, like `table`, `chart`, `metrics`, `card`"
        ),
    ]
    data: Annotated[dict[str, Any], Meta(description="its data, as the tool show_<kind> takes it")]


Parts = Annotated[list[Part], Meta(max_length=20)]


class Holder(BlockKind[D]):
    """A kind whose data has `Part`s anywhere. A subclass that overrides `check` or `complete` calls these."""

    kinds: Kinds = {}  # noqa: RUF012
    """What it may hold: all that its catalogue has."""
    kind: ClassVar[str]

    def within(self, kinds: Kinds) -> Self:
        """The same kind, holding those of this catalogue (which may still grow)."""
        twin = type(self)()
        twin.kinds = kinds
        return twin

    @property
    def holds(self) -> list[str]:
        """The kinds that may stand in it: those that only show."""
        return [name for name, kind in self.kinds.items() if not kind.asks]

    def rules(self, data: D) -> list[Issue]:
        """The kind's own rules, without those of what it holds."""
        return []

    def check(self, data: D) -> list[Issue]:
        walk = _Walk(self.kinds)
        walk.into(data, "", 1)
        return self.rules(data) + walk.issues

    def complete(self, data: D) -> D:
        return _mapped(data, lambda part: _complete(part, self.kinds))

    def words(self, parts: list[Part]) -> list[str]:
        """What each part says in plain text."""
        return [self.kinds[part.kind].fallback(read(self.kinds[part.kind].data, part.data)) for part in parts]


class _Walk:
    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds
        self.issues: list[Issue] = []
        self._seen = 0

    def into(self, data: Struct, path: str, level: int) -> None:
        for place, part in _held(data, path):
            self._seen += 1
            if self._seen > MOST:
                if self._seen == MOST + 1:
                    self._add(place, f"A block holds at most {MOST} others in all.")
                return
            if level > DEPTH:
                self._add(place, f"Blocks stand inside each other at most {DEPTH} deep.")
                return
            self._part(part, place, level)

    def _part(self, part: Part, place: str, level: int) -> None:
        kind = self.kinds.get(part.kind)
        if kind is None or kind.asks:
            known = ", ".join(name for name, one in self.kinds.items() if not one.asks)
            what = "A block that asks stands alone" if kind else f"There is no kind {part.kind!r}"
            self._add(f"{place}/kind", f"{what}; inside others there can be: {known}.")
            return
        try:
            data = read(kind.data, part.data)
        except BlockError as error:
            issues = error.issues
        else:
            issues = kind.rules(data) if isinstance(kind, Holder) else kind.check(data)
            if isinstance(kind, Holder):
                self.into(data, f"{place}/data", level + 1)
        for issue in issues:
            self._add(f"{place}/data{issue.path}", issue.text)

    def _add(self, path: str, text: str) -> None:
        self.issues.append(Issue(path=path, text=text))


def _held(value: Any, path: str) -> Iterator[tuple[str, Part]]:
    """The parts in a struct with their pointers, not those inside them."""
    if isinstance(value, Part):
        yield path, value
    elif isinstance(value, Struct):
        for field in fields(value):
            yield from _held(getattr(value, field.name), f"{path}/{field.encode_name}")
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _held(item, f"{path}/{at}")


T = TypeVar("T")


def _mapped(value: T, change: Callable[[Part], Part]) -> T:
    """The value with every part changed."""
    if isinstance(value, Part):
        return change(value)  # type: ignore[return-value]  # T is Part here
    if isinstance(value, Struct):
        return replace(value, **{f.name: _mapped(getattr(value, f.name), change) for f in fields(value)})
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]  # type: ignore[return-value]  # T is a list here
    return value


def _complete(part: Part, kinds: Kinds) -> Part:
    kind = kinds[part.kind]
    return Part(kind=part.kind, data=plain(kind.complete(read(kind.data, part.data))))
