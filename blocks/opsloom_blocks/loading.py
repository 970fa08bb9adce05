"""The kinds that come with the package and those that users add."""

import re
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from opsloom_blocks.catalogue import BLOCKS, together
from opsloom_blocks.errors import BlockError, ExtensionError
from opsloom_blocks.extensions import added
from opsloom_blocks.kind import BlockKind, Kinds
from opsloom_blocks.making import schema, validate, view
from opsloom_blocks.nesting import Holder

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def load_blocks(folder: Path | None = None) -> dict[str, BlockKind[Any]]:
    """`BLOCKS` and what entry points (`opsloom.blocks`) and the folder's modules (a list `BLOCKS`) add.

    Raises `ExtensionError` that names the extension at fault.
    """
    kinds: dict[str, BlockKind[Any]] = dict(BLOCKS)
    for where, found in added("opsloom.blocks", "BLOCKS", folder):
        kind = found() if isinstance(found, type) and issubclass(found, BlockKind) else found
        if isinstance(kind, Holder):
            kind = kind.within(kinds)
        _inspect(where, kind, kinds)
        if kind.kind in kinds:
            raise ExtensionError(where, f"There is a block of kind {kind.kind!r} already.")
        kinds[kind.kind] = kind
    return together(kinds.values())


def _inspect(where: str, kind: Any, kinds: Kinds) -> None:
    """What would otherwise break in the middle of somebody's conversation breaks here."""
    if not isinstance(kind, BlockKind):
        raise ExtensionError(where, f"{kind!r} is not a BlockKind.")
    for name in ("kind", "title", "about", "data", "example"):
        if not hasattr(kind, name):
            raise ExtensionError(where, f"{type(kind).__name__} has no `{name}`.")
    if not _NAME.fullmatch(kind.kind):
        raise ExtensionError(where, f"{kind.kind!r} is no name for a kind: lower-case letters, digits and _.")
    if not (isinstance(kind.data, type) and issubclass(kind.data, Struct)):
        raise ExtensionError(where, f"{type(kind).__name__}.data must be a msgspec.Struct class.")
    if not kind.cancels | kind.handled <= kind.actions.keys() or kind.cancels & kind.handled:
        text = "`cancels` and `handled` each name some of the actions, and none of them twice."
        raise ExtensionError(where, f"{kind.kind!r}: {text}")
    if kind.waits and not kind.asks:
        raise ExtensionError(where, f"{kind.kind!r} waits for a person, but none of its actions is an answer.")
    try:
        schema(kind)
        data = validate(kind.kind, kind.example, {kind.kind: kind})
        text = kind.fallback(data)
        view(kind, data, {**kinds, kind.kind: kind})
    except BlockError as error:
        raise ExtensionError(where, f"The example of {kind.kind!r} is not valid: {error.text}") from None
    except Exception as error:
        raise ExtensionError(where, f"{kind.kind!r} does not work with its own example: {error!r}") from error
    if not text.strip():
        raise ExtensionError(where, f"The fallback of {kind.kind!r} is empty.")
