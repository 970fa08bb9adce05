"""The load client: `python -m bench.load` reads a job as JSON from its input and prints what it saw as JSON.

A process of its own, so that its CPU is not the server's, and one a run, so that nothing is left of the last one.
"""

import asyncio
import contextlib
import json
import random
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import uvloop

from bench.clocks import Meter, resident
from bench.wires import SMALL_BUFFER, WIRES, Tally, Wire

# Fewer than the server lets in from one address before they have said who they are.
AT_ONCE: Final = 8


async def connect(
    tally: Tally, job: dict[str, Any], gate: asyncio.Semaphore, session: str | None = None, buffer: int | None = None
) -> Wire:
    """One connection that is attached."""
    loop = asyncio.get_running_loop()
    async with gate:
        raw = socket.socket()
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if buffer is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        await loop.sock_connect(raw, ("127.0.0.1", job["port"]))

        def make() -> Wire:
            wire = WIRES[job["wire"]](tally, job)
            wire.session = session
            return wire

        _, wire = await loop.create_connection(make, sock=raw)
        async with asyncio.timeout(30):
            await wire.ready
        return wire


async def turns(job: dict[str, Any]) -> dict[str, Any]:
    """`sessions` sessions of `tabs` connections; each has `turns` questions answered, one after the other.

    The first ones are asked over `spread` seconds.
    """
    tally = Tally(timed=bool(job["rate"]) and not job["pad"], pad=job["pad"])
    gate = asyncio.Semaphore(AT_ONCE)
    wires = await asyncio.gather(*(connect(tally, job, gate) for _ in range(job["sessions"])))
    others = await asyncio.gather(
        *(connect(tally, job, gate, wire.session) for wire in wires for _ in range(job["tabs"] - 1))
    )
    for other in others:
        other.quiet = True
    await asyncio.sleep(0.3)
    tally.bytes = 0
    server, database, own = Meter(job["server"]), Meter(job["database"]), time.process_time()
    began = time.monotonic()
    answered: list[int] = []

    async def talk(wire: Wire, wait: float) -> None:
        await asyncio.sleep(wait)
        for _ in range(job["turns"]):
            await wire.answer(job["tokens"], job["rate"], job["pad"])
            answered.append(wire.received)

    # Spread evenly with a little noise: streams that tick together would come in bursts that no real day has.
    step = job["spread"] / job["sessions"]
    waits = [(number + random.random()) * step for number in range(job["sessions"])]
    async with asyncio.timeout(job["seconds"]):
        await asyncio.gather(*(talk(wire, wait) for wire, wait in zip(wires, waits, strict=True)))
    wall = time.monotonic() - began
    await asyncio.sleep(0.2)  # what is still to be stored belongs to the turns
    seen = {
        "cpu": server.seconds(),
        "database_cpu": database.seconds(),
        "client_cpu": time.process_time() - own,
        "wall": wall,
        "turns": len(answered),
        "tokens": tally.tokens,
        "frames": tally.frames,
        "bytes": tally.bytes,
        "refused": tally.refused,
        "failed": tally.failed,
        "bytes_per_turn": sum(answered) / len(answered),
        "delay_ms": quantiles(tally.delays),
        "first_ms": quantiles(tally.firsts),
    }
    for wire in (*wires, *others):
        wire.transport.abort()
    return seen


async def idle(job: dict[str, Any]) -> dict[str, Any]:
    """Resident memory a connection: of `sessions` more of them, when `warm` are there already."""
    tally = Tally(timed=False)
    gate = asyncio.Semaphore(AT_ONCE)
    pid = job["server"][0]
    warm = await asyncio.gather(*(connect(tally, job, gate) for _ in range(job["warm"])))
    await asyncio.sleep(1)
    before = resident(pid)
    more = await asyncio.gather(*(connect(tally, job, gate) for _ in range(job["sessions"])))
    await asyncio.sleep(2)
    after = resident(pid)
    for wire in (*warm, *more):
        wire.transport.abort()
    return {"before": before, "after": after, "each": (after - before) / job["sessions"]}


async def stuck(job: dict[str, Any]) -> dict[str, Any]:
    """Peak memory while each session's answer goes to a tab that reads and `tabs` - 1 that do not."""
    tally = Tally(timed=False, pad=job["pad"])
    gate = asyncio.Semaphore(AT_ONCE)
    pid = job["server"][0]
    wires = await asyncio.gather(*(connect(tally, job, gate) for _ in range(job["sessions"])))
    deaf = await asyncio.gather(
        *(connect(tally, job, gate, wire.session, SMALL_BUFFER) for wire in wires for _ in range(job["tabs"] - 1))
    )
    for wire in deaf:
        wire.quiet = True
        wire.transport.pause_reading()
    await asyncio.sleep(0.5)
    before = peak = resident(pid)
    work = asyncio.gather(*(wire.answer(job["tokens"], job["rate"], job["pad"]) for wire in wires))
    began = time.monotonic()
    async with asyncio.timeout(job["seconds"]):
        while not work.done():
            peak = max(peak, resident(pid))
            await asyncio.sleep(0.02)
        await work
    wall = time.monotonic() - began
    # They are told to go after ten seconds without reading; they hear it when they read what was on its way.
    await asyncio.sleep(job["patience"] if deaf else 0)
    for wire in deaf:
        with contextlib.suppress(RuntimeError):
            wire.transport.resume_reading()
    await asyncio.sleep(2 if deaf else 0)
    closed = sum(wire.transport.is_closing() or wire.close_code is not None for wire in deaf)
    for wire in (*wires, *deaf):
        wire.transport.abort()
    return {"before": before, "peak": peak, "grown": peak - before, "wall": wall, "closed": closed, "stuck": len(deaf)}


def quantiles(values: Sequence[int]) -> dict[str, float] | None:
    """Milliseconds: p50, p90, p99, max."""
    if not values:
        return None
    ordered = sorted(values)
    last = len(ordered) - 1
    return {name: ordered[int(last * part)] / 1000 for name, part in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))} | {
        "max": ordered[-1] / 1000
    }


def main() -> None:
    job = json.load(sys.stdin)
    try:
        seen = uvloop.run({"turns": turns, "idle": idle, "stuck": stuck}[job["kind"]](job))
    except (ConnectionError, ValueError, TimeoutError) as error:
        sys.exit(f"{type(error).__name__}: {error or 'it took too long'}")
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
