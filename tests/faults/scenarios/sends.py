"""Sends whose answer is lost, three in ten: as many rows and as many runs of the model as refs."""

import asyncio
import random
from typing import Any, Final

from opsloom_protocol.frames import ErrorFrame
from vendors import Text

from faults.bench import ASSISTANT, Bench
from faults.scenarios.scenario import Scenario, Step
from faults.visitor import LOST, Breach, Visitor, send

LOST_SHARE: Final = 0.3
TALKERS: Final = 50
EACH: Final = 40
"""Sends of one person in one session at most: without Redis a node hears of another's turn in steps of 250 ms, so a
session takes a few sends a second, and there must be many."""

QUEUED: Final = 8
"""The server lets 20 wait in a session; a talker stays below."""


async def play(bench: Bench, sends: int, seed: int, step: Step) -> dict[str, Any]:
    """So many sends in all, by up to 50 people at once, at every node in turn."""
    bench.vendor.reset()
    bench.vendor.script([Text("ok")])
    chance = random.Random(seed)
    sessions: list[str] = []
    lost = 0

    async def talk(number: int, count: int) -> None:
        nonlocal lost
        window = Visitor(bench.key, ASSISTANT)
        window.silence = 60  # many at once on two cores; that something hangs is not what is tried here
        node = number

        async def read_on() -> None:
            try:
                await window.step()
            except LOST:
                await window.attach(bench.nodes[node % len(bench.nodes)].url)

        await window.attach(bench.nodes[node % len(bench.nodes)].url)
        assert window.session is not None
        sessions.append(window.session)
        for at in range(count):
            frame = send(f"{number}: {at}")
            while frame.ref not in window.replies:
                try:
                    if chance.random() < LOST_SHARE:
                        await window.say(frame)
                        await asyncio.sleep(chance.random() * 0.01)
                        window.cut()
                        lost += 1
                        node += chance.random() < 0.5
                        url = bench.nodes[node % len(bench.nodes)].url
                        await window.attach(url, with_cursor=chance.random() < 0.5)
                        continue
                    reply = await window.ask(frame, 60)
                except LOST:
                    await window.attach(bench.nodes[node % len(bench.nodes)].url)
                    continue
                if isinstance(reply, ErrorFrame):
                    del window.replies[frame.ref]
                    if reply.code not in ("busy", "unavailable"):
                        raise Breach(f"{reply!r}")
                    await asyncio.sleep((reply.retry_ms or 100) / 1000)
            while sum(message.status == "queued" for message in window.messages) > QUEUED:
                await read_on()
            step()
        while not _rests(window):
            await read_on()
        await window.close()

    each = max(4, min(EACH, sends // TALKERS))
    shares = iter([(at // each, min(each, sends - at)) for at in range(0, sends, each)])

    async def people() -> None:
        for number, share in shares:
            await talk(number, share)

    async with asyncio.TaskGroup() as group:
        for _ in range(TALKERS):
            group.create_task(people())
    counts = {"refs": sends}
    for table, where in (("messages", "role = 'user'"), ("turns", "true"), ("requests", "true")):
        query = f"select count(*) from {table} where session_id = any($1) and {where}"
        counts[table] = await bench.count(query, sessions)
    counts["model_runs"] = len(bench.vendor.requests)
    wrong = len(set(counts.values())) != 1
    return {**counts, "answers_lost": lost, "breaches": int(wrong), "worst": [str(counts)] if wrong else []}


def _rests(window: Visitor) -> bool:
    """Nothing runs, nothing waits, and the last word is the assistant's."""
    if window.state is None or window.state.turn is not None or not window.messages:
        return False
    return window.messages[-1].role == "assistant" and not any(m.status == "queued" for m in window.messages)


async def _two_nodes(sends: int, seed: int, step: Step) -> dict[str, Any]:
    async with Bench.open(2, wired=False) as bench:
        return await play(bench, sends, seed, step)


SENDS: Final = Scenario(_two_nodes, times=10_000)
