"""Two windows, at two nodes, that answer the same request for approval at once: one wins, the tool runs as it said."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from opsloom_protocol.frames import Act, BlockUpdate, ErrorFrame, ServerFrame
from opsloom_protocol.messages import BlockPart, ToolPart
from opsloom_server.store import assistants
from opsloom_server.store.assistants import AssistantSpec
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from vendors import Text, ToolCall

from faults.bench import Bench
from faults.scenarios.scenario import Scenario, Step
from faults.visitor import LOST, Breach, Visitor, send

EXTENSIONS: Final = Path(__file__).resolve().parents[2] / "server" / "asking" / "extensions"
DESK: Final = AssistantSpec(
    slug="desk", name="Desk", model="openai-chat:scripted", tools=("cancel_order",), public=True
)
AT_ONCE: Final = 6
EACH: Final = 20
"""Requests in one session: what is older than 60 messages the model is not told again."""


async def play(bench: Bench, times: int, seed: int, step: Step) -> dict[str, Any]:
    """So many requests, each answered at both nodes at once, by "allow" and "deny", or by "allow" twice."""
    ledger = bench.folder / "ledger"
    ledger.touch()
    ledger.chmod(0o666)

    def script(body: dict[str, Any]) -> list[Any]:
        last = body["messages"][-1]
        if last["role"] == "tool":
            return [Text("Settled.")]
        order = int(last["content"])
        return [ToolCall("cancel_order", {"order": order, "ledger": str(ledger)}, id=f"call_{order}")]

    bench.vendor.script(script)
    chance = random.Random(seed)
    allowed: set[int] = set()
    won: Counter[str] = Counter()
    broken: list[str] = []
    numbers = iter(range(times))

    async def one(first: Visitor, second: Visitor, number: int) -> None:
        await first.ask(send(str(number)))
        waiting = await first.until_ended(str(number))
        await second.until_ended(str(number))
        (block,) = [p.block for p in waiting.parts if isinstance(p, BlockPart)]
        if waiting.status != "waiting":
            raise Breach(f"{number}: {waiting.status} instead of a question")
        actions = ("allow", chance.choice(("allow", "deny")))
        windows = [first, second]
        chance.shuffle(windows)
        replies: list[ServerFrame] = await asyncio.gather(
            *(
                window.ask(Act(ref=uuid4().hex, block=block.id, action=action, values={}), 30)
                for window, action in zip(windows, actions, strict=True)
            )
        )
        winners = [action for action, reply in zip(actions, replies, strict=True) if isinstance(reply, BlockUpdate)]
        losers = [reply.code for reply in replies if isinstance(reply, ErrorFrame)]
        if len(winners) != 1 or losers not in (["conflict"], ["busy"]):
            raise Breach(f"{number}: {replies!r}")
        place = "the asking" if isinstance(replies[windows.index(first)], BlockUpdate) else "the other"
        won[f"{winners[0]} at {place} node"] += 1
        if winners == ["allow"]:
            allowed.add(number)
        ends = await asyncio.gather(*(_settled(window, str(number)) for window in windows))
        status = "ok" if winners == ["allow"] else "denied"
        for end in ends:
            if [part.status for part in end.parts if isinstance(part, ToolPart)] != [status]:
                raise Breach(f"{number}: {end!r} after {winners[0]}")

    async def people() -> None:
        while batch := [number for _, number in zip(range(EACH), numbers, strict=False)]:
            windows = [Visitor(bench.key, DESK.slug) for _ in range(2)]
            for at, window in enumerate(windows):
                window.silence = 60
                window.session = windows[0].session
                await window.attach(bench.nodes[at % len(bench.nodes)].url)
                if at == 0:
                    await window.ask(send("-1"))
                    await window.until_ended("-1")
            for number in batch:
                try:
                    await one(windows[0], windows[1], number)
                except (Breach, *LOST) as error:
                    broken.append(f"{number}: {error!r}")
                step()
            for window in windows:
                await window.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(min(AT_ONCE, times)):
            group.create_task(people())
    ran = Counter(int(line.split()[1]) for line in ledger.read_text().splitlines())
    for number in range(times):
        if ran[number] != (number in allowed):
            wrong = f"{number} ran {ran[number]} times, allowed: {number in allowed}"
            broken.append(wrong)
    return {
        "requests": times,
        "won_by": dict(sorted(won.items())),
        "allowed": len(allowed),
        "runs_of_the_tool": ran.total(),
        "breaches": len(broken),
        "worst": broken[:10],
    }


async def _settled(window: Visitor, question: str) -> Any:
    async with asyncio.timeout(60):
        while (found := window.answer(question)) is None or found.status in ("running", "waiting"):
            await window.step()
        return found


async def prepare(bench: Bench) -> None:
    """The assistant that has the tool."""
    database = await Database.open(bench.postgres.dsn, pool_size=1, overflow=0)
    try:
        async with database.transact(DEFAULT_WORKSPACE) as connection:
            await assistants.create(connection, DEFAULT_WORKSPACE, DESK)
    finally:
        await database.close()


async def _two_nodes(times: int, seed: int, step: Step) -> dict[str, Any]:
    async with Bench.open(2, wired=False, OPSLOOM_EXTENSIONS=str(EXTENSIONS)) as bench:
        await prepare(bench)
        return await play(bench, times, seed, step)


APPROVALS: Final = Scenario(_two_nodes, times=1_000)
