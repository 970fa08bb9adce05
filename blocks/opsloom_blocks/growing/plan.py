"""What of a value may be seen before it is whole, read off the types of a struct.

A text grows by its letters and a list by its items. An item comes whole (a row, an option, a field of a form), unless
it is itself something that takes long: one with a list that it cannot be without, or with other blocks in it. What
means something else while it is half there comes whole: an address, an id, a choice of words, a number, a short name.
"""

import types
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct, structs

from opsloom_blocks.nesting import Part

LONG_CHARS: Final = 100
"""A text that may not get this long comes whole: it is there in a blink, and half a language's name is another's."""


class Whole:
    """Comes at once, when its last character has come, if it fits its type."""

    def __init__(self, annotation: Any) -> None:
        self.annotation = annotation
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(annotation)


class Text:
    """A string that grows."""


class Items:
    """A list that grows. `needed` says that it is nothing before it has its first item."""

    def __init__(self, item: "Plan", *, needed: bool) -> None:
        self.item = item
        self.needed = needed


class Field(Struct, frozen=True):
    """One field of a struct: its Python name, whether it can be left out, and how it grows."""

    name: str
    required: bool
    plan: "Plan"


class Fields:
    """An object that grows field by field; it is nothing before all its required fields are there."""

    def __init__(self, shape: type[Struct]) -> None:
        self.shape = shape
        self.strict = bool(shape.__struct_config__.forbid_unknown_fields)

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """By the names that they have in JSON. Made when asked for, as a shape may hold itself."""
        return {
            field.encode_name: Field(field.name, field.required, plan_of(field.type))
            for field in structs.fields(self.shape)
        }

    @cached_property
    def required(self) -> frozenset[str]:
        return frozenset(name for name, field in self.fields.items() if field.required)


class Inner:
    """A block inside another one: it grows as its own kind does."""


Plan = Whole | Text | Items | Fields | Inner


_PLANS: Final[dict[type[Struct], Fields]] = {}


def shape_plan(shape: type[Struct]) -> Fields:
    """The plan of a struct, which may be a kind's data; made once."""
    if (plan := _PLANS.get(shape)) is None:
        plan = _PLANS[shape] = Fields(shape)
    return plan


def plan_of(annotation: Any) -> Plan:
    """How a field of this type grows."""
    bare, metas = _bare(annotation)
    if any(meta.extra and meta.extra.get("whole") for meta in metas):
        return Whole(annotation)
    if bare is str and _is_long(metas):
        return Text()
    if get_origin(bare) is list:
        (item,) = get_args(bare)
        return Items(_item(item), needed=any(meta.min_length for meta in metas))
    if isinstance(bare, type) and issubclass(bare, Struct) and bare is not Part:
        return shape_plan(bare)
    return Inner() if bare is Part else Whole(annotation)


def _item(annotation: Any) -> Plan:
    bare, _ = _bare(annotation)
    if bare is Part:
        return Inner()
    if isinstance(bare, type) and issubclass(bare, Struct) and _takes_long(bare):
        return shape_plan(bare)
    return Whole(annotation)


def _takes_long(shape: type[Struct]) -> bool:
    """Whether an item of this shape is too much to wait for."""
    for field in structs.fields(shape):
        bare, _ = _bare(field.type)
        if bare is Part:
            return True
        if get_origin(bare) is list and (field.required or _bare(get_args(bare)[0])[0] is Part):
            return True
    return False


def _is_long(metas: tuple[Meta, ...]) -> bool:
    return all(meta.pattern is None and (meta.max_length is None or meta.max_length >= LONG_CHARS) for meta in metas)


def _bare(annotation: Any) -> tuple[Any, tuple[Meta, ...]]:
    """The type without `Annotated` and `| None`, and what `Annotated` said."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        bare, metas = _bare(inner)
        return bare, (*metas, *(meta for meta in more if isinstance(meta, Meta)))
    if origin in (Union, types.UnionType):
        others = [one for one in get_args(annotation) if one is not type(None)]
        if len(others) == 1:
            return _bare(others[0])
    return annotation, ()
