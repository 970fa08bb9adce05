"""PostgreSQL restarted in mid-turn; Redis flushed, killed and stopped in mid-turn. Nothing that was acknowledged is
lost, and no window is told `done` before it is true."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any, Final

from opsloom_protocol.frames import ErrorFrame, TextDelta, TurnEnd
from vendors import Text

from faults.bench import ASSISTANT, Bench
from faults.figures import quantile
from faults.scenarios.scenario import Scenario, Step
from faults.visitor import LOST, Breach, Visitor, send, words

WORDS: Final = 150
GAP: Final = 0.02
AWAY: Final = 1.0
"""Seconds that PostgreSQL is gone; an answer takes three."""

Fault = Callable[[Bench], Coroutine[Any, Any, None]]


class Watch:
    """A window that notes when text and ends came."""

    def __init__(self, bench: Bench, session: str | None = None) -> None:
        self.bench = bench
        self.window = Visitor(bench.key, ASSISTANT, session)
        self.window.silence = 30.0
        self.text_at: list[float] = []
        self.ends: list[tuple[float, TurnEnd]] = []
        self.node = 0

    async def attach(self) -> None:
        for attempt in range(10_000):
            try:
                await self.window.attach(self.bench.nodes[self.node % len(self.bench.nodes)].url)
                return
            except LOST:
                await asyncio.sleep(min(1.0, 0.05 * 2**attempt))

    async def until_ended(self, question: str) -> None:
        while (answer := self.window.answer(question)) is None or answer.status == "running":
            try:
                frame = await self.window.step()
            except LOST:
                await self.attach()
                continue
            if isinstance(frame, TextDelta):
                self.text_at.append(time.monotonic())
            if isinstance(frame, TurnEnd):
                self.ends.append((time.monotonic(), frame))

    async def say(self, text: str) -> None:
        """Say it as a client does: again until it is acknowledged."""
        frame = send(text)
        while frame.ref not in self.window.replies:
            try:
                reply = await self.window.ask(frame, 30)
            except LOST:
                await self.attach()
                continue
            if isinstance(reply, ErrorFrame):
                if reply.code not in ("unavailable", "busy"):
                    raise Breach(f"{reply!r}")
                del self.window.replies[frame.ref]
                await asyncio.sleep((reply.retry_ms or 200) / 1000)


async def play(bench: Bench, times: int, seed: int, step: Step, fault: Fault, *, database_gone: bool) -> dict[str, Any]:
    """So many answers, each with one fault at some moment."""
    chance = random.Random(seed)
    said = [f"w{n} " for n in range(WORDS)]
    bench.vendor.script([Text(tokens=said, delay=GAP)], when="long")
    bench.vendor.script([Text("Heard.")])
    breaches: list[str] = []
    still: list[float] = []
    ends: dict[str, int] = {}
    for number in range(times):
        bench.vendor.requests.clear()
        try:
            status, pause = await _once(bench, number, chance, fault, "".join(said), database_gone)
            still.append(pause)
            ends[status] = ends.get(status, 0) + 1
        except (Breach, TimeoutError) as error:
            breaches.append(f"{number}: {error!r}")
        step()
    return {
        "times": times,
        "ends": ends,
        "longest_pause_in_text_s_p50": round(quantile(still, 0.5), 2),
        "longest_pause_in_text_s_max": round(max(still, default=0), 2),
        "breaches": len(breaches),
        "worst": breaches[:10],
    }


async def _once(
    bench: Bench, number: int, chance: random.Random, fault: Fault, whole: str, database_gone: bool
) -> tuple[str, float]:
    asker = Watch(bench)
    await asker.attach()
    await asker.say(f"long {number}")
    watchers = [asker]
    for node in range(1, len(bench.nodes)):
        watcher = Watch(bench, asker.window.session)
        watcher.node = node
        await watcher.attach()
        watchers.append(watcher)
    during = Watch(bench)
    await during.attach()

    gone: list[float] = []

    async def strike() -> None:
        await asyncio.sleep(chance.uniform(0.3, 2.6))
        gone.append(time.monotonic())
        await fault(bench)
        gone.append(time.monotonic())

    async def say_during() -> None:
        while not gone:
            await asyncio.sleep(0.01)
        await during.say(f"short {number}")
        await during.until_ended(f"short {number}")

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(strike())
        group.create_task(say_during())
        for watcher in watchers:
            group.create_task(watcher.until_ended(f"long {number}"))
    status = _judge(watchers, during, number, whole, gone, database_gone)
    for session, expected in ((asker.window.session, whole), (during.window.session, "Heard.")):
        stored = await bench.postgres.ask(
            "select status, parts->0->>'text' as text from messages where session_id = $1 and role = 'assistant'",
            session,
        )
        if [tuple(row) for row in stored] != [("done", expected)]:
            raise Breach(f"Stored: {[(row['status'], len(row['text'] or '')) for row in stored]}")
    if (runs := len(bench.vendor.requests)) != 2:
        raise Breach(f"{runs} runs of the model for 2 messages.")
    for watcher in [*watchers, during]:
        watcher.window.cut()
    first = asker.text_at
    return status, max((later - earlier for earlier, later in pairwise(first)), default=0.0)


def _judge(
    watchers: list[Watch], during: Watch, number: int, whole: str, gone: list[float], database_gone: bool
) -> str:
    for watcher, question, expected in [*((w, f"long {number}", whole) for w in watchers), (during, "", "Heard.")]:
        answer = watcher.window.answer(question or f"short {number}")
        if answer is None or answer.status != "done" or words(answer) != expected:
            raise Breach(f"{answer and answer.status}: {words(answer)[-60:] if answer else None!r}")
        for at, _ in watcher.ends:
            # Between the shutdown and the start no commit can have succeeded; 100 ms for one on its way.
            if database_gone and gone[0] + 0.1 < at < gone[0] + AWAY:
                raise Breach(f"Told of an end {at - gone[0]:.2f} s after the database had gone.")
    return "done"


async def restart_postgres(bench: Bench) -> None:
    await bench.postgres.restart(away=AWAY)


async def flush(bench: Bench) -> None:
    assert bench.redis is not None
    await bench.redis.say("FLUSHALL")


async def kill_redis(bench: Bench) -> None:
    assert bench.redis is not None
    bench.redis.kill()
    await asyncio.sleep(1)
    await bench.redis.start()


async def stop_redis(bench: Bench) -> None:
    assert bench.redis is not None
    bench.redis.stop()
    await asyncio.sleep(1)
    bench.redis.go_on()


def _scenario(fault: Fault, nodes: int, times: int, *, redis: bool) -> Scenario:
    async def run(count: int, seed: int, step: Step) -> dict[str, Any]:
        async with Bench.open(nodes, redis=redis, wired=False) as bench:
            return await play(bench, count, seed, step, fault, database_gone=fault is restart_postgres)

    return Scenario(run, times=times, redis=redis)


POSTGRES: Final = _scenario(restart_postgres, 1, 20, redis=False)
POSTGRES_TWO: Final = _scenario(restart_postgres, 2, 20, redis=False)
FLUSHED: Final = _scenario(flush, 2, 20, redis=True)
KILLED: Final = _scenario(kill_redis, 2, 20, redis=True)
STOPPED: Final = _scenario(stop_redis, 2, 20, redis=True)
