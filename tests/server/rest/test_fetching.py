"""Documents by their address: queued at once, fetched by the worker, ended in words."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from opsloom_server.fetching import Fetched, Fetcher, FetchRefused
from opsloom_server.ingestion import Ingestion, together
from opsloom_server.store.knowledge import TO_FETCH
from opsloom_server.store.queue import Waiting


class Web(Fetcher):
    """What is at which address; everything else is not there. An event is waited for before it is handed out."""

    worker: Ingestion

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Fetched] = {}
        self.open = asyncio.Event()
        self.open.set()
        self.asked: list[str] = []

    async def fetch(self, url: str) -> Fetched:
        self.asked.append(url)
        await self.open.wait()
        if url not in self.pages:
            raise FetchRefused("unreachable", "There is no page at this address.")
        return self.pages[url]


@pytest_asyncio.fixture
async def web(rest: Any) -> AsyncIterator[Web]:
    web = Web()
    web.worker = Ingestion(rest.database, rest.services.knowledge, web)
    await web.worker.start()
    yield web
    web.open.set()
    await web.worker.close()


async def add(rest: Any, worker: Ingestion, **document: str) -> dict[str, Any]:
    bases = (await rest.ok(await rest.owner.get("/knowledge-bases")))["items"]
    base = bases[0] if bases else await rest.ok(await rest.owner.post("/knowledge-bases", json={"name": "Birds"}), 201)
    shown: dict[str, Any] = await rest.ok(
        await rest.owner.post(f"/knowledge-bases/{base['id']}/documents", json=document), 202
    )
    worker.wake("ws_default")
    return shown


async def ended(rest: Any, document: str) -> dict[str, Any]:
    for _ in range(400):
        shown: dict[str, Any] = await rest.ok(await rest.owner.get(f"/documents/{document}"))
        if shown["status"] in ("ready", "failed"):
            return shown
        await asyncio.sleep(0.025)
    raise AssertionError(shown)


async def test_a_page_is_found_under_its_own_title_with_its_address(rest: Any, web: Web) -> None:
    page = b"<!doctype html><title>About herons</title><p>Herons wait in the reeds."
    web.pages["https://birds.example/herons"] = Fetched(page, "herons")
    taken = await add(rest, web.worker, url="https://birds.example/herons#top")
    assert (taken["status"], taken["title"]) == ("queued", "https://birds.example/herons")
    assert "media_type" not in taken
    shown = await ended(rest, taken["id"])
    assert (shown["status"], shown["title"], shown["media_type"]) == ("ready", "About herons", "text/html")
    assert (shown["url"], shown["bytes"]) == ("https://birds.example/herons", len(page))
    found = await rest.ok(
        await rest.owner.post(f"/knowledge-bases/{shown['knowledge_base']}/search", json={"query": "reeds", "limit": 1})
    )
    assert "Herons wait" in found["results"][0]["text"]


async def test_a_title_that_was_given_stands(rest: Any, web: Web) -> None:
    web.pages["https://birds.example/a.txt"] = Fetched(b"Otters swim.", "a.txt")
    taken = await add(rest, web.worker, url="https://birds.example/a.txt", title="Otters")
    assert (await ended(rest, taken["id"]))["title"] == "Otters"


async def test_what_cannot_be_fetched_or_read_says_why(rest: Any, web: Web) -> None:
    web.pages["https://birds.example/photo"] = Fetched(b"\x89PNG\r\n\x1a\n" + bytes(100), "photo")
    gone = await add(rest, web.worker, url="https://birds.example/gone")
    photo = await add(rest, web.worker, url="https://birds.example/photo")
    errors = [(await ended(rest, one["id"]))["error"] for one in (gone, photo)]
    assert errors[0] == {"code": "unreachable", "text": "There is no page at this address."}
    assert errors[1]["code"] == "unsupported"


async def test_a_slow_address_holds_up_no_other_document(rest: Any, web: Web) -> None:
    web.open.clear()
    slow = await add(rest, web.worker, url="https://birds.example/slow")
    quick = await add(rest, web.worker, title="Otters", text="Otters swim.")
    assert (await ended(rest, quick["id"]))["status"] == "ready"
    web.open.set()
    assert (await ended(rest, slow["id"]))["status"] == "failed"


async def test_what_a_stop_broke_off_is_fetched_by_the_next(rest: Any) -> None:
    web = Web()
    web.open.clear()
    web.pages["https://birds.example/"] = Fetched(b"Herons wait.", "birds.example")
    first = Ingestion(rest.database, rest.services.knowledge, web)
    await first.start()
    taken = await add(rest, first, url="https://birds.example/")
    while not web.asked:
        await asyncio.sleep(0.01)
    await first.close()
    assert (await rest.ok(await rest.owner.get(f"/documents/{taken['id']}")))["status"] == "queued"
    web.open.set()
    second = Ingestion(rest.database, rest.services.knowledge, web)
    await second.start()
    assert (await ended(rest, taken["id"]))["status"] == "ready"
    await second.close()


def test_an_address_is_claimed_by_itself() -> None:
    def head(document: str, media_type: str | None) -> Waiting:
        return Waiting(document, "kb", document, None, media_type, 10, 0)

    heads = [head("a", None), head("b", "text/markdown"), head("c", TO_FETCH), head("d", None)]
    assert [one.id for one in together(heads)] == ["a", "b"]
    assert [one.id for one in together(heads[2:])] == ["c"]
