"""`opsloom apply`, `opsloom export`, `opsloom templates`: assistants as files."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from rich.table import Table

from opsloom_server.cli.resources import KINDS
from opsloom_server.cli.resources.assistant import references, with_others
from opsloom_server.cli.resources.diffs import shown
from opsloom_server.cli.resources.kind import WORKSPACE, World
from opsloom_server.cli.resources.planning import carry_out, made, plan, world_of
from opsloom_server.cli.words import err, fail, out, plainly, run, say
from opsloom_server.declarations import Declared, Mistakes, nearest, read_declarations, write_declarations
from opsloom_server.declarations.templates import template, templates
from opsloom_server.settings import Settings


def apply_command(paths: Sequence[Path], template_: str | None, *, dry_run: bool, yes: bool) -> None:
    """Show what would change, ask, and change it. Ends with code 1 where something is wrong; nothing was changed then,
    but for documents that could not be read."""
    if (template_ is None) == (not paths):
        fail("Name files or folders, or a template.", "opsloom apply assistants/, or opsloom apply --template support")
    try:
        with plainly():
            declarations = read_declarations(paths) if template_ is None else list(template(template_).declared)
    except Mistakes as error:
        _refuse(error)
    run(_apply(declarations, dry_run=dry_run, yes=yes))


async def _apply(declarations: Sequence[Declared], *, dry_run: bool, yes: bool) -> None:
    async with world_of(Settings.from_env()) as world:
        try:
            changes = await plan(declarations, world)
        except Mistakes as error:
            _refuse(error)
        for line in shown(changes):
            out.print(line)
        if all(change.idle for change in changes):
            out.print(f"Nothing to do: {made(changes)}.")
            return
        if dry_run:
            out.print(f"Nothing was changed; it would be: {made(changes)}.")
            return
        if not yes:
            _ask()
        failures = await carry_out(changes, world, say)
        out.print(f"Done: {made(changes)}.")
    if failures:
        for words in failures:
            say(words)
        fail("Some documents could not be read; all else is done.", "Mend or remove them, and apply again.")


def templates_command(name: str | None) -> None:
    """A table of them; or one, as a file to begin with."""
    if name is not None:
        with plainly():
            print(template(name).yaml, end="")
        return
    table = Table("template", "what it does")
    for one in templates().values():
        table.add_row(one.name, one.about)
    out.print(table)
    out.print("Make one with: opsloom apply --template NAME, or begin a file: opsloom templates NAME > NAME.yaml")


def export_command(slugs: Sequence[str], to: Path | None) -> None:
    """Write what there is as YAML: to standard output, or a file a resource below a folder."""
    run(_export(slugs, to))


async def _export(slugs: Sequence[str], to: Path | None) -> None:
    async with world_of(Settings.from_env()) as world:
        for slug in slugs:
            if slug not in world.names["assistant"]:
                fail(f"There is no assistant {slug}{nearest(slug, world.names['assistant'])}")
        documents = await exported(world, slugs)
    if to is None:
        print(write_declarations([one for of_kind in documents.values() for one in of_kind]), end="")
        return
    for kind in KINDS:
        for file, document in _named(to / f"{kind.name}s".replace("_", "-"), documents[kind.name], kind.key):
            text = write_declarations([document])
            try:
                if not file.exists() or file.read_text(encoding="utf-8") != text:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text, encoding="utf-8")
                    say(f"wrote {file}")
            except OSError as error:
                fail(f"{file} cannot be written: {error.strerror}.", "Choose another folder with --to.")
    out.print(f"{sum(map(len, documents.values()))} resources are in {to}. Apply them with: opsloom apply {to}")


async def exported(world: World, slugs: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The documents of each kind: of these assistants and what they refer to, or of everything."""
    documents: dict[str, list[dict[str, Any]]] = {}
    async with world.database.transact(WORKSPACE) as connection:
        only: dict[str, Iterable[str] | None] = {kind.name: None for kind in KINDS}
        if slugs:
            chosen = await with_others(connection, world, slugs)
            tools = references(chosen, "tools")
            only = {
                "assistant": [one["slug"] for one in chosen],
                "knowledge_base": references(chosen, "knowledge_bases"),
                "data_source": references(chosen, "data_sources"),
                "tool": tools,
                "mcp_server": {one.partition("/")[0] for one in tools if "/" in one},
            }
        for kind in KINDS:
            documents[kind.name] = await kind.export(connection, world, only.get(kind.name, ()))
    return documents


def _named(folder: Path, documents: Iterable[Mapping[str, Any]], key: str) -> Iterable[tuple[Path, Mapping[str, Any]]]:
    """A file for each, by its name; of names that become the same file's, later ones are numbered."""
    taken: set[str] = set()
    for one in documents:
        plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in str(one[key]).lower()).strip("-")[:80]
        plain = plain or "unnamed"
        name = next(n for n in (plain, *(f"{plain}-{i}" for i in range(2, 100_000))) if n not in taken)
        taken.add(name)
        yield folder / f"{name}.yaml", one


def _ask() -> None:
    """Go on only where somebody says so."""
    if not _is_there():
        fail("Nobody can be asked here whether this is to be done.", "Add --yes to do it, or --dry-run to look only.")
    err.print("Do this? \\[y/N] ", end="")
    try:
        answer = input()
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        fail("Nothing was changed.")


def _is_there() -> bool:
    """Whether somebody sits before this."""
    return sys.stdin.isatty()


def _refuse(error: Mistakes) -> NoReturn:
    """Say all that is wrong, and end."""
    fail("\n".join(map(str, error.mistakes)), "Nothing was changed.")
