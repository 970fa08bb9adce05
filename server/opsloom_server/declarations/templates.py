"""Ready-made assistants to start from: the YAML files beside this one."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct

from opsloom_server.declarations.nearest import nearest
from opsloom_server.declarations.reading import DEFAULT_KIND, Declared, read_text
from opsloom_server.errors import NotFound

__all__ = ["Template", "template", "templates"]

_FOLDER: Final = Path(__file__).parent / "ready_made"


class Template(Struct, frozen=True, kw_only=True):
    """A file that `opsloom apply` takes: its name, the assistant's own name and description, and all it declares."""

    name: str
    title: str
    about: str
    yaml: str
    declared: Sequence[Declared]


@cache
def templates() -> Mapping[str, Template]:
    """All of them by name."""
    return {file.stem: _read(file) for file in sorted(_FOLDER.glob("*.yaml"))}


def template(name: str) -> Template:
    """One by name. Raises `NotFound` that says which one was probably meant."""
    found = templates().get(name)
    if found is None:
        raise NotFound(f"There is no template `{name}`{nearest(name, templates())}")
    return found


def _read(file: Path) -> Template:
    data = file.read_bytes()
    # Paths in a template that somebody applies as it is start from where they are.
    declared = read_text(data, f"template {file.stem}", Path())
    assistant = next(one for one in declared if one.kind == DEFAULT_KIND)
    return Template(
        name=file.stem,
        title=assistant.fields["name"],
        about=assistant.fields["description"],
        yaml=data.decode(),
        declared=declared,
    )
