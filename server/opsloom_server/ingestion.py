"""The worker that reads documents, in the background of the server.

The queue is the ``documents`` rows themselves: claimed with SKIP LOCKED, kept alive by a write every two seconds, and
taken over where that stops (a killed process). A queue library was looked at for this (pgqueuer 1.6) and left out: its
jobs would be a second truth beside ``documents.status`` that can disagree with it, its tables come with a schema
mechanism of their own beside Alembic and stand outside row-level security, and its trigger notifies on every change,
which takes a lock over all commits. What is left of a queue after that is the one statement in ``store.queue``.

Where documents wait is known in two ways: whoever adds some on this node calls ``wake``; and every 15 s each workspace
is looked through, for what a dead process left.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from opsloom_rag.errors import EmbedderFailed, RagError
from opsloom_rag.knowledge import Knowledge
from opsloom_rag.passages import Content

from opsloom_server.errors import Unavailable
from opsloom_server.fetching import Fetcher, FetchRefused
from opsloom_server.store import queue
from opsloom_server.store.engine import Database
from opsloom_server.store.knowledge import TITLE_CHARS, TO_FETCH
from opsloom_server.store.queue import Claimed, Waiting

__all__ = ["Ingestion"]

# Two: a short document does not wait behind a book, and embedding has two cores at most to itself.
WORKERS = 2
SWEEP_SECONDS = 15.0
KEEP_SECONDS = 2.0
# Progress is for people: two writes a second are enough for a bar that moves.
PROGRESS_SECONDS = 0.5
# A document that ended the process this often is not begun again.
ATTEMPTS = 3
# Short documents are read together, which embeds and commits them in groups: up to so many, and so many bytes.
BATCH_DOCUMENTS, BATCH_BYTES = 256, 1_048_576
PAUSE_SECONDS = 2.0

_log = logging.getLogger("opsloom.ingestion")


class Ingestion:
    """Works documents off until closed. Owned by the lifespan."""

    def __init__(
        self, database: Database, knowledge: Knowledge, fetcher: Fetcher | None = None, *, workers: int = WORKERS
    ) -> None:
        self._database = database
        self._knowledge = knowledge
        self._fetcher = fetcher or Fetcher()
        self._workers = workers
        self._tasks: list[asyncio.Task[None]] = []
        self._woken: set[str] = set()
        self._bell = asyncio.Event()
        self._swept = 0.0

    async def start(self) -> None:
        """Begin; what waits already is found at once."""
        for number in range(self._workers):
            self._tasks.append(asyncio.create_task(self._work(), name=f"ingestion {number}"))

    async def close(self) -> None:
        """Stop. What is being read goes back into the queue."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks.clear()

    def wake(self, workspace: str) -> None:
        """Say that this workspace has documents waiting."""
        self._woken.add(workspace)
        self._bell.set()

    async def _work(self) -> None:
        while True:
            try:
                self._bell.clear()
                found = await self._next()
                if found is None:
                    await self._wait()
                else:
                    await self._read(*found)
            except Unavailable as error:
                _log.warning("documents wait: %s", error.text)
                await asyncio.sleep(PAUSE_SECONDS)
            except Exception:
                _log.exception("reading documents broke; going on")
                await asyncio.sleep(PAUSE_SECONDS)

    async def _wait(self) -> None:
        left = self._swept + SWEEP_SECONDS - time.monotonic()
        try:
            await asyncio.wait_for(self._bell.wait(), max(0.1, left))
        except TimeoutError:
            return

    async def _next(self) -> tuple[str, list[Claimed]] | None:
        """Claim what to read next, and say in which workspace."""
        if time.monotonic() - self._swept >= SWEEP_SECONDS:
            self._swept = time.monotonic()
            self._woken.update(await self._database.workspaces())
        while self._woken:
            workspace = self._woken.pop()
            async with self._database.transact(workspace) as connection:
                heads = await queue.waiting(connection, BATCH_DOCUMENTS)
                chosen = list(together(heads))
                claimed = await queue.claim(connection, chosen)
                worn_out = [one for one in claimed if one.head.attempts >= ATTEMPTS]
                for one in worn_out:
                    await queue.fail(connection, one.head.id, "interrupted", _WORN_OUT)
            if heads:
                # There may be more: the other worker, or the next round, looks again.
                self.wake(workspace)
            ready = [one for one in claimed if one not in worn_out]
            if ready:
                return workspace, ready
        return None

    async def _read(self, workspace: str, claimed: Sequence[Claimed]) -> None:
        async with self._kept(workspace, [one.head.id for one in claimed]):
            alone = list(claimed)
            if len(claimed) > 1:
                alone = await self._read_together(workspace, claimed)
            for one in alone:
                await self._read_one(workspace, one)

    async def _read_together(self, workspace: str, claimed: Sequence[Claimed]) -> list[Claimed]:
        """Read short documents in one pass; return those that are left where something stopped it."""
        left = {one.head.id: one for one in claimed}
        items = [(one.head.id, _content(one)) for one in claimed]
        outcomes = self._knowledge.ingest_many(workspace, claimed[0].head.knowledge_base, items, create=False)
        try:
            async for outcome in outcomes:
                left.pop(outcome.document, None)
                if outcome.error is not None:
                    await self._fail(workspace, outcome.document, outcome.error.code, outcome.error.text)
        except RagError:
            # One was deleted meanwhile, or the embedder balks: each by itself, so that each gets its own end.
            return list(left.values())
        return list(left.values())

    async def _read_one(self, workspace: str, one: Claimed) -> None:
        written = time.monotonic()
        base, document = one.head.knowledge_base, one.head.id
        try:
            content = await self._fetched(one) if one.head.media_type == TO_FETCH else _content(one)
            async for step in self._knowledge.ingest(workspace, base, document, content, create=False):
                if time.monotonic() - written >= PROGRESS_SECONDS and step.stage != "ready":
                    written = time.monotonic()
                    async with self._database.transact(workspace) as connection:
                        await queue.progress(connection, document, step.share)
        except EmbedderFailed as error:
            _log.warning("document %s failed: %s", document, error.text)
            await self._fail(workspace, document, error.code, error.text)
        except (RagError, FetchRefused) as error:
            # `not_found`: deleted while it was being read. There is no row left to write to.
            await self._fail(workspace, document, error.code, error.text)
        except Unavailable:
            raise
        except Exception:
            _log.exception("document %s could not be read", document)
            await self._fail(workspace, document, "internal", _INTERNAL)

    async def _fetched(self, one: Claimed) -> Content:
        """What stands at the document's address. Its own title wins over the address that stood for one so far."""
        url = one.head.url or ""
        found = await self._fetcher.fetch(url)
        given = one.head.title if one.head.title != url[:TITLE_CHARS] else None
        return Content(data=found.data, name=found.name, title=given, url=url)

    async def _fail(self, workspace: str, document: str, code: str, words: str) -> None:
        async with self._database.transact(workspace) as connection:
            await queue.fail(connection, document, code, words)

    @asynccontextmanager
    async def _kept(self, workspace: str, ids: list[str]) -> AsyncIterator[None]:
        """Keep documents claimed while they are read; give back what is not ended then (at a shutdown, say)."""
        keeper = asyncio.create_task(self._keep(workspace, ids), name="documents kept")
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])
            await asyncio.shield(self._give_back(workspace, ids))

    async def _keep(self, workspace: str, ids: list[str]) -> None:
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            try:
                async with self._database.transact(workspace) as connection:
                    await queue.keep(connection, ids)
            except Unavailable:
                continue  # somebody may take them over; the last write decides, and both write the same

    async def _give_back(self, workspace: str, ids: list[str]) -> None:
        try:
            async with self._database.transact(workspace) as connection:
                await queue.give_back(connection, ids)
        except Unavailable:
            return  # they are taken over as abandoned


_WORN_OUT = "The server ended three times while it read this document. Split it, or save it anew, and add it again."
_INTERNAL = "Something went wrong on our side while this document was read. Add it again; the log says more."


def together(heads: Sequence[Waiting]) -> Iterator[Waiting]:
    """Choose what to claim: the first document, and what follows in the same base while all of it is short."""
    size = 0
    for head in heads:
        size += head.bytes
        fits = head.knowledge_base == heads[0].knowledge_base and size <= BATCH_BYTES and head.media_type != TO_FETCH
        if head is heads[0] or fits:
            yield head
            if head.attempts or head.media_type == TO_FETCH:
                return  # by itself: it may have ended a process, or nobody knows how large it is and when it comes
        else:
            return


def _content(one: Claimed) -> Content:
    """A title that was given stands; a file's name only helps to tell what the file is."""
    head = one.head
    given = head.media_type is not None
    return Content(data=one.source or b"", name=head.title, title=head.title if given else None, url=head.url)
