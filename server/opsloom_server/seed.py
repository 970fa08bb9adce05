"""What the first start makes: a workspace, a knowledge base of Opsloom's own documentation, the assistant ``demo``, and
for it a made-up shop's database where Opsloom has a PostgreSQL of its own.

Every start comes by: documents that changed are read again, those that are gone are taken away, and what an owner has
changed or deleted stays as they left it.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct
from opsloom_rag.knowledge import Knowledge
from opsloom_rag.passages import Content
from sqlalchemy import text

from opsloom_server.models.demo.querying import PREPARED
from opsloom_server.sources import DataSources, demo_shop
from opsloom_server.store import assistants, users
from opsloom_server.store import knowledge as store
from opsloom_server.store.assistants import AssistantSpec
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from opsloom_server.store.sources import find as find_source
from opsloom_server.tools.registry import Catalogue

__all__ = ["BASE", "DEMO", "Page", "pages", "seed"]

BASE = "opsloom-docs"
DEMO = "demo"
NO_EMBEDDER = "none"

# Any number that nobody else locks: "seed" in ASCII. Of servers that start at once, one seeds.
_LOCK = 0x73656564

_log = logging.getLogger("opsloom.seed")

_INSTRUCTIONS = """\
You are the demonstration assistant of Opsloom, a self-hosted chat server. Answer questions about Opsloom from its \
documentation: search it first, answer in a few plain sentences, and cite what you used. Say so when the documentation \
does not hold the answer; do not guess. When somebody wants to see what you can show, show it: a chart, a table, a \
form, choices or a progress display, with small made-up data that you call made up. If you have the database of the \
demo's shop, its customers and orders are made up too: say so."""

_GREETING = "Ask me anything about Opsloom."

_STARTERS = (
    "How do I embed the chat on my website?",
    "How do I add my own documents?",
    "Show me a chart",
    "Show me a form",
)


class Page(Struct, frozen=True):
    """A page of the documentation. ``id`` is made of its name: a changed page takes the place of the old one."""

    id: str
    name: str
    data: bytes
    sha256: str


BESIDE_TOOLS: Final = frozenset({"confirm", "sql", "image", "file", "audio", "video", "error"})
"""Kinds that say nothing without a tool of one's own to run, to make a file, or to fail; each costs a model some 500
tokens a turn."""


def pages(folder: Path | None = None) -> list[Page]:
    """Read the documentation that came with the server: in the installed package, else in the repository beside it."""
    package = Path(__file__).parent
    folders = [folder] if folder is not None else [package / "docs", package.parents[1] / "docs"]
    for each in folders:
        found = sorted(each.glob("**/*.md")) if each.is_dir() else []
        if found:
            return [_page(path.relative_to(each).as_posix(), path.read_bytes()) for path in found]
    return []


def _page(name: str, data: bytes) -> Page:
    key = "doc_opsloom_" + re.sub(r"[^a-z0-9]+", "_", name.removesuffix(".md").lower())
    return Page(key, name, data, hashlib.sha256(data).hexdigest())


async def seed(
    database: Database,
    knowledge: Knowledge,
    catalogue: Catalogue,
    progress: Callable[[str], None] = lambda _: None,
    *,
    docs: Path | None = None,
    sources: DataSources | None = None,
    embedded: str | None = None,
) -> None:
    """Make what is missing; return when the documentation can be searched. Idempotent, also beside other servers.

    ``embedded`` is the address of the PostgreSQL that Opsloom brought along.
    """
    found = await asyncio.to_thread(pages, docs)
    async with _alone(database):
        async with database.transact(DEFAULT_WORKSPACE) as connection:
            await users.ensure_workspace(connection, DEFAULT_WORKSPACE, "Default")
        base = await _base(database, knowledge)
        await _documents(database, knowledge, base, found, progress)
        shop = await _shop(database, sources, embedded) if sources is not None and embedded is not None else None
        await _demo(database, base, tuple(kind for kind in catalogue.kinds if kind not in BESIDE_TOOLS), shop)


@asynccontextmanager
async def _alone(database: Database) -> AsyncIterator[None]:
    """Hold a lock that goes with its connection, so that a killed process leaves none behind."""
    async with database.engine.connect() as connection:
        await connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        # Not left open as a transaction: the database would end it while the embedder works.
        await connection.commit()
        try:
            yield
        finally:
            await connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            await connection.commit()


async def _base(database: Database, knowledge: Knowledge) -> str:
    """Return the id of the documentation's knowledge base; made anew, under the same id, for another embedder."""
    embedder = NO_EMBEDDER if knowledge.embedder is None else knowledge.embedder.name
    async with database.transact(DEFAULT_WORKSPACE) as connection:
        base = await store.find_base(connection, BASE)
        if base is None:
            return (await store.create_base(connection, DEFAULT_WORKSPACE, BASE, embedder)).id
    if base.embedder != embedder and knowledge.embedder is not None:
        _log.info("the documentation was embedded by %s; reading it again for %s", base.embedder, embedder)
        await knowledge.remove_base(DEFAULT_WORKSPACE, base.id)
        async with database.transact(DEFAULT_WORKSPACE) as connection:
            await store.create_base(connection, DEFAULT_WORKSPACE, BASE, embedder, key=base.id)
    return base.id


async def _documents(
    database: Database, knowledge: Knowledge, base: str, found: list[Page], progress: Callable[[str], None]
) -> None:
    if not found:
        _log.warning("the documentation did not come with this installation; the demo has nothing to answer from")
        return
    async with database.transact(DEFAULT_WORKSPACE) as connection:
        stored: Mapping[str, str | None] = await store.ready_documents(connection, base, "doc_opsloom_")
    changed = [page for page in found if stored.get(page.id) != page.sha256]
    if changed:
        progress(f"Reading {len(changed)} of {len(found)} pages of documentation for the demo")
        items = [(page.id, Content(data=page.data, name=page.name)) for page in changed]
        async for outcome in knowledge.ingest_many(DEFAULT_WORKSPACE, base, items):
            if outcome.error is not None:
                _log.warning("the page %s could not be read: %s", outcome.document, outcome.error.text)
    for gone in stored.keys() - {page.id for page in found}:
        await knowledge.remove(DEFAULT_WORKSPACE, gone)


async def _shop(database: Database, sources: DataSources, embedded: str) -> str | None:
    """Return the id of the demo's shop, made with the demo; later only led to where the database is now."""
    async with database.transact(DEFAULT_WORKSPACE) as connection:
        held = await find_source(connection, demo_shop.NAME)
        if held is None and await assistants.slug_was_used(connection, DEMO):
            return None
    url = await demo_shop.make_shop(embedded)
    if held is None:
        return (await sources.attach(DEFAULT_WORKSPACE, demo_shop.NAME, url, [demo_shop.SCHEMA])).id
    if not sources.leads_to(held, url):
        await sources.change(DEFAULT_WORKSPACE, held, {"url": url})
    return held.id


async def _demo(database: Database, base: str, kinds: tuple[str, ...], shop: str | None) -> None:
    async with database.transact(DEFAULT_WORKSPACE) as connection:
        if await assistants.slug_was_used(connection, DEMO):
            return
        await assistants.create(
            connection,
            DEFAULT_WORKSPACE,
            AssistantSpec(
                slug=DEMO,
                name="Opsloom",
                description="Answers from Opsloom's own documentation, and shows what it can show.",
                instructions=_INSTRUCTIONS,
                knowledge_bases=(base,),
                data_sources=() if shop is None else (shop,),
                blocks=kinds,
                greeting=_GREETING,
                starters=_STARTERS if shop is None else (*_STARTERS, PREPARED[0].question),
                public=True,
            ),
        )
