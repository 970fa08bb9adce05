"""Texts with places to fill: `{argument}`, and `{{secret:name}}`. What is put in is never read for places again."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from opsloom_server.tools.secrets import NAME

__all__ = ["Argument", "Secret", "Template", "as_text"]

_PLACE: Final = re.compile(rf"\{{\{{ *secret:({NAME}) *\}}\}}|\{{([A-Za-z_][A-Za-z0-9_]*)\}}")


class Argument(Struct, frozen=True):
    name: str


class Secret(Struct, frozen=True):
    name: str


class Template(Struct, frozen=True):
    """A text taken apart."""

    pieces: tuple[str | Argument | Secret, ...]

    @classmethod
    def of(cls, text: str, known: Sequence[str] | None = None) -> "Template":
        """With `known`, braces round any other name are plain text."""
        pieces: list[str | Argument | Secret] = []
        at = 0
        for place in _PLACE.finditer(text):
            secret, argument = place.groups()
            if secret is None and known is not None and argument not in known:
                continue
            pieces += [text[at : place.start()], Argument(argument) if secret is None else Secret(secret)]
            at = place.end()
        pieces.append(text[at:])
        return cls(tuple(piece for piece in pieces if piece != ""))

    @property
    def arguments(self) -> list[str]:
        return [piece.name for piece in self.pieces if isinstance(piece, Argument)]

    @property
    def secrets(self) -> list[str]:
        return [piece.name for piece in self.pieces if isinstance(piece, Secret)]

    @property
    def literal(self) -> str:
        """What stands between the places."""
        return "".join(piece for piece in self.pieces if isinstance(piece, str))

    @property
    def only(self) -> str | None:
        """The argument, where the text is nothing but its place."""
        return self.pieces[0].name if len(self.pieces) == 1 and isinstance(self.pieces[0], Argument) else None

    def fill(
        self, args: Mapping[str, Any], secrets: Mapping[str, str], write: Callable[[str], str] = str
    ) -> str | None:
        """The text, each value written by `write`; None where an argument is not given."""
        out: list[str] = []
        for piece in self.pieces:
            match piece:
                case str():
                    out.append(piece)
                case Secret(name):
                    out.append(write(secrets[name]))
                case Argument(name):
                    if args.get(name) is None:
                        return None
                    out.append(write(as_text(args[name])))
        return "".join(out)


def as_text(value: Any) -> str:
    """A plain JSON value in a text: strings as they are, all else as JSON writes it."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
