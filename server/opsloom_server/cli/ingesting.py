"""`opsloom ingest`: files from this machine into a knowledge base, straight into the database."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from opsloom_rag.errors import LoadError, RagError
from opsloom_rag.knowledge import Knowledge
from opsloom_rag.passages import Content
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from opsloom_server.cli.database import opened
from opsloom_server.cli.words import err, fail, run, say
from opsloom_server.settings import Settings
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from opsloom_server.store.knowledge import create_base, find_base

# What a knowledge base without vectors is written down as.
NO_EMBEDDER = "none"

# In a folder only what looks like a document is taken; a file that is named is always tried.
SUFFIXES = frozenset({".md", ".markdown", ".txt", ".text", ".rst", ".html", ".htm", ".pdf"})


def ingest_command(path: Path, knowledge_base: str) -> None:
    """Read the files, show how far it is, and end with code 1 if one of them could not be read."""
    files = documents_in(path)
    if not files:
        known = ", ".join(sorted(SUFFIXES))
        fail(f"There is no document at {path}.", f"Name a file, or a folder that holds some ({known}).")
    run(_ingest(files, knowledge_base))


def documents_in(path: Path) -> list[tuple[str, Path]]:
    """The files below `path` with the names by which they are known, in order; hidden ones are left out."""
    if path.is_file():
        return [(path.name, path)]
    found = []
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path)
        if file.is_file() and file.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in name.parts):
            found.append((name.as_posix(), file))
    return found


async def _ingest(files: Sequence[tuple[str, Path]], name: str) -> None:
    settings = Settings.from_env()
    async with opened(settings) as database:
        knowledge = await Knowledge.open(database.transact, settings.embedder)
        if knowledge.notice:
            say(knowledge.notice)
        base = await _base(database, name, NO_EMBEDDER if knowledge.embedder is None else knowledge.embedder.name)
        refused = []
        with _progress() as progress:
            bar = progress.add_task(f"{len(files)} documents", total=float(len(files)))
            for number, (title, path) in enumerate(files):
                progress.update(bar, description=title)
                try:
                    content = Content(data=path.read_bytes(), name=title)
                    async for step in knowledge.ingest(DEFAULT_WORKSPACE, base, document_id(base, title), content):
                        progress.update(bar, completed=number + step.share)
                except LoadError as error:
                    refused.append((title, error.text))
                except OSError as error:
                    refused.append((title, error.strerror or str(error)))
                except RagError as error:
                    fail(error.text)
                progress.update(bar, completed=float(number + 1))
            progress.update(bar, description=f"{len(files) - len(refused)} of {len(files)} documents")
    if refused:
        for title, words in refused:
            say(f"{title}: {words}")
        if len(refused) == len(files):
            fail(f"Nothing could be read, so nothing was added to {name}.")
        fail(f"{len(refused)} of {len(files)} documents could not be read; the others are in {name}.")
    say(f"{name} holds {len(files)} documents of this run.")


def document_id(base: str, name: str) -> str:
    """The same file's id the next time, so that it is replaced and not added."""
    return f"doc_{hashlib.sha256(f'{base}/{name}'.encode()).hexdigest()[:32]}"


async def _base(database: Database, name: str, embedder: str) -> str:
    async with database.transact(DEFAULT_WORKSPACE) as connection:
        found = await find_base(connection, name)
        if found is None:
            found = await create_base(connection, DEFAULT_WORKSPACE, name, embedder)
        return found.id


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    return Progress(*columns, TimeRemainingColumn(), console=err)
