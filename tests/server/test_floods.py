"""Somebody floods a server that is a process of its own, and everybody else goes on: the figures of issue "floods"."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
import pytest_asyncio
from conftest import PostgresUrl, free_port
from stage import RawClient
from stage.process import ServerProcess, server_process
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

FLOOD = Path(__file__).parents[1] / "stage" / "flood.py"

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


class Victim:
    """The server, an owner's `key`, and what it costs."""

    def __init__(self, server: ServerProcess, key: str) -> None:
        self.server = server
        self.key = key
        self.process = psutil.Process(server.pid)

    @property
    def megabytes(self) -> float:
        return float(self.process.memory_info().rss / 1e6)

    async def flood(self, kind: str, rounds: int) -> dict[str, Any]:
        """Let the flood run to its end; what it saw, beside what others saw meanwhile.

        `health_most_ms` is what the slowest answer but one in a hundred may take: 250 ms on a quiet machine.
        """
        async with self.probing() as quiet:
            await asyncio.sleep(1)
        before, processor = self.megabytes, sum(self.process.cpu_times()[:2])
        async with self.probing() as delays:
            words = (str(FLOOD), kind, str(self.server.port), self.key, str(rounds))
            process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
            out, _ = await asyncio.wait_for(process.communicate(), 60)
            assert process.returncode == 0, "the flood broke; its words stand above"
            await asyncio.sleep(0.5)
        delays.sort()
        quiet.sort()
        seen: dict[str, Any] = json.loads(out)
        return seen | {
            "health_p50_ms": delays[len(delays) // 2] * 1000,
            "health_p99_ms": delays[int(len(delays) * 0.99)] * 1000,
            "health_most_ms": 250 + 5 * quiet[int(len(quiet) * 0.99)] * 1000,
            "health_asked": len(delays),
            "grown_mb": self.megabytes - before,
            "cpu_s": sum(self.process.cpu_times()[:2]) - processor,
        }

    @asynccontextmanager
    async def probing(self) -> AsyncIterator[list[float]]:
        """Ask `/health/ready` over and over, each time on a new connection; seconds until the answer is whole."""
        delays: list[float] = []
        task = asyncio.create_task(self._probe(delays))
        try:
            yield delays
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _probe(self, delays: list[float]) -> None:
        while True:
            began = time.perf_counter()
            reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
            try:
                writer.write(b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                assert (await reader.read(64)).startswith(b"HTTP/1.1 200 ")
            finally:
                writer.close()
            delays.append(time.perf_counter() - began)
            await asyncio.sleep(0.005)

    async def connections(self) -> int:
        """Sockets that are attached."""
        async with httpx2.AsyncClient(base_url=self.server.base) as http:
            words = (await http.get("/metrics")).text
        return int(next(line for line in words.splitlines() if line.startswith("opsloom_connections ")).split()[1])

    def client(self) -> RawClient:
        return RawClient(self.server.url, key=self.key, assistant="demo")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def victim(seeded_module_url: PostgresUrl, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Victim]:
    """A server with every limit as it comes."""
    environment = {"DATABASE_URL": seeded_module_url.dsn, "OPSLOOM_DEMO_WORDS_PER_SECOND": "0"}
    async with server_process(environment, free_port(), tmp_path_factory.mktemp("floods")) as server:
        yield Victim(server, await server.command("key", "create", "test", "--role", "owner"))


def told(kind: str, seen: dict[str, Any]) -> None:
    shown = {name: round(value, 3) if isinstance(value, float) else value for name, value in seen.items()}
    print(f"\n{kind}: {json.dumps(shown)}")


@pytest.mark.parametrize("kind", ["pings", "pongs", "fragments", "messages"])
async def test_a_flood_of_small_frames_ends_within_a_second(victim: Victim, kind: str) -> None:
    seen = await victim.flood(kind, 15)
    told(kind, seen)
    assert seen["slowest_s"] < 1
    assert seen["health_p99_ms"] < seen["health_most_ms"]
    assert seen["grown_mb"] < 5


async def test_ten_thousand_half_open_handshakes(victim: Victim) -> None:
    seen = await victim.flood("half_open", 10_000)
    told("half_open", seen)
    assert seen["left"] == 0
    assert seen["ended_after_s"] < 1
    assert seen["health_p99_ms"] < seen["health_most_ms"]


async def test_ten_thousand_upgrades_that_say_nothing(victim: Victim) -> None:
    seen = await victim.flood("handshakes", 10_000)
    told("handshakes", seen)
    answers = seen["answers"]
    assert answers["101"] + answers["429"] == 10_000
    assert answers["101"] <= 10 * (seen["seconds"] + 1)
    assert seen["all_gone_s"] < seen["seconds"] + 7
    assert seen["health_p99_ms"] < seen["health_most_ms"]
    assert "ERROR" not in victim.server.log.read_text()


async def test_slow_beginnings_have_a_deadline(victim: Victim) -> None:
    """A head that comes a byte at a time, and one that never ends."""
    loop = asyncio.get_running_loop()

    async def trickle() -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", victim.server.port)
        began = loop.time()
        writer.write(b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        ended = asyncio.create_task(reader.read())
        while not ended.done():
            writer.write(b"a")
            await asyncio.wait([ended], timeout=0.3)
        writer.transport.abort()
        ended.exception()
        return loop.time() - began

    async def endless() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", victim.server.port)
        writer.write(b"GET /ws HTTP/1.1\r\n")
        ended = asyncio.create_task(reader.read())
        sent = 0
        while not ended.done():
            writer.write(b"X-Long: " + b"a" * 8_000 + b"\r\n")
            sent += 8_010
            await asyncio.wait([ended], timeout=0.001)
        writer.transport.abort()
        ended.exception()
        return sent

    async with asyncio.timeout(25):
        seconds, sent = await asyncio.gather(trickle(), endless())
    told("slow_head", {"ended_s": seconds, "endless_head_bytes": sent})
    assert 8 < seconds < 12
    assert sent < 4_000_000


async def test_ten_megabytes_are_too_much_and_nothing_else_changes(victim: Victim) -> None:
    async with victim.client() as client, victim.client() as other:
        await client.until("snapshot")
        await other.until("snapshot")
        before = victim.megabytes
        async with victim.probing() as delays:
            await asyncio.sleep(0.2)
            with contextlib.suppress(ConnectionClosed):
                await client.socket.send("x" * 10_000_000)
            await client.socket.wait_closed()
            reply = await other.reply(await other.ask("ping"))
            await asyncio.sleep(0.2)
        assert client.socket.close_code == 1009
        assert reply["type"] == "pong"
        told("ten_megabytes", {"grown_mb": victim.megabytes - before, "health_slowest_ms": max(delays) * 1000})
        assert victim.megabytes - before < 5


async def test_nothing_is_compressed(victim: Victim) -> None:
    async with connect(victim.server.url, compression="deflate") as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


async def test_sockets_are_counted_and_pages_go_on(victim: Victim) -> None:
    """uvicorn's own limit would let every socket in and answer 503 to every page."""
    async with contextlib.AsyncExitStack() as stack:
        await asyncio.sleep(1)
        for _ in range(20):
            client = await stack.enter_async_context(victim.client())
            await client.until("snapshot")
            await asyncio.sleep(0.12)
        async with victim.client() as one_more:
            assert (await one_more.next())["code"] == "rate_limited"
            await one_more.socket.wait_closed()
            assert one_more.socket.close_code == 4429
        async with httpx2.AsyncClient(base_url=victim.server.base) as http:
            assert (await http.get("/health/ready")).status_code == 200
            assert (await http.get("/health/live")).status_code == 200


async def test_somebody_who_asks_for_everything_and_never_reads(victim: Victim) -> None:
    """2,000 snapshots of 200 kB each would be 400 MB; and the first bytes that are not taken are the last ones sent."""
    async with victim.client() as writer:
        for _ in range(6):
            await writer.ask("send", text="x" * 32_000)
            await writer.until("turn.end")
        before = victim.megabytes
        deaf = RawClient(victim.server.url, key=victim.key, session=writer.session)
        deaf.queue = 1
        async with deaf, victim.probing() as delays:
            asking = asyncio.create_task(asks(deaf, 2_000, session=writer.session))
            began, most = time.monotonic(), before
            async with asyncio.timeout(30):
                while await victim.connections() == 2:
                    most = max(most, victim.megabytes)
                    await asyncio.sleep(0.1)
            seconds = time.monotonic() - began
            asking.cancel()
            await asyncio.wait([asking])
            deaf.socket.transport.abort()
        delays.sort()
        told(
            "never_reads",
            {
                "closed_s": seconds,
                "grown_mb": most - before,
                "health_p99_ms": delays[int(len(delays) * 0.99)] * 1000,
            },
        )
        assert seconds < 13  # ten from when it is stuck
        assert most - before < 8
        assert (await writer.reply(await writer.ask("ping")))["type"] == "pong"


async def asks(client: RawClient, times: int, **fields: Any) -> None:
    with contextlib.suppress(ConnectionClosed):
        for _ in range(times):
            await client.ask("open", **fields)
