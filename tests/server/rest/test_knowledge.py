"""Knowledge bases and documents through REST, read by the real worker; bad files end in words."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from opsloom_server.ingestion import Ingestion

PNG = b"\x89PNG\r\n\x1a\n" + zlib.compress(b"\x00" * 64)
PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << >>\n%%EOF"
TEXT = "# Returns\n\nYou can send a parcel back within thirty days. The hedgehog stamps the receipt.\n"


@pytest_asyncio.fixture
async def worker(rest: Any) -> AsyncIterator[Ingestion]:
    """The worker, on whatever is queued when it starts."""
    made = Ingestion(rest.database, rest.services.knowledge)
    yield made
    await made.close()


async def make_base(rest: Any, name: str = "Shop") -> str:
    return str((await rest.ok(await rest.owner.post("/knowledge-bases", json={"name": name}), 201))["id"])


async def ended(rest: Any, document: str) -> dict[str, Any]:
    for _ in range(400):
        shown: dict[str, Any] = await rest.ok(await rest.owner.get(f"/documents/{document}"))
        if shown["status"] in ("ready", "failed"):
            return shown
        await asyncio.sleep(0.025)
    raise AssertionError(shown)


async def test_a_file_is_read_and_found(rest: Any, worker: Ingestion) -> None:
    base = await make_base(rest)
    files = {"file": ("returns.md", TEXT.encode(), "text/markdown")}
    taken = await rest.ok(await rest.owner.post(f"/knowledge-bases/{base}/documents", files=files), 202)
    assert (taken["status"], taken["progress"], taken["title"]) == ("queued", 0, "returns.md")
    assert ("wake", "ws_default") in rest.told.calls
    await worker.start()
    shown = await ended(rest, taken["id"])
    assert (shown["status"], shown["progress"], shown["title"]) == ("ready", 1, "Returns")
    found = await rest.ok(
        await rest.owner.post(f"/knowledge-bases/{base}/search", json={"query": "who stamps the receipt?", "limit": 3})
    )
    first = found["results"][0]
    assert "hedgehog" in first["text"]
    assert {"chunk", "document", "title", "text", "score", "start", "end"} <= set(first)
    window = await rest.ok(
        await rest.owner.get(f"/documents/{taken['id']}/text", params={"start": first["start"], "end": first["end"]})
    )
    assert window["text"] == first["text"]
    assert window["length"] >= window["end"] > window["start"]
    assert (await rest.owner.delete(f"/documents/{taken['id']}")).status_code == 204
    assert (await rest.owner.get(f"/documents/{taken['id']}")).status_code == 404
    again = await rest.owner.post(f"/knowledge-bases/{base}/search", json={"query": "hedgehog"})
    assert again.json()["results"] == []


async def test_a_list_of_texts_keeps_its_order(rest: Any, worker: Ingestion) -> None:
    base = await make_base(rest)
    texts = [{"title": f"Page {number}", "text": f"Number {number} likes otters."} for number in range(150)]
    taken = await rest.ok(await rest.owner.post(f"/knowledge-bases/{base}/documents", json=texts), 202)
    assert [one["title"] for one in taken["items"]] == [one["title"] for one in texts]
    await worker.start()
    assert [(await ended(rest, one["id"]))["status"] for one in taken["items"]] == ["ready"] * 150
    head = await rest.ok(await rest.owner.get(f"/knowledge-bases/{base}"))
    assert (head["documents"], head["ready"], head["failed"]) == (150, 150, 0)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "40"} | ({"cursor": cursor} if cursor else {})
        page = await rest.ok(await rest.owner.get(f"/knowledge-bases/{base}/documents", params=query))
        seen += [one["id"] for one in page["items"]]
        cursor = page.get("cursor")
        if cursor is None:
            break
    assert sorted(seen) == sorted(one["id"] for one in taken["items"])


@pytest.mark.parametrize(
    ("name", "data", "code", "words"),
    [
        ("broken.pdf", PDF, "broken", ""),
        ("notes.md", PNG, "unsupported", ""),
        ("blank.txt", b" \n\t\n", "empty", "empty"),
        ("bytes.txt", b"\x00\x01\x02" * 100, "binary", ""),
    ],
)
async def test_what_cannot_be_read_fails_in_words(
    rest: Any, worker: Ingestion, name: str, data: bytes, code: str, words: str
) -> None:
    base = await make_base(rest)
    good = {"title": "Good", "text": "The heron waits."}
    one = await rest.ok(await rest.owner.post(f"/knowledge-bases/{base}/documents", files={"file": (name, data)}), 202)
    two = await rest.ok(await rest.owner.post(f"/knowledge-bases/{base}/documents", json=good), 202)
    await worker.start()
    failed = await ended(rest, one["id"])
    assert (failed["status"], failed["error"]["code"]) == ("failed", code)
    assert words in failed["error"]["text"]
    assert (await ended(rest, two["id"]))["status"] == "ready"


async def test_what_is_refused_at_once(rest: Any) -> None:
    base = await make_base(rest)
    path = f"/knowledge-bases/{base}/documents"
    limit = rest.services.settings.limits.upload_bytes
    refusals: list[tuple[int, dict[str, Any], str]] = [
        (422, {"files": {"file": ("a.md", b"")}}, "empty"),
        (422, {"files": {"other": ("a.md", b"x")}}, "field `file`"),
        (413, {"files": {"file": ("a.md", b"x" * (limit + 1))}}, "20 MiB"),
        (413, {"content": b"x" * (limit + 2_000_000), "headers": {"content-type": "application/json"}}, "20 MiB"),
        (422, {"json": {"url": "http://169.254.169.254/latest/meta-data"}}, "private network"),
        (422, {"json": {"url": "http://127.0.0.1:5432/"}}, "private network"),
        (422, {"json": {"url": "file:///etc/passwd"}}, "http:// or https://"),
        (422, {"json": {"url": "example.org"}}, "http:// or https://"),
        (422, {"json": {"url": ""}}, "cannot be accepted"),
        (422, {"json": {"url": "https://example.org/", "title": ""}}, "cannot be accepted"),
        (422, {"json": {"url": "https://example.org/", "depth": 2}}, "cannot be accepted"),
        (422, {"json": {"title": "T", "text": "  "}}, "empty"),
        (422, {"json": {"title": "T\x00", "text": "x"}}, "cannot be accepted"),
        (422, {"json": {"title": "T"}}, "cannot be accepted"),
        (422, {"json": []}, "cannot be accepted"),
        (422, {"json": [{"title": "T", "text": "x"}] * 1_001}, "cannot be accepted"),
        (422, {"json": {"title": "T", "text": "x", "colour": "red"}}, "cannot be accepted"),
        (422, {"content": b"{", "headers": {"content-type": "application/json"}}, "not JSON"),
        (422, {"content": b"x", "headers": {"content-type": "text/plain"}}, "Send a file"),
        (422, {"content": b'{"title": "T", "text": "\\ud800"}', "headers": {"content-type": "application/json"}}, ""),
    ]
    for status, request, words in refusals:
        response = await rest.owner.post(path, **request)
        assert (response.status_code, words in response.json()["text"]) == (status, True), response.text[:300]
        assert len(response.text) < 5_000
    assert (await rest.ok(await rest.owner.get(path)))["items"] == []


async def test_a_stream_without_a_length_is_cut_off(rest: Any) -> None:
    base = await make_base(rest)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        while True:
            sent += 1_000_000
            yield b"x" * 1_000_000

    response = await rest.owner.post(
        f"/knowledge-bases/{base}/documents",
        content=endless(),
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert (response.status_code, response.json()["code"]) == (413, "too_long")
    assert sent < 30_000_000


async def test_names_are_taken_once(rest: Any) -> None:
    base = await make_base(rest)
    again = await rest.owner.post("/knowledge-bases", json={"name": "Shop"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    second = await make_base(rest, "Second")
    assert (await rest.owner.patch(f"/knowledge-bases/{second}", json={"name": "Shop"})).status_code == 409
    wrong = await rest.owner.post("/knowledge-bases", json={"name": "Third", "embedder": "another"})
    assert wrong.status_code == 422
    assert (await rest.owner.delete(f"/knowledge-bases/{base}")).status_code == 204
    assert (await rest.owner.get(f"/knowledge-bases/{base}")).status_code == 404


async def test_a_visitor_reads_the_sources_of_a_public_assistant_and_no_others(rest: Any, worker: Ingestion) -> None:
    shown, hidden = await make_base(rest, "Open"), await make_base(rest, "Closed")
    ids = []
    for base in (shown, hidden):
        wish = {"title": "T", "text": "The otter keeps the key."}
        ids.append((await rest.ok(await rest.owner.post(f"/knowledge-bases/{base}/documents", json=wish), 202))["id"])
    await worker.start()
    for one in ids:
        assert (await ended(rest, one))["status"] == "ready"
    public = {"slug": "p", "name": "P", "public": True, "knowledge_bases": ["Open"]}
    private = {"slug": "q", "name": "Q", "knowledge_bases": [hidden]}
    assert (await rest.ok(await rest.owner.post("/assistants", json=public), 201))["knowledge_bases"] == [shown]
    await rest.ok(await rest.owner.post("/assistants", json=private), 201)
    given = await rest.ok(await rest.nobody.post("/tickets", json={"assistant": "p"}))
    visitor = rest.client(given["visitor"])
    assert "otter" in (await rest.ok(await visitor.get(f"/documents/{ids[0]}/text")))["text"]
    assert (await visitor.get(f"/documents/{ids[1]}/text")).status_code == 404
    assert (await visitor.get(f"/documents/{ids[1]}")).status_code == 404
    assert (await visitor.get("/knowledge-bases")).status_code == 403
    assert (await visitor.delete(f"/documents/{ids[0]}")).status_code == 403
    assert (await rest.nobody.get(f"/documents/{ids[0]}/text")).status_code == 401
