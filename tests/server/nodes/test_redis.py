"""Two nodes with a Redis between them: frames at once, and nothing lost where it is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from conftest import PostgresUrl
from opsloom_server.settings import Limits
from redis.asyncio import Redis
from server.nodes.conftest import SECRET, Pair, beside, cursor_of
from stage import Stage
from vendors import Text

LONG = Text(tokens=[f"w{n} " for n in range(60)], delay=0.02)
WHOLE = "".join(LONG.cut())


@pytest.fixture
async def pair(seeded_url: PostgresUrl, tmp_path: Path, redis_url: str) -> AsyncIterator[Pair]:
    async with Stage.open(seeded_url, tmp_path, secret=SECRET, redis_url=redis_url) as a, beside(a) as b:
        yield Pair(a, b)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator["Redis"]:
    async with Redis.from_url(redis_url) as client:
        await client.flushall()
        yield client


async def test_the_other_node_shows_what_was_shown_a_moment_ago(pair: Pair) -> None:
    pair.vendor.script([LONG])
    async with pair.a.client() as asker:
        await asker.ask("send", text="go")
        for _ in range(5):
            await asker.until("text.delta")
        async with pair.b.client(session=asker.session) as other:
            await other.until("snapshot")
            assert other.text.startswith(asker.text)
            longest = 0.0
            before = asyncio.get_running_loop().time()
            while (await other.next())["type"] != "turn.end":
                now = asyncio.get_running_loop().time()
                longest, before = max(longest, now - before), now
            await asker.until("turn.end")
            assert other.text == asker.text == WHOLE
            assert other.state == asker.state
            assert len([f for f in other.frames if f["type"] == "text.delta"]) > 15


async def test_a_cursor_goes_on_at_the_other_node_without_a_snapshot(pair: Pair) -> None:
    pair.vendor.script([LONG])
    async with pair.a.client() as client:
        await client.ask("send", text="go")
        for _ in range(5):
            await client.until("text.delta")
    session, state = client.session, client.state
    # Somebody reads along there, so its ring has the turn from the start on.
    async with pair.b.client(session=session) as there:
        await there.until("snapshot")
        async with pair.b.client(session=session, cursor=cursor_of(client)) as again:
            again.state = state
            assert (await again.next())["resumed"] is True
            await again.until("turn.end")
            assert again.text == WHOLE
            assert "snapshot" not in [frame["type"] for frame in again.frames]


async def test_a_flush_in_mid_answer_loses_nothing(pair: Pair, redis: "Redis") -> None:
    pair.vendor.script([LONG])
    async with pair.a.client() as asker:
        await asker.ask("send", text="go")
        await asker.until("text.delta")
        async with pair.b.client(session=asker.session) as other:
            for _ in range(3):
                await other.until("text.delta")
                await redis.flushall()
                await redis.script_flush()
            async with pair.b.client(session=asker.session) as late:
                await asyncio.gather(*(client.until("turn.end") for client in (late, other, asker)))
                assert late.text == other.text == asker.text == WHOLE
                assert other.state == asker.state


async def test_a_redis_that_hangs_holds_nobody_up(pair: Pair, redis: "Redis") -> None:
    pair.vendor.script([LONG])
    async with pair.a.client() as asker:
        await asker.ask("send", text="go")
        await asker.until("text.delta")
        async with pair.b.client(session=asker.session) as other:
            await other.until("text.delta")
            before = len(asker.frames)
            await redis.client_pause(700)
            began = asyncio.get_running_loop().time()
            while len(asker.frames) < before + 8:
                await asker.next()
            assert asyncio.get_running_loop().time() - began < 0.6
            await asyncio.gather(other.until("turn.end"), asker.until("turn.end"))
            assert other.text == asker.text == WHOLE


async def test_what_a_turn_leaves_in_redis_expires(pair: Pair, redis: "Redis") -> None:
    pair.vendor.script([Text("short")])
    async with pair.a.client() as client:
        await client.ask("send", text="go")
        await client.until("turn.end")
        await asyncio.sleep(0.2)
        keys = [key async for key in redis.scan_iter("opsloom:turn:*")]
        assert keys
        assert all([0 < await redis.ttl(key) <= 600 for key in keys])


async def test_limits_hold_over_all_nodes(
    seeded_url: PostgresUrl, tmp_path: Path, redis_url: str, redis: "Redis"
) -> None:
    limits = Limits(messages_per_minute=3, running_turns=1, connections=3, connects_per_second=0)
    settings = {"secret": SECRET, "redis_url": redis_url, "limits": limits}
    async with Stage.open(seeded_url, tmp_path, **settings) as a, beside(a) as b:
        a.vendor.script([Text(tokens=["w "] * 100, delay=0.02)], request=0)
        async with a.client() as one, b.client() as two:
            await one.ask("send", text="1")
            await one.until("text.delta")
            refused = await two.reply(await two.ask("send", text="2"))
            assert (refused["code"], "under way" in refused["text"]) == ("rate_limited", True)
            assert one.state is not None
            assert one.state.turn is not None
            await one.ask("stop", turn=one.state.turn.id)
            await one.until("turn.end")
            assert (await two.reply(await two.ask("send", text="3")))["type"] == "message"
            await two.until("turn.end")
            refused = await one.reply(await one.ask("send", text="4"))
            assert (refused["code"], "in a minute" in refused["text"]) == ("rate_limited", True)
            assert 0 < refused["retry_ms"] <= 60_000
            async with b.client() as three:
                await three.until("snapshot")
                async with a.client() as four:
                    assert (await four.next())["code"] == "rate_limited"
                    await four.socket.wait_closed()
                    assert four.socket.close_code == 4429
        await asyncio.sleep(1.5)  # within a second the nodes tell that sockets are gone
        async with a.client() as five, a.client(), a.client():
            await five.until("snapshot")
