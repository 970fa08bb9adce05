"""The socket's edge: who may come in, what is read, and how it ends."""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import PostgresUrl
from opsloom_server.settings import Limits
from opsloom_server.socket import line
from stage import Stage
from vendors import Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus


async def closed(socket: ClientConnection, seconds: float = 8) -> tuple[int, list[dict[str, Any]]]:
    """Read to the end: the close code, and the frames before it."""
    async with asyncio.timeout(seconds):
        frames: list[dict[str, Any]] = []
        with contextlib.suppress(ConnectionClosedError):
            async for raw in socket:
                frames.append(json.loads(raw))  # noqa: PERF401 - kept when the iteration ends by an error
        await socket.wait_closed()
    assert socket.close_code is not None
    return socket.close_code, frames


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        ('{"type":"ping","ref":"1"}', 4400),
        ("not json", 4400),
        ('{"type":"hello","client":{"name":"t","version":"0"},"assistant":"scripted"}', 4401),
        ('{"type":"hello","client":{"name":"t","version":"0"},"assistant":"scripted","ticket":"opst_x"}', 4401),
        ('{"type":"hello","client":{"name":"t","version":"0"},"assistant":"scripted","key":"nonsense"}', 4401),
    ],
)
async def test_a_bad_hello_is_told_why_and_closed(stage: Stage, hello: str, code: int) -> None:
    async with connect(stage.url, subprotocols=["opsloom.v1"]) as socket:  # type: ignore[list-item]
        await socket.send(hello)
        ended, frames = await closed(socket)
    assert ended == code
    assert frames[-1]["type"] == "error"
    assert frames[-1]["text"]


@pytest.mark.parametrize("words", ["x" * 9_000, "ü" * 5_000])
async def test_a_hello_of_more_than_8_kib(stage: Stage, words: str) -> None:
    hello = {"type": "hello", "key": stage.key, "assistant": "scripted", "client": {"name": words, "version": "0"}}
    async with connect(stage.url) as socket:
        await socket.send(json.dumps(hello, ensure_ascii=False))
        ended, frames = await closed(socket)
    assert (ended, frames[-1]["code"]) == (4400, "bad_frame")
    assert "too long" in frames[-1]["text"]


async def test_no_hello_in_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "HELLO_SECONDS", 0.5)  # five, which `test_floods` waits for at a server as it comes
    async with connect(stage.url) as socket:
        assert (await closed(socket))[0] == 4408


async def test_absent_and_foreign_sessions_look_the_same(stage: Stage) -> None:
    stage.vendor.script([Text("hi")])
    async with stage.client() as mine:
        await mine.ask("send", text="a secret")
        await mine.until("turn.end")
    seen = []
    for session in (mine.session, "ses_none", mine.session[:-1] + "0"):
        async with httpx2.AsyncClient(base_url=stage.base) as http:
            ticket = (await http.post("/api/v1/tickets", json={"assistant": "scripted"})).json()["ticket"]
        async with connect(stage.url) as socket:
            hello = {"type": "hello", "ticket": ticket, "session": session, "assistant": "scripted"}
            await socket.send(json.dumps({**hello, "client": {"name": "t", "version": "0"}}))
            seen.append(await closed(socket))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == 4404


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1:1", "https://127.0.0.1.evil.io"])
async def test_a_foreign_page_is_refused_before_the_upgrade(stage: Stage, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(stage.url, origin=origin)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


async def test_its_own_page_may_connect(stage: Stage) -> None:
    async with connect(stage.url, origin=stage.base) as socket:  # type: ignore[arg-type]
        await socket.send("{}")
        assert (await closed(socket))[0] == 4400


async def test_bad_frames_are_answered_and_the_fifth_ends_it(stage: Stage) -> None:
    async with stage.client() as client:
        await client.until("snapshot")
        for bad in ("{", '{"type":"sned","ref":"r2"}', '{"type":"send","ref":"r3"}', '{"type":"send","text":"x"}'):
            await client.socket.send(bad)
            frame = await client.next()
            assert (frame["type"], frame["code"]) == ("error", "bad_frame")
        assert [frame.get("ref") for frame in client.frames[-3:]] == ["r2", "r3", None]
        await client.ask("ping")
        assert (await client.next())["type"] == "pong"
        await client.socket.send("[]")
        ended, _ = await closed(client.socket)
    assert ended == 4400


async def test_over_the_frame_limit(stage: Stage) -> None:
    async with stage.client() as client:
        await client.until("snapshot")
        await client.socket.send(json.dumps({"type": "send", "ref": "r", "text": "x" * 300_000}))
        assert (await closed(client.socket))[0] == 1009


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "send", "text": "x" * 40_000}, "too_long"),
        ({"type": "send", "text": "  \n "}, "invalid"),
        ({"type": "send", "text": "hi", "files": ["fil_none"]}, "not_found"),
        ({"type": "stop", "turn": "trn_none"}, "not_found"),
        ({"type": "retry", "message": "msg_none"}, "not_found"),
        ({"type": "act", "block": "blk_none", "action": "choose"}, "not_found"),
        ({"type": "choose", "message": "msg_none"}, "not_found"),
        ({"type": "feedback", "message": "msg_none", "value": 1}, "not_found"),
        ({"type": "open", "session": "ses_none"}, "not_found"),
        ({"type": "open"}, "invalid"),
    ],
)
async def test_what_cannot_be_done_is_said_and_nothing_is_lost(stage: Stage, frame: dict[str, Any], code: str) -> None:
    stage.vendor.script([Text("still here")])
    async with stage.client() as client:
        await client.until("snapshot")
        reply = await client.reply(await client.ask(frame["type"], **{k: v for k, v in frame.items() if k != "type"}))
        assert (reply["type"], reply["code"]) == ("error", code)
        await client.ask("send", text="hello")
        await client.until("turn.end")
        assert client.text == "still here"


async def test_the_same_ref_does_nothing_twice(stage: Stage) -> None:
    stage.vendor.script([Text("once")])
    async with stage.client() as client:
        ref = await client.ask("send", text="hello")
        first = await client.reply(ref)
        await client.until("turn.end")
        second = await client.reply(await client.ask("send", text="hello", ref=ref))
        assert second == first
        other = await client.reply(await client.ask("send", text="something else", ref=ref))
        assert other["code"] == "conflict"
        async with stage.client(session=client.session) as tab:
            assert await tab.reply(await tab.ask("send", text="hello", ref=ref)) == first
    assert len(stage.vendor.requests) == 1


async def test_open_switches_to_another_session(stage: Stage) -> None:
    stage.vendor.script([Text("one")])
    async with stage.client() as client:
        await client.ask("send", text="first")
        await client.until("turn.end")
        before = client.session
        welcome = await client.reply(await client.ask("open", assistant="scripted"))
        assert (welcome["type"], welcome["session"]["rev"]) == ("welcome", 0)
        await client.until("snapshot")
        assert client.session != before
        welcome = await client.reply(await client.ask("open", session=before))
        assert welcome["session"]["id"] == before
        await client.until("snapshot")
        assert client.text == "one"


async def test_limits_of_one_person(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    limits = Limits(messages_per_minute=2, running_turns=0, connections=2, connects_per_second=0)
    async with Stage.open(seeded_url, tmp_path, limits=limits) as stage:
        stage.vendor.script([Text("yes")])
        async with stage.client() as client, stage.client() as _:
            ref = ""
            for _round in range(2):
                ref = await client.ask("send", text="hello")
                await client.until("turn.end")
            over = await client.reply(await client.ask("send", text="hello"))
            assert over["code"] == "rate_limited"
            assert 0 < over["retry_ms"] <= 60_000
            again = await client.reply(await client.ask("send", text="hello", ref=ref))
            assert again["type"] == "message"
            async with connect(stage.url) as third:
                await third.send(json.dumps(client.hello))
                assert (await closed(third))[0] == 4429
