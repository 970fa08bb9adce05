"""`opsloom new …`: files that an extension begins with, which work as they are."""

import re
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Final, NoReturn

from opsloom_blocks import BLOCKS

from opsloom_server.cli.words import fail, out, say
from opsloom_server.settings import Settings

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TEMPLATES: Final = Path(__file__).parent / "templates"


def new_block_command(name: str, folder: Path | None, *, drawn: bool) -> None:
    """Write the files of a new kind, or none of them."""
    if not _NAME.fullmatch(name):
        _no_name(name, "a kind")
    if name in BLOCKS:
        fail(f"There is a kind {name!r} already.", f"Taken are: {', '.join(BLOCKS)}.")
    here = _write(block_files(name, drawn=drawn), folder)
    out.print(
        f"Next:\n"
        f"  1. Say in {here / f'{name}.py'} what the block holds.\n"
        f"  2. Test it:    pytest {here / 'tests'}\n"
        f"  3. Start:      OPSLOOM_EXTENSIONS={here} opsloom serve\n"
        f"  4. Add {name} to an assistant's blocks; the model then has the tool show_{name}.",
        markup=False,
    )


def new_tool_command(name: str, folder: Path | None) -> None:
    """Write the files of a new tool, or none of them."""
    from opsloom_server.tools import load_catalogue

    if not _NAME.fullmatch(name):
        _no_name(name, "a tool")
    if name in load_catalogue().tools:
        fail(
            f"There is a tool {name!r} already.", "Choose another name; `show_…` and `ask_…` are made from the blocks."
        )
    here = _write(tool_files(name), folder)
    out.print(
        f"Next:\n"
        f"  1. Say in {here / f'{name}.py'} what the tool does.\n"
        f"  2. Test it:    pytest {here / 'tests'}\n"
        f"  3. Start:      OPSLOOM_EXTENSIONS={here} opsloom serve\n"
        f"  4. Add {name} to an assistant's tools.\n"
        f"A tool that only calls a service needs no code: docs/tools.md.",
        markup=False,
    )


def block_files(name: str, *, drawn: bool) -> dict[str, str]:
    """The files of a new kind by their paths in the folder of extensions. `drawn`: without a browser module."""
    return _filled(
        name,
        {
            f"{name}.py": "drawn.py" if drawn else "block.py",
            f"tests/test_{name}.py": "block_test.py",
            **({} if drawn else {f"{name}.js": "block.js"}),
        },
    )


def tool_files(name: str) -> dict[str, str]:
    """The files of a new tool by their paths in the folder of extensions."""
    return _filled(name, {f"{name}.py": "tool.py", f"tests/test_{name}.py": "tool_test.py"})


def _filled(name: str, templates: Mapping[str, str]) -> dict[str, str]:
    """Templates by path, with the name in its forms."""
    words = {
        "kind": name,
        "name": name,
        "shape": name.title().replace("_", ""),
        "words": name.replace("_", " ").strip(),
    }
    return {
        path: Template((_TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")).substitute(words)
        for path, template in templates.items()
    }


def _write(files: Mapping[str, str], folder: Path | None) -> Path:
    """Write them all, or none where one is there. Gives the folder, in full."""
    place = folder or Settings.from_env().extensions or Path("extensions")
    taken = [path for path in files if (place / path).exists()]
    if taken:
        fail(f"{place / taken[0]} is there already; nothing was written.", "Choose another name, or move it away.")
    try:
        for path, text in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            with (place / path).open("x", encoding="utf-8") as file:
                file.write(text)
            say(f"wrote {place / path}")
    except OSError as error:
        fail(f"{place} cannot be written to: {error.strerror}.", "Choose another folder with --folder.")
    return place.resolve()


def _no_name(name: str, what: str) -> NoReturn:
    fail(f"{name!r} is no name for {what}.", "Lower-case letters, digits and _, beginning with a letter; at most 40.")
