"""Resources into YAML: the same ones always as the same bytes, long texts as people would write them."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from opsloom_server.declarations.reading import SCALARS

__all__ = ["write_declarations", "write_value"]

WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, no aliases, lists under their field."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


# YAML 1.1 ends a line at these too; as a block such a text would come back with other ends.
_ENDS = frozenset("\r\x85\u2028\u2029")


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _ENDS & set(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
# Beside what YAML 1.1 takes for something else than text, what 1.2 does: such texts are put in quotes.
for _name, (_pattern, _first) in SCALARS.items():
    _Dumper.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", _pattern, ["" if one == "\0" else one for one in _first]
    )


def write_declarations(documents: Sequence[Mapping[str, Any]]) -> str:
    """One document each, in the order given, their fields in the order that they have."""
    return "---\n".join(write_value(dict(one)) for one in documents)


def write_value(value: Any) -> str:
    """One value as YAML, with a line's end."""
    written: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    return written.removesuffix("...\n")
