"""What will change, for people: a line a field, long texts as the lines that differ."""

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import Any

from rich.text import Text

from opsloom_server.cli.resources.kind import Change, FieldChange
from opsloom_server.declarations.writing import write_value

__all__ = ["shown"]

_CONTEXT = 2
_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def shown(changes: Sequence[Change]) -> Iterator[Text]:
    """The lines of the diff; resources that stay as they are have none."""
    for change in changes:
        if not change.idle:
            sign, style = ("+", "green") if change.new else ("~", "yellow")
            yield Text(f"{sign} {change.kind} {change.name}", f"bold {style}")
            for field in change.fields:
                yield from _field(field)


def _field(field: FieldChange) -> Iterator[Text]:
    before, after = _lines(field.before), _lines(field.after)
    if len(before) <= 1 and len(after) <= 1 and not isinstance(field.after, list | dict):
        for sign, lines in (("-", before), ("+", after)):
            if lines:
                yield Text(f"  {sign} {field.name}: {lines[0]}", _STYLES[sign])
        return
    yield Text(f"    {field.name}:", "bold")
    differing = unified_diff(before, after, n=_CONTEXT, lineterm="")
    for number, line in enumerate(differing):
        if number >= 2 and not line.startswith("@@"):  # two lines name the files
            yield Text(f"  {line[0]}   {line[1:]}", _STYLES.get(line[0], "dim"))
        elif number > 2:
            yield Text("      …", "dim")


def _lines(value: Any) -> list[str]:
    """A value's lines: a text as it is, all else as YAML."""
    if value is None or value == [] or value == {}:
        return []
    if isinstance(value, str):
        return value.splitlines() or ["''"]
    return write_value(value).splitlines()
