"""YAML into resources: one document is one resource. Everything that is wrong is told with its file and line.

YAML is read as version 1.2 has it, so that `no` is a word, `12:30` is not 750 and `2026-01-01` stays text. Anchors and
aliases are refused (ten lines of them unfold into gigabytes), tags too (they make objects), and a key that stands twice
(the last one would win, silently).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml
from msgspec import Struct
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from opsloom_server.errors import Invalid

__all__ = ["DEFAULT_KIND", "SCALARS", "Declared", "Mistake", "Mistakes", "read_declarations", "read_text"]

DEFAULT_KIND: Final = "assistant"
BYTES: Final = 1_048_576
"""A file; instructions of 200,000 characters fit four times."""
DEPTH: Final = 20

Path_: TypeAlias = tuple[str | int, ...]
"""Where something stands in a document: `("starters", 2)`."""

SCALARS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "bool": (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    "int": (re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), "-+0123456789"),
    "float": (re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$"), "-+0123456789."),
    "null": (re.compile(r"^(?:~|null|Null|NULL|)$"), "~nN\0"),
}
"""What a plain word is read as, and the characters that such a word may begin with ("\\0": the empty one)."""


class Mistake(Struct, frozen=True):
    """What is wrong, and where."""

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


class Mistakes(Invalid):
    """Everything that is wrong with what was declared; nothing was changed."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = list(mistakes)
        super().__init__("\n".join(map(str, mistakes)))


class Declared(Struct, frozen=True):
    """One document: a resource as somebody wrote it. `base` is the folder that its paths start from."""

    kind: str
    fields: dict[str, Any]
    file: str
    base: Path
    lines: Mapping[Path_, int]

    def at(self, *path: str | int) -> str:
        """Where a field or an item stands: `file:line`, of the nearest thing around it that has a line."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.file}:{self.lines.get(path, 1)}"

    def mistake(self, text: str, *path: str | int) -> Mistake:
        return Mistake(self.at(*path), text)


def read_declarations(paths: Sequence[Path]) -> list[Declared]:
    """Read these files, and all `*.yaml` and `*.yml` below these folders, in order. Raises `Mistakes`."""
    found: list[Declared] = []
    mistakes: list[Mistake] = []
    for file in _files(paths, mistakes):
        try:
            data = file.read_bytes()
            found += read_text(data, str(file), file.parent)
        except OSError as error:
            mistakes.append(Mistake(str(file), f"cannot be read: {error.strerror or error}."))
        except Mistakes as error:
            mistakes += error.mistakes
    if not mistakes and not found:
        mistakes.append(Mistake(", ".join(map(str, paths)), "there is no YAML document here (*.yaml, *.yml)."))
    if mistakes:
        raise Mistakes(mistakes)
    return found


def read_text(data: bytes, file: str, base: Path) -> list[Declared]:
    """Read the documents of one file. Raises `Mistakes`."""
    if len(data) > BYTES:
        raise Mistakes([Mistake(file, f"is {len(data):,} bytes long; {BYTES:,} are read.")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Mistakes([Mistake(f"{file}:{line}", "is no UTF-8 text.")]) from None
    try:
        nodes = list(_Loader.documents(text))
        # An empty one stands between two `---`.
        return [_document(one, file, base) for one in nodes if not (isinstance(one, ScalarNode) and one.value == "")]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}" if mark is not None else file
        words = ", ".join(part for part in (error.context, error.problem) if part)
        raise Mistakes([Mistake(where, f"is no YAML: {words}.")]) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1 if isinstance(error.position, int) else 1
        raise Mistakes([Mistake(f"{file}:{line}", "holds a character that YAML does not allow.")]) from None
    except _Refused as error:
        raise Mistakes([Mistake(f"{file}:{error.line}", error.text)]) from None


def _files(paths: Sequence[Path], mistakes: list[Mistake]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            below = [one for one in sorted(path.rglob("*")) if one.suffix in (".yaml", ".yml") and one.is_file()]
            yield from (one for one in below if not any(p.startswith(".") for p in one.relative_to(path).parts))
        elif path.exists():
            yield path
        else:
            mistakes.append(Mistake(str(path), "there is no such file or folder."))


class _Refused(Exception):
    def __init__(self, node: Any, text: str) -> None:
        self.line = node.start_mark.line + 1
        self.text = text
        super().__init__(text)


class _Loader(yaml.SafeLoader):
    """Parses into nodes; nothing is ever constructed by a tag."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 (as the base class has it)
    _depth = 0

    @classmethod
    def documents(cls, text: str) -> Iterator[Node]:
        loader = cls(text)
        try:
            while loader.check_node():
                if (node := loader.get_node()) is not None:
                    yield node
        finally:
            loader.dispose()

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _Refused(event, "anchors and aliases (& and *) are not read here; write it out.")
        if (tag := getattr(event, "tag", None)) is not None:
            raise _Refused(event, f"the tag {tag} is not read here; write a plain value.")
        self._depth += 1
        if self._depth > DEPTH:
            raise _Refused(event, f"is nested more than {DEPTH} deep.")
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


for _name, (_pattern, _first) in SCALARS.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", _pattern, ["" if one == "\0" else one for one in _first]
    )


def _document(node: Node, file: str, base: Path) -> Declared:
    if not isinstance(node, MappingNode):
        raise _Refused(node, "a document is a resource: fields with their values, such as `slug: support`.")
    lines: dict[Path_, int] = {(): node.start_mark.line + 1}
    fields = _value(node, (), lines)
    kind = fields.pop("kind", DEFAULT_KIND)
    if not isinstance(kind, str):
        raise _Refused(node, "`kind` is a word, such as `assistant`.")
    return Declared(kind, fields, file, base, lines)


def _value(node: Node, path: Path_, lines: dict[Path_, int]) -> Any:
    """A node as a plain value, with the lines of all that is in it."""
    lines.setdefault(path, node.start_mark.line + 1)
    match node:
        case MappingNode():
            fields: dict[str, Any] = {}
            for key, value in node.value:
                if not isinstance(key, ScalarNode):
                    raise _Refused(key, "a field's name is a word.")
                if key.value in fields:
                    first = lines[(*path, key.value)]
                    raise _Refused(key, f"`{key.value}` stands here a second time; it was given in line {first}.")
                lines[(*path, key.value)] = key.start_mark.line + 1
                fields[key.value] = _value(value, (*path, key.value), lines)
            return fields
        case SequenceNode():
            return [_value(item, (*path, number), lines) for number, item in enumerate(node.value)]
        case ScalarNode():
            return _scalar(node)
    raise _Refused(node, "cannot be read.")


def _scalar(node: ScalarNode) -> Any:
    match node.tag.rpartition(":")[2]:
        case "null":
            return None
        case "bool":
            return node.value.lower() == "true"
        case "int":
            if len(node.value) > 20:
                raise _Refused(node, "is too long for a number; put it in quotes to make it text.")
            return int(node.value)
        case "float":
            return float(node.value)
        case _:
            return node.value
