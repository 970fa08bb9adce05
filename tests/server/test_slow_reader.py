"""One window does not read: nobody else notices, nothing grows, and in the end it is closed."""

import asyncio
import json
from contextlib import suppress

import psutil
from stage import Stage
from vendors import Text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

# 12 MB: more than the kernel's buffers of both ends together.
BIG = Text(tokens=["x" * 4_000] * 3_000, delay=0.0005)


async def test_a_stuck_reader_costs_nobody_anything(stage: Stage) -> None:
    stage.vendor.script([BIG])
    hub = stage.parts.hub
    async with stage.client() as client:
        await client.until("snapshot")
        stuck = await connect(stage.url, compression=None, max_queue=1)
        await stuck.send(json.dumps({**client.hello, "session": client.session}))
        while hub.connections < 2:
            await asyncio.sleep(0.02)
        before = psutil.Process().memory_info().rss
        await client.ask("send", text="a lot, please")
        end = await client.until("turn.end", seconds=60)
        assert len(end["message"]["parts"][0]["text"]) == 4_000 * 3_000
        assert client.text == end["message"]["parts"][0]["text"]
        # The ring keeps 1 MiB; the rest of the growth is the answer itself, in this process four times over.
        assert psutil.Process().memory_info().rss - before < 250 << 20
        async with asyncio.timeout(20):
            while hub.connections > 1:
                await asyncio.sleep(0.1)
        stuck.transport.abort()
        ref = await client.ask("ping")
        assert (await client.reply(ref))["type"] == "pong"


async def test_a_reader_that_wakes_just_after_it_was_given_up_is_told_why(stage: Stage) -> None:
    """What lies before the close code is read first; who wakes later finds the connection gone (1006)."""
    stage.vendor.script([BIG])
    hub = stage.parts.hub
    async with stage.client() as client:
        await client.until("snapshot")
        stuck = await connect(stage.url, compression=None, max_queue=1, max_size=None)
        await stuck.send(json.dumps({**client.hello, "session": client.session}))
        while hub.connections < 2:
            await asyncio.sleep(0.02)
        await client.ask("send", text="a lot, please")
        await client.until("turn.end", seconds=60)
        async with asyncio.timeout(20):
            while hub.connections > 1:
                await asyncio.sleep(0.05)
            with suppress(ConnectionClosed):
                while True:
                    await stuck.recv()
        assert stuck.close_code == 4409


async def test_a_reader_that_was_slow_gets_one_snapshot_and_goes_on(stage: Stage) -> None:
    stage.vendor.script([Text(tokens=["y" * 4_000] * 1_500, delay=0.002)])
    async with stage.client() as client:
        await client.until("snapshot")
        slow = stage.client(session=client.session)
        slow.queue = 1
        async with slow:
            await slow.until("snapshot")
            await client.ask("send", text="a lot, please")
            end = await client.until("turn.end", seconds=60)
            while slow.state != client.state:
                await slow.next()
            assert slow.text == end["message"]["parts"][0]["text"]
            assert [frame["type"] for frame in slow.frames].count("snapshot") == 2
            seqs = [frame["seq"] for frame in slow.frames if "seq" in frame]
            assert seqs == sorted(set(seqs))


async def test_a_flood_of_pings_or_fragments_is_cut_off(stage: Stage) -> None:
    hub = stage.parts.hub
    empty = bytes([0x80]) + b"mask"
    for flood in ((b"\x89" + empty) * 200, b"\x01" + empty + (b"\x00" + empty) * 200):
        async with stage.client() as client:
            await client.until("snapshot")
            transport = client.socket.transport
            transport.write(flood)
            async with asyncio.timeout(5):
                while hub.connections:
                    await asyncio.sleep(0.02)
