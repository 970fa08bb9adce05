"""`opsloom new …`: files that an extension begins with, which work as they are."""

import re
from pathlib import Path
from string import Template
from typing import Final

from opsloom_blocks import BLOCKS

from opsloom_server.cli.words import fail, out, say
from opsloom_server.settings import Settings

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TEMPLATES: Final = Path(__file__).parent / "templates"


def new_block_command(name: str, folder: Path | None, *, drawn: bool) -> None:
    """Write the files of a new kind, or none of them."""
    if not _NAME.fullmatch(name):
        fail(
            f"{name!r} is no name for a kind.", "Lower-case letters, digits and _, beginning with a letter; at most 40."
        )
    if name in BLOCKS:
        fail(f"There is a kind {name!r} already.", f"Taken are: {', '.join(BLOCKS)}.")
    place = folder or Settings.from_env().extensions or Path("extensions")
    files = block_files(name, drawn=drawn)
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
    here = place.resolve()
    out.print(
        f"Next:\n"
        f"  1. Say in {here / f'{name}.py'} what the block holds.\n"
        f"  2. Test it:    pytest {here / 'tests'}\n"
        f"  3. Start:      OPSLOOM_EXTENSIONS={here} opsloom serve\n"
        f"  4. Add {name} to an assistant's blocks; the model then has the tool show_{name}.",
        markup=False,
    )


def block_files(name: str, *, drawn: bool) -> dict[str, str]:
    """The files of a new kind by their paths in the folder of extensions. `drawn`: without a browser module."""
    words = {"kind": name, "shape": name.title().replace("_", ""), "words": name.replace("_", " ").strip()}
    files = {
        f"{name}.py": "drawn.py" if drawn else "block.py",
        f"tests/test_{name}.py": "block_test.py",
        **({} if drawn else {f"{name}.js": "block.js"}),
    }
    return {path: Template(_read(template)).substitute(words) for path, template in files.items()}


def _read(template: str) -> str:
    return (_TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")
