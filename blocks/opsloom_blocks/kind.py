"""What a kind of block is: a struct, words about it, and what people may do with it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct
from opsloom_protocol.messages import Issue, View

D = TypeVar("D", bound=Struct)


class BlockKind(ABC, Generic[D]):
    """One kind of block. Subclass it, set the attributes, make one instance, and list it (`docs/blocks-adding.md`)."""

    kind: ClassVar[str]
    """Its name on the wire: lower case, digits, `_`."""
    title: ClassVar[str]
    """What showing it is called where people see the assistant's steps: "Show a table"."""
    about: ClassVar[str]
    """For the model: what it shows and when to use it."""
    data: type[D]
    """The shape of `data`. Constraints belong there (`msgspec.Meta`); rules across fields in `check`."""
    example: D
    actions: Mapping[str, type[Struct]] = {}
    """What people may do with it, and the shape of the `values` that come along."""
    waits: bool = False
    """Whether the answer waits until a person acted. The tool is then called `ask_<kind>`, else `show_<kind>`."""
    cancels: frozenset[str] = frozenset()
    """Those of the actions that are taken while the answer is being written, and only then: they cancel the call that
    showed the block and leave the answer running; where no call runs any more, they stop the answer."""
    handled: frozenset[str] = frozenset()
    """Those of the actions that the server carries out without the model, as often as people like: the block stays
    open, and a handler changes it in place (`docs/blocks-adding.md`)."""

    @property
    def asks(self) -> bool:
        """Whether it wants an answer: some action of it closes it."""
        return not self.actions.keys() <= self.cancels | self.handled

    @abstractmethod
    def fallback(self, data: D) -> str:
        """Plain text that says the same, for clients that do not know the kind, for screen readers, for the model."""

    def check(self, data: D) -> list[Issue]:
        """Rules across fields; every breach with a JSON Pointer into `data`."""
        return []

    def drawn(self, data: D) -> View | None:
        """The same by another kind: `View(kind="card", data={…})`, for a browser that has no component for this one.

        Only of a kind that people do not act on. Such a block is shown when it is whole; it does not grow.
        """
        return None

    def early(self, data: D) -> bool:
        """Whether a block may open with as much of its data as the model has written so far.

        All that is required is there, and every value fits its type; texts and lists may still grow, and what may be
        left out may still come. A rule that holds only for whole data is to be relaxed here.
        """
        return not self.check(data)

    def check_action(self, data: D, action: str, values: Any) -> tuple[Any, list[Issue]]:
        """The values as they are kept (trimmed, in order) and every breach, with a JSON Pointer into `values`.

        `values` is an instance of the action's struct, and so is what is returned.
        """
        return values, []

    def summary(self, data: D, action: str, values: Any) -> str:
        """What a person did, in words for the model and for those who read along."""
        return f"{action}."

    def complete(self, data: D) -> D:
        """Checked data with the defaults of whatever it holds filled in, as it is shown."""
        return data


Kinds = Mapping[str, BlockKind[Any]]
"""Kinds by name."""


def number(value: float) -> str:
    """A number as plain text: no exponent and no trailing zeros where it can be avoided."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.12g}"


def duplicates(values: list[str]) -> list[int]:
    """The places that repeat an earlier value."""
    seen: set[str] = set()
    repeated = []
    for index, value in enumerate(values):
        if value in seen:
            repeated.append(index)
        seen.add(value)
    return repeated
