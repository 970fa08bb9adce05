"""A rolling restart of two nodes behind haproxy, with many sockets open and answers under way.

Everybody's address comes from haproxy's X-Forwarded-For, as the trusted-proxy setting lets it.
"""

import asyncio
import random
import time
from typing import Any, Final

from opsloom_protocol.frames import ErrorFrame, GoingAway
from vendors import Text

from faults.bench import ASSISTANT, Bench
from faults.figures import quantile
from faults.haproxy import haproxy
from faults.scenarios.scenario import Scenario, Step
from faults.visitor import LOST, Visitor, send, words

RUNNING: Final = 50
"""Answers under way when a node is told to go."""

SECONDS: Final = 12.0
"""How long an answer takes: within the drain's 20 s, and longer than a node's way out and back."""

WORDS: Final = 240
UNBROKEN: Final = 0.95


class Roll:
    """The people of one rolling restart."""

    def __init__(self, bench: Bench, url: str, seed: int) -> None:
        self.bench = bench
        self.url = url
        self.chance = random.Random(seed)
        self.rolling = True
        self.reconnects: list[float] = []
        self.going_away = 0
        self.acknowledged: list[tuple[Visitor, str]] = []

    async def person(self, number: int, question: str | None) -> Visitor:
        """Stay attached until it is over. With a question, ask it now and read the answer."""
        where = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        window = Visitor(self.bench.key, ASSISTANT, headers={"x-forwarded-for": where})
        window.silence = 3600
        await self._attach(window)
        if question is not None:
            await self._say(window, question)
        return window

    async def stay(self, window: Visitor, until: str | None) -> None:
        """Read until the answer is there, or until the restart is over."""
        while self.rolling if until is None else not _ended(window, until):
            try:
                async with asyncio.timeout(1):
                    frame = await window.step()
            except TimeoutError:
                continue
            except LOST:
                await self._attach(window)
                continue
            if isinstance(frame, GoingAway):
                self.going_away += 1
                await asyncio.sleep(frame.retry_ms / 1000)
                await self._attach(window)

    async def talk(self, window: Visitor, text: str) -> None:
        """Say something at some moment, and see it answered."""
        await asyncio.sleep(self.chance.uniform(0, 20))
        await self._say(window, text)
        await self.stay(window, text)

    async def _say(self, window: Visitor, text: str) -> None:
        frame = send(text)
        while frame.ref not in window.replies:
            try:
                reply = await window.ask(frame)
            except LOST:
                await self._attach(window)
                continue
            if isinstance(reply, ErrorFrame):
                del window.replies[frame.ref]
                await asyncio.sleep((reply.retry_ms or 200) / 1000)
        self.acknowledged.append((window, text))

    async def _attach(self, window: Visitor) -> None:
        since = time.monotonic()
        for attempt in range(10_000):
            try:
                await window.attach(self.url)
            except LOST:
                await asyncio.sleep(self.chance.uniform(0, min(2.0, 0.1 * 2**attempt)))
                continue
            self.reconnects.append(time.monotonic() - since)
            return


def _ended(window: Visitor, question: str) -> bool:
    answer = window.answer(question)
    return answer is not None and answer.status != "running"


async def roll(sockets: int, seed: int, step: Step) -> dict[str, Any]:
    """Restart one node after the other under so many sockets."""
    async with Bench.open(2, wired=False, OPSLOOM_TRUSTED_PROXIES="127.0.0.1") as bench:
        said = [f"w{n} " for n in range(WORDS)]
        bench.vendor.script([Text(tokens=said, delay=SECONDS / WORDS)], when="long")
        bench.vendor.script([Text("Heard.")])
        async with haproxy([node.process.port for node in bench.nodes]) as port:
            return await _roll(bench, f"ws://127.0.0.1:{port}/ws", sockets, seed, step, "".join(said))


async def _roll(bench: Bench, url: str, sockets: int, seed: int, step: Step, long: str) -> dict[str, Any]:
    crowd = Roll(bench, url, seed)
    idle: list[Visitor] = []
    for start in range(0, sockets - RUNNING, 25):
        batch = range(start, min(start + 25, sockets - RUNNING))
        idle += await asyncio.gather(*(crowd.person(number, None) for number in batch))
        for _ in batch:
            step()
    crowd.reconnects.clear()
    longs: list[tuple[Visitor, str]] = []
    shorts: list[tuple[Visitor, str]] = []
    async with asyncio.TaskGroup() as group:
        talkers = set(crowd.chance.sample(range(len(idle)), min(200, len(idle) // 3)))
        staying = []
        for at, window in enumerate(idle):
            if at in talkers:
                shorts.append((window, f"short {at}"))
                staying.append(group.create_task(crowd.talk(window, f"short {at}")))
            else:
                staying.append(group.create_task(crowd.stay(window, None)))
        began = time.monotonic()
        for wave, node in enumerate(bench.nodes):
            asked = [f"long {wave}-{at}" for at in range(RUNNING)]
            windows = await asyncio.gather(
                *(crowd.person(sockets + 1000 * wave + at, text) for at, text in enumerate(asked))
            )
            longs += zip(windows, asked, strict=True)
            answers = [group.create_task(crowd.stay(w, text)) for w, text in zip(windows, asked, strict=True)]
            await asyncio.sleep(1)
            await node.terminate()
            await node.start()
            await asyncio.wait(answers)
            for _ in range(RUNNING // 2):
                step()
        await asyncio.wait([task for at, task in enumerate(staying) if at in talkers], timeout=60)
        crowd.rolling = False
    seconds = time.monotonic() - began
    return await _judge(bench, crowd, longs, shorts, long, seconds, sockets)


async def _judge(
    bench: Bench,
    crowd: Roll,
    longs: list[tuple[Visitor, str]],
    shorts: list[tuple[Visitor, str]],
    long: str,
    seconds: float,
    sockets: int,
) -> dict[str, Any]:
    lost = wrong = unbroken = 0
    worst: list[str] = []
    for window, text in [*longs, *shorts]:
        fresh = Visitor(bench.key, ASSISTANT, window.session)
        await fresh.attach(bench.nodes[0].url)
        expected = long if text.startswith("long") else "Heard."
        for each in (fresh, window):
            answer = each.answer(text)
            if answer is None:
                lost += each is fresh
                worst.append(f"{text}: no answer; {[(m.role, m.status) for m in each.messages]}")
            elif answer.status == "done" and words(answer) != expected:
                wrong += 1
                worst.append(f"{text}: {words(answer)[:80]!r}")
            elif not expected.startswith(words(answer)):
                wrong += 1
                worst.append(f"{text}: {words(answer)[:80]!r} ({answer.status})")
            elif each is fresh and text.startswith("long"):
                unbroken += answer.status == "done"
        await fresh.close()
        window.cut()
    runs = sum("long" in str(request.body["messages"][-1]["content"]) for request in bench.vendor.requests)
    share = unbroken / len(longs)
    return {
        "sockets": sockets,
        "turns_under_way": len(longs),
        "unbroken": unbroken,
        "unbroken_share": round(share, 3),
        "messages_acknowledged": len(crowd.acknowledged),
        "messages_lost": lost,
        "wrong_texts": wrong,
        "model_runs_of_long_answers": runs,
        "going_away_seen": crowd.going_away,
        "reconnects": len(crowd.reconnects),
        "reconnect_s_p50": round(quantile(crowd.reconnects, 0.5), 3),
        "reconnect_s_p99": round(quantile(crowd.reconnects, 0.99), 3),
        "seconds": round(seconds, 1),
        "breaches": lost + wrong + (share < UNBROKEN),
        "worst": worst[:10],
    }


ROLLING: Final = Scenario(roll, times=1_000, haproxy=True)
