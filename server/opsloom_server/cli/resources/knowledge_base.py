"""`kind: knowledge_base`: a name, and optionally its documents: files, folders, or texts in place.

Documents that came by `apply` are known by their ids, so that one which the file no longer names is taken away, and
those that came in otherwise are left alone.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from opsloom_rag.errors import RagError
from opsloom_rag.passages import Content
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.cli.ingesting import NO_EMBEDDER, documents_in
from opsloom_server.cli.resources.kind import (
    WORKSPACE,
    Change,
    Document,
    FieldChange,
    Kind,
    Only,
    Say,
    World,
    only_known,
)
from opsloom_server.declarations import Declared, Mistake, Mistakes, nearest
from opsloom_server.errors import Invalid
from opsloom_server.store import records
from opsloom_server.store.knowledge import base_page, create_base, find_base, ready_documents

__all__ = ["KNOWLEDGE_BASE"]

_PREFIX: Final = "doc_applied_"
_MOST: Final = 100_000
_ITEM: Final = "a document is the path of a file or folder, or `{title, text}`."


class _Document(Struct, frozen=True):
    """A document as it was found beside the YAML file, or a text in it; `name` is what it is known by in its base.
    Files are read one at a time: a folder may hold more than fits into memory."""

    name: str
    sha256: str
    title: str | None
    path: Path | None = None
    text: str = ""

    def id(self, base: str) -> str:
        return _PREFIX + hashlib.sha256(f"{base}/{self.name}".encode()).hexdigest()[:32]

    def content(self) -> Content:
        data = self.text.encode() if self.path is None else self.path.read_bytes()
        return Content(data=data, name=self.name, title=self.title)


class KnowledgeBaseKind(Kind):
    name = "knowledge_base"
    noun = "a knowledge base"
    key = "name"
    fields = ("name", "embedder", "documents")

    async def names(self, connection: AsyncConnection) -> Iterable[str]:
        return [row.name for row in await base_page(connection, _MOST, None)]

    async def plan(self, declared: Declared, world: World) -> Change:
        only_known(self, declared)
        name = declared.fields["name"]
        documents = _documents(declared)
        async with world.database.transact(WORKSPACE) as connection:
            before = await find_base(connection, name)
            held = {} if before is None else await ready_documents(connection, before.id, _PREFIX)
        embedder = declared.fields.get("embedder")
        held_by = NO_EMBEDDER if before is None else before.embedder
        if embedder not in (None, held_by, world.settings.embedder):
            words = f"`embedder` is that of this server, {world.settings.embedder}; set OPSLOOM_EMBEDDER to change it."
            raise Mistakes([declared.mistake(words, "embedder")])
        new, changed, gone = [], [], []
        if documents is not None:
            ids = {one.id(before.id): one for one in documents} if before is not None else {}
            new = [one for one in documents if before is None or one.id(before.id) not in held]
            changed = [one for key, one in ids.items() if key in held and held[key] != one.sha256]
            gone = [key for key in held if key not in ids]
        fields = _shown(new, changed, len(gone))

        async def store_it(connection: AsyncConnection) -> None:
            if before is None:
                knowledge = await world.knowledge()
                own = NO_EMBEDDER if knowledge.embedder is None else knowledge.embedder.name
                row = await create_base(connection, WORKSPACE, name, own)
                await records.note(
                    connection, WORKSPACE, None, "knowledge.create", row.id, name=name, by="opsloom apply"
                )

        async def finish(say: Say) -> list[str]:
            return await _read(world, name, [*new, *changed], gone, say)

        return Change(
            kind=self.name,
            name=name,
            new=before is None,
            fields=fields,
            store=store_it,
            finish=finish if fields else None,
        )

    async def export(self, connection: AsyncConnection, world: World, only: Only) -> list[Document]:
        """Without the documents: those stand where they came from."""
        chosen = None if only is None else set(only)
        rows = await base_page(connection, _MOST, None)
        return [{"kind": self.name, "name": row.name} for row in rows if chosen is None or row.name in chosen]


KNOWLEDGE_BASE: Final = KnowledgeBaseKind()


def _documents(declared: Declared) -> list[_Document] | None:
    """What the file names, read; None where it says nothing of documents. Raises `Mistakes`."""
    items = declared.fields.get("documents")
    if items is None:
        return None
    if not isinstance(items, list):
        raise Mistakes([declared.mistake("`documents` is a list; each of them: " + _ITEM, "documents")])
    found: dict[str, _Document] = {}
    mistakes: list[Mistake] = []
    for number, item in enumerate(items):
        try:
            for one in _item(declared, item, number):
                if one.name in found:
                    raise Mistakes([declared.mistake(f"there are two documents `{one.name}`.", "documents", number)])
                found[one.name] = one
        except Mistakes as error:
            mistakes += error.mistakes
    if mistakes:
        raise Mistakes(mistakes)
    return list(found.values())


def _item(declared: Declared, item: Any, number: int) -> list[_Document]:
    where = ("documents", number)
    if isinstance(item, str):
        paths = documents_in(declared.base / item)
        if not paths:
            raise Mistakes([declared.mistake(f"there is no document at {item}.", *where)])
        try:
            folder = not (declared.base / item).is_file()
            named = [(f"{item.rstrip('/')}/{title}" if folder else item, path) for title, path in paths]
            return [_Document(name, _sha256(path), None, path) for name, path in named]
        except OSError as error:
            raise Mistakes([declared.mistake(f"{item} cannot be read: {error.strerror}.", *where)]) from None
    if not isinstance(item, dict):
        raise Mistakes([declared.mistake(_ITEM, *where)])
    for name in item:
        if name not in ("title", "text"):
            words = f"`{name}` is no field of a document{nearest(name, ('title', 'text'))}"
            raise Mistakes([declared.mistake(words, *where, name)])
    title, text = item.get("title"), item.get("text")
    if not isinstance(title, str) or not isinstance(text, str) or not title.strip() or not text.strip():
        raise Mistakes([declared.mistake("a document in place has a `title` and a `text`.", *where)])
    mark = hashlib.sha256(text.encode()).hexdigest()
    return [_Document(f"text: {title}", mark, title.strip()[:200], text=text)]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shown(new: Sequence[_Document], changed: Sequence[_Document], gone: int) -> tuple[FieldChange, ...]:
    after = [one.name for one in new] + [f"{one.name} (changed)" for one in changed]
    if not after and not gone:
        return ()
    return (FieldChange("documents", [f"{gone} that the file no longer names"] if gone else None, after or None),)


async def _read(world: World, name: str, documents: Sequence[_Document], gone: Sequence[str], say: Say) -> list[str]:
    """Read what is new or changed, take away what is gone; gives what could not be read, in words."""
    if not documents and not gone:
        return []
    knowledge = await world.knowledge()
    async with world.database.transact(WORKSPACE) as connection:
        base = await find_base(connection, name)
    if base is None:
        raise Invalid(f"The knowledge base {name} was deleted meanwhile; apply again.")
    if documents:
        say(f"Reading {len(documents)} documents into {name}")
    by_id = {one.id(base.id): one for one in documents}
    items = ((key, one.content()) for key, one in by_id.items())
    refused: list[str] = []
    try:
        outcomes = [one async for one in knowledge.ingest_many(WORKSPACE, base.id, items)] if documents else []
        refused += [f"{by_id[one.document].name}: {one.error.text}" for one in outcomes if one.error is not None]
    except RagError as error:
        refused.append(error.text)
    except OSError as error:
        refused.append(f"{error.filename}: {error.strerror}")
    for document in gone:
        await knowledge.remove(WORKSPACE, document)
    return refused
