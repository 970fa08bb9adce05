"""The worker: takes over what a dead process left, stops in order, goes on after errors."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from opsloom_rag.knowledge import Knowledge
from opsloom_rag.passages import IngestProgress
from opsloom_server.ingestion import Ingestion, together
from opsloom_server.store.queue import Waiting
from sqlalchemy import text


async def queue(rest: Any, *titles: str, client: Any = None) -> list[str]:
    asker = client or rest.owner
    base = (await rest.ok(await asker.post("/knowledge-bases", json={"name": "+".join(titles)}), 201))["id"]
    texts = [{"title": title, "text": f"{title} is here."} for title in titles]
    taken = await rest.ok(await asker.post(f"/knowledge-bases/{base}/documents", json=texts), 202)
    return [one["id"] for one in taken["items"]]


async def until(rest: Any, ids: list[str], *statuses: str, client: Any = None) -> list[dict[str, Any]]:
    for _ in range(400):
        shown = [await rest.ok(await (client or rest.owner).get(f"/documents/{one}")) for one in ids]
        if all(one["status"] in statuses for one in shown):
            return shown
        await asyncio.sleep(0.025)
    raise AssertionError(shown)


async def change(rest: Any, statement: str) -> None:
    async with rest.database.transact("ws_default") as connection:
        await connection.execute(text(statement))


async def test_what_a_dead_process_left_is_read_after_all(rest: Any) -> None:
    ids = await queue(rest, "Heron", "Otter")
    await change(rest, "UPDATE documents SET status = 'working', updated_at = now() - interval '11 seconds'")
    worker = Ingestion(rest.database, rest.services.knowledge)
    await worker.start()
    await until(rest, ids, "ready")
    await worker.close()


async def test_what_a_living_process_reads_is_left_to_it(rest: Any) -> None:
    ids = await queue(rest, "Heron")
    await change(rest, "UPDATE documents SET status = 'working', updated_at = now()")
    worker = Ingestion(rest.database, rest.services.knowledge)
    await worker.start()
    await asyncio.sleep(0.3)
    assert (await until(rest, ids, "working"))[0]["progress"] == 0
    await worker.close()


async def test_a_document_that_ends_the_process_each_time_is_given_up(rest: Any) -> None:
    ids = await queue(rest, "Bomb", "Otter")
    await change(
        rest,
        "UPDATE documents SET status = 'working', updated_at = now() - interval '1 minute', "
        "error = '{\"attempts\": 3}' WHERE title = 'Bomb'",
    )
    worker = Ingestion(rest.database, rest.services.knowledge)
    await worker.start()
    bomb, otter = await until(rest, ids, "ready", "failed")
    await worker.close()
    assert (bomb["status"], bomb["error"]["code"], otter["status"]) == ("failed", "interrupted", "ready")


class Slow(Knowledge):
    """Never comes to an end by itself; tells how far it is."""

    def __init__(self, rest: Any) -> None:
        super().__init__(rest.database.transact, None)
        self.begun = asyncio.Event()

    async def ingest(self, *args: Any, **more: Any) -> AsyncIterator[IngestProgress]:
        self.begun.set()
        for step in range(10_000):
            yield IngestProgress(stage="embedding", share=min(0.9, step / 100))
            await asyncio.sleep(0.01)


async def test_progress_is_written_and_a_shutdown_gives_back(rest: Any) -> None:
    ids = await queue(rest, "Book")
    slow = Slow(rest)
    worker = Ingestion(rest.database, slow)
    await worker.start()
    await asyncio.wait_for(slow.begun.wait(), 10)
    for _ in range(200):
        if (await until(rest, ids, "working"))[0]["progress"] > 0:
            break
        await asyncio.sleep(0.02)
    assert 0 < (await until(rest, ids, "working"))[0]["progress"] < 1
    await worker.close()
    shown = (await until(rest, ids, "queued"))[0]
    assert (shown["progress"], "error" in shown) == (0, False)


async def test_deleting_what_is_being_read_ends_it(rest: Any) -> None:
    ids = await queue(rest, "Book")
    slow = Slow(rest)
    worker = Ingestion(rest.database, slow)
    await worker.start()
    await asyncio.wait_for(slow.begun.wait(), 10)
    assert (await rest.owner.delete(f"/documents/{ids[0]}")).status_code == 204
    await worker.close()
    assert (await rest.owner.get(f"/documents/{ids[0]}")).status_code == 404


async def test_a_wake_is_heard_by_a_worker_that_sleeps(rest: Any) -> None:
    worker = Ingestion(rest.database, rest.services.knowledge)
    await worker.start()
    await asyncio.sleep(0.2)
    ids = await queue(rest, "Heron", client=rest.other)
    worker.wake("ws_other")
    await until(rest, ids, "ready", client=rest.other)
    await worker.close()


def waiting(key: str, base: str = "kb", size: int = 10, attempts: int = 0) -> Waiting:
    return Waiting(key, base, key, None, None, size, attempts)


def test_what_is_read_together() -> None:
    def names(*heads: Waiting) -> str:
        return "".join(head.id for head in together(heads))

    assert names() == ""
    assert names(waiting("a"), waiting("b")) == "ab"
    assert names(waiting("a"), waiting("b", base="other"), waiting("c")) == "a"
    assert names(waiting("a", size=9_000_000), waiting("b")) == "a"
    assert names(waiting("a"), waiting("b", size=9_000_000)) == "a"
    assert names(waiting("a", attempts=1), waiting("b")) == "a"
