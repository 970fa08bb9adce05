"""Peers that take their time over HTTP: an honest slow one is served, one that holds a connection for nothing is not.

The longer waits are shortened.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import pytest
from opsloom_server.rest import limits
from opsloom_server.transport import http
from stage import Stage

BOUNDARY = "edge"


def upload(stage: Stage, data: bytes, *, length: int | None = None) -> bytes:
    """A file as a form; `length` is what the head declares, if not the truth."""
    before = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'.encode()
    body = before + data + f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return head(stage, "POST", "/api/v1/files", kind, len(body) if length is None else length) + body


def asking(stage: Stage, path: str, body: bytes) -> bytes:
    return head(stage, "POST", path, "application/json", len(body)) + body


def head(stage: Stage, method: str, path: str, kind: str, length: int) -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {stage.key}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


class Peer:
    """One connection, written and read by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.seen = b""

    async def dribble(self, data: bytes, pause: float) -> float:
        """Send a byte at a time until somebody answers or hangs up; how long it took."""
        began = asyncio.get_running_loop().time()
        answered = asyncio.create_task(self.reader.read(1))
        for byte in data:
            self.writer.write(bytes([byte]))
            await asyncio.wait([answered], timeout=pause)
            if answered.done():
                with suppress(ConnectionError):
                    self.seen = answered.result()
                return asyncio.get_running_loop().time() - began
        answered.cancel()
        await asyncio.wait([answered])
        raise AssertionError("nobody minded")

    async def answer(self, seconds: float = 10) -> tuple[int, Any]:
        """The status, and the body if it is JSON."""
        async with asyncio.timeout(seconds):
            text = self.seen + await self.reader.readuntil(b"\r\n\r\n")
            self.seen = b""
            length = next(int(line[15:]) for line in text.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = await self.reader.readexactly(length)
        return int(text.split()[1]), json.loads(body) if b"application/json" in text else body

    async def hung_up(self, seconds: float) -> float:
        """Wait for the end of the connection; how long it took."""
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(seconds):
            with suppress(ConnectionError):
                while await self.reader.read(65_536):
                    pass
        return asyncio.get_running_loop().time() - began


@asynccontextmanager
async def connected(stage: Stage, limit: int = 65_536) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(stage.base.rpartition(":")[2]), limit=limit)
    try:
        yield Peer(reader, writer)
    finally:
        writer.transport.abort()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 500 bytes a second, 250 in half a second instead of 10,000 in 20; and 2 s for whoever takes no part."""
    monkeypatch.setattr(limits, "SECONDS", 0.5)
    monkeypatch.setattr(http, "REST_SECONDS", 2.0)
    monkeypatch.setattr(http, "READER_SECONDS", 2.0)


@pytest.mark.parametrize("path", ["/api/v1/files", "/api/v1/assistants", "/api/v1/tickets", "/api/v1/login"])
async def test_a_body_that_dribbles_is_answered_with_408(stage: Stage, path: str) -> None:
    """A form or JSON, with credentials or without; and a body of which nothing comes."""
    whole = upload(stage, b"a" * 5_000) if path.endswith("files") else asking(stage, path, b" " * 5_000)
    before, blank, body = whole.partition(b"\r\n\r\n")
    async with connected(stage) as slow, connected(stage) as silent:
        for peer in (slow, silent):
            peer.writer.write(before + blank)
        await slow.dribble(body, 0.01)
        for peer in (slow, silent):
            status, told = await peer.answer()
            assert (status, told["code"]) == (408, "expired")
            assert "500 bytes a second" in told["text"]


async def test_an_upload_may_take_as_long_as_it_moves(stage: Stage) -> None:
    """Five times as long as the server waits for anything, at twice the slowest rate, with a stop in the middle."""
    data = b"x" * 2_500
    request = upload(stage, data)
    async with connected(stage) as peer:
        for start in range(0, len(request), 100):
            peer.writer.write(request[start : start + 100])
            await asyncio.sleep(0.3 if start == 1_000 else 0.08)
        status, told = await peer.answer()
    assert (status, told["bytes"]) == (201, len(data))


async def test_no_limit_is_no_limit(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS", 0.1)
    settings = stage.parts.settings
    monkeypatch.setitem(settings.limits.__dict__, "body_bytes_per_second", 0)
    async with connected(stage) as peer:
        request = upload(stage, b"hello")
        peer.writer.write(request[:-10])
        await asyncio.sleep(0.5)
        peer.writer.write(request[-10:])
        assert (await peer.answer())[0] == 201


async def test_a_body_that_nobody_wants_has_an_end(stage: Stage) -> None:
    """What was answered already is read on for a while, so that the answer is heard, and not for ever."""
    async with connected(stage) as page, connected(stage) as big:
        page.writer.write(head(stage, "GET", "/health/live", "text/plain", 1_000_000))
        assert (await page.answer())[0] == 200
        big.writer.write(head(stage, "POST", "/api/v1/assistants", "application/json", 100_000_000))
        assert (await big.answer())[0] == 413
        for peer in (page, big):
            assert await peer.dribble(b"a" * 500, 0.01) < 3.5


async def test_whoever_sends_all_before_reading_hears_that_it_was_too_much(stage: Stage) -> None:
    """And may go on with the same connection."""
    async with connected(stage) as peer:
        peer.writer.write(head(stage, "POST", "/api/v1/assistants", "application/json", 8_000_000))
        for _ in range(80):
            peer.writer.write(b"x" * 100_000)
            await peer.writer.drain()
        assert (await peer.answer())[0] == 413
        peer.writer.write(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert (await peer.answer())[0] == 200


async def test_a_kept_connection_ends_when_nothing_is_asked(stage: Stage) -> None:
    """In 5 s; and one that sends empty lines instead of a request, as one that does not finish its head."""
    ask = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    async with connected(stage) as idle, connected(stage) as blank, connected(stage) as next_one:
        for peer in (idle, blank, next_one):
            peer.writer.write(ask)
            assert (await peer.answer())[0] == 200
        idle_end = asyncio.create_task(idle.hung_up(8))
        blank_end = asyncio.create_task(blank.dribble(b"\r\n" * 40, 0.4))
        await asyncio.sleep(2)
        next_one.writer.write(b"\r\n" + ask)
        assert (await next_one.answer())[0] == 200
        assert 4 < await idle_end < 7
        assert 8 < await blank_end < 13


async def test_whoever_does_not_read_an_answer_is_cut_off(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    data = b"x" * 15_000_000
    async with httpx2.AsyncClient(base_url=stage.base, headers={"Authorization": f"Bearer {stage.key}"}) as api:
        made = (await api.post("/api/v1/files", files={"file": ("a.bin", data)}, timeout=30)).json()
        async with connected(stage, limit=1_024) as deaf:
            deaf.writer.write(head(stage, "GET", f"/api/v1/files/{made['id']}", "text/plain", 0))
            await asyncio.sleep(4)
            received = 0
            with suppress(ConnectionError):
                while piece := await asyncio.wait_for(deaf.reader.read(1 << 20), 5):
                    received += len(piece)
            assert received < len(data)
        whole = await api.get(f"/api/v1/files/{made['id']}", timeout=30)
        assert whole.content == data
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_an_upload_that_is_broken_off_is_no_error_of_ours(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    async with connected(stage) as peer:
        peer.writer.write(upload(stage, b"hello", length=5_000))
        await asyncio.sleep(0.3)
    await asyncio.sleep(0.3)
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
