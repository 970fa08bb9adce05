"""One client that never reads beside 200 that do, in alternating pairs with control runs without it.

The stuck one watches a session that shows 16 MB in a few seconds, with somebody who reads it; the 200 watch an answer
whose words carry the moment they were said. Compared are their delays and the server's memory.
"""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, overload

import httpx2
import psutil
from opsloom_protocol.frames import TurnEnd
from vendors import Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from faults.bench import ASSISTANT, Bench
from faults.figures import quantile
from faults.scenarios.scenario import Scenario, Step
from faults.visitor import Visitor, send

READERS: Final = 200
STAMPS: Final = 90
GAP: Final = 0.1
FLOOD: Final = Text(tokens=["x" * 4_000] * 4_000, delay=0.0015)
MEMORY_BYTES: Final = 5 << 20
CLOSED_SECONDS: Final = 10.0 + 2.0
"""A send that hangs for 10 s ends the connection; the watch looks once a second, and the flood takes a moment."""


class Stamps(Sequence[str]):
    """Words that say when they are said, on the monotonic clock, which all processes of a machine share."""

    def __init__(self, count: int, gap: float) -> None:
        self._count = count
        self._gap = gap

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        raise IndexError  # they are only ever walked

    def __iter__(self) -> Iterator[str]:
        for _ in range(self._count):
            # The vendor waits for the gap after it has taken the word.
            yield f"{time.monotonic() + self._gap:.6f} "

    def __len__(self) -> int:
        return self._count


async def _read_delays(bench: Bench, session: str, delays: list[float], ready: asyncio.Event) -> None:
    hello = {"type": "hello", "key": bench.key, "session": session, "client": {"name": "reader", "version": "0"}}
    async with connect(bench.nodes[0].url, compression=None, max_size=None) as reader:
        await reader.send(json.dumps(hello))
        async for raw in reader:
            ready.set()
            now = time.monotonic()
            frame = json.loads(raw)
            if frame["type"] == "text.delta":
                delays.extend(now - float(stamp) for stamp in frame["text"].split())
            elif frame["type"] == "turn.end":
                return


async def _read_flood(window: Visitor) -> None:
    """Read to the end without keeping the text: 16 MB joined a piece at a time would be the slow reader itself."""
    async with asyncio.timeout(90):
        while True:
            frame = await window.receive()
            if isinstance(frame, TurnEnd):
                return


async def _stuck(bench: Bench, session: str) -> ClientConnection:
    """A client with small buffers that says hello and never reads again."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", bench.nodes[0].process.port))
    client = await connect(
        bench.nodes[0].url, sock=raw, compression=None, max_size=None, max_queue=1, ping_interval=None
    )
    hello = {"type": "hello", "key": bench.key, "session": session, "client": {"name": "stuck", "version": "0"}}
    await client.send(json.dumps(hello))
    return client


async def _once(bench: Bench, with_stuck: bool) -> tuple[list[float], int, float | None]:
    """One run: the readers' delays, how far the server's memory grew, and after how long the stuck one was ended."""
    node = bench.nodes[0]
    flooded, watched = Visitor(bench.key, ASSISTANT), Visitor(bench.key, ASSISTANT)
    for window in (flooded, watched):
        window.silence = 60
        await window.attach(node.url)
    assert flooded.session is not None
    assert watched.session is not None
    delays: list[float] = []
    process = psutil.Process(node.process.pid)
    ready = [asyncio.Event() for _ in range(READERS)]
    async with asyncio.TaskGroup() as group:
        for event in ready:
            group.create_task(_read_delays(bench, watched.session, delays, event))
        await asyncio.gather(*(event.wait() for event in ready))
        stuck = await _stuck(bench, flooded.session) if with_stuck else None
        await asyncio.sleep(0.5)
        before = highest = process.memory_info().rss
        stamped, flood = send("stamps"), send("flood")
        await watched.ask(stamped)
        await flooded.ask(flood)
        reading = [
            group.create_task(_read_flood(flooded)),
            group.create_task(watched.until_ended(stamped.text, 90)),
        ]
        while not all(task.done() for task in reading):
            await asyncio.sleep(0.1)
            highest = max(highest, process.memory_info().rss)
    ended: float | None = None
    if stuck is not None:
        since = time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSED_SECONDS):
                while await _connections(bench) > 2:
                    await asyncio.sleep(0.1)
                ended = time.monotonic() - since
        with contextlib.suppress(ConnectionClosed):
            stuck.transport.abort()
    for window in (flooded, watched):
        window.cut()
    return delays, highest - before, ended


async def _connections(bench: Bench) -> int:
    async with httpx2.AsyncClient() as http:
        page = (await http.get(f"{bench.nodes[0].process.base}/metrics")).text
    return next(int(float(line.split()[1])) for line in page.splitlines() if line.startswith("opsloom_connections "))


async def run(pairs: int, seed: int, step: Step) -> dict[str, Any]:
    """So many pairs, with and without the stuck one."""
    async with Bench.open(1, wired=False) as bench:
        bench.vendor.script([FLOOD], when="flood")
        bench.vendor.script([Text(tokens=Stamps(STAMPS, GAP), delay=GAP)], when="stamps")
        await _once(bench, False)  # the first flood makes the heap's room
        p99: dict[bool, list[float]] = {True: [], False: []}
        p50: dict[bool, list[float]] = {True: [], False: []}
        memory: dict[bool, list[float]] = {True: [], False: []}
        ended: list[float] = []
        never = 0
        for _ in range(pairs):
            for with_stuck in (False, True):
                delays, grown, closed = await _once(bench, with_stuck)
                p99[with_stuck].append(quantile(delays, 0.99) * 1000)
                p50[with_stuck].append(quantile(delays, 0.5) * 1000)
                memory[with_stuck].append(grown / (1 << 20))
                if with_stuck:
                    never += closed is None
                    ended += [closed] if closed is not None else []
                step()
    low, high = min(p99[False]), max(p99[False])
    typical = quantile(p99[True], 0.5)
    more = quantile(memory[True], 0.5) - quantile(memory[False], 0.5)
    return {
        "pairs": pairs,
        "readers": READERS,
        "p99_ms_without": [round(value, 1) for value in p99[False]],
        "p99_ms_with": [round(value, 1) for value in p99[True]],
        "p50_ms_without": round(quantile(p50[False], 0.5), 2),
        "p50_ms_with": round(quantile(p50[True], 0.5), 2),
        "memory_mb_without": [round(value, 1) for value in memory[False]],
        "memory_mb_with": [round(value, 1) for value in memory[True]],
        "memory_mb_more": round(more, 1),
        "p99_within_spread": low * 0.9 <= typical <= high * 1.1 or typical < high,
        "stuck_ended_after_s": [round(value, 1) for value in ended],
        "breaches": never + (more > MEMORY_BYTES >> 20) + (typical > high * 1.1),
        "worst": [f"{never} times the stuck one was not ended"] if never else [],
    }


STUCK: Final = Scenario(run, times=4)
