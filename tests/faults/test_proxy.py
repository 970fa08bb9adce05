"""The proxy breaks what it is told to break, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from faults.proxy import Proxy


@asynccontextmanager
async def echo(path: Path | None = None) -> AsyncIterator[int | str]:
    """A server that says everything back."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
            tasks.discard(task)

    if path is not None:
        server = await asyncio.start_unix_server(serve, path)
        yield str(path)
    else:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        yield int(server.sockets[0].getsockname()[1])
    server.close()
    for task in list(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await server.wait_closed()


@asynccontextmanager
async def dialled(proxy: Proxy) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def test_what_is_sent_arrives_and_the_end_too(tmp_path: Path) -> None:
    big = bytes(range(256)) * 20_000
    async with echo() as port, echo(tmp_path / "socket") as path:
        for target in (port, path):
            async with Proxy(target) as proxy, dialled(proxy) as (reader, writer):

                async def say(writer: asyncio.StreamWriter = writer) -> None:
                    writer.write(big)
                    await writer.drain()
                    writer.write_eof()

                saying = asyncio.create_task(say())
                assert await reader.read(-1) == big
                await saying
                assert proxy.bytes == 2 * len(big)


async def test_cut_resets_and_refuse_takes_no_new_ones() -> None:
    async with echo() as port, Proxy(port) as proxy, dialled(proxy) as (reader, writer):
        writer.write(b"a")
        assert await reader.read(1) == b"a"
        with proxy.away():
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
            async with dialled(proxy) as (refused, _):
                with pytest.raises(ConnectionResetError):
                    await refused.read(1)
        async with dialled(proxy) as (again, more):
            more.write(b"b")
            assert await again.read(1) == b"b"


async def test_a_stall_loses_nothing() -> None:
    async with echo() as port, Proxy(port) as proxy, dialled(proxy) as (reader, writer):
        writer.write(b"before")
        assert await reader.readexactly(6) == b"before"
        proxy.stall()
        writer.write(b"mean")
        writer.write(b"while")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        proxy.resume()
        assert await asyncio.wait_for(reader.readexactly(9), 1) == b"meanwhile"


async def test_delay_and_throttle_keep_the_order() -> None:
    loop = asyncio.get_running_loop()
    async with echo() as port, Proxy(port) as proxy, dialled(proxy) as (reader, writer):
        proxy.up.delay = proxy.down.delay = 0.05
        began = loop.time()
        for letter in b"abcdef":
            writer.write(bytes([letter]))
            await asyncio.sleep(0.005)
        assert await reader.readexactly(6) == b"abcdef"
        assert 0.1 <= loop.time() - began < 0.5
        proxy.heal()
        proxy.down.rate = 100_000
        began = loop.time()
        writer.write(b"x" * 20_000)
        assert await reader.readexactly(20_000) == b"x" * 20_000
        assert 0.15 <= loop.time() - began < 1


async def test_a_flipped_bit_and_a_silent_line() -> None:
    async with echo() as port, Proxy(port) as proxy, dialled(proxy) as (reader, writer):
        proxy.up.flip = 1.0
        writer.write(b"\x00" * 50)
        got = await reader.readexactly(50)
        assert sum(byte.bit_count() for byte in got) == 1
        proxy.heal()
        proxy.go_silent()
        writer.write(b"nobody hears this")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        writer.transport.abort()
        await asyncio.sleep(0.05)
        assert len(proxy.links) == 1  # the server's half still stands
        proxy.heal()
        while proxy.links:
            await asyncio.sleep(0.001)
