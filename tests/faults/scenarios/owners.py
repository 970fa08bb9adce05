"""The owner of a turn is killed, or stopped for longer than its lease and continued; the other node carries on.

What is measured: how long until a window at the other node shows the end, and how much of the text that the owner's
own window had seen was lost, in seconds of deltas.
"""

import asyncio
import time
from collections import Counter
from typing import Any, Final

from vendors import Text

from faults.bench import ASSISTANT, Bench, Node
from faults.figures import quantile
from faults.scenarios.scenario import Scenario, Step
from faults.visitor import LOST, Breach, Visitor, send, words

GAP: Final = 0.02
"""Seconds between two words of the model."""

WORDS: Final = 1_000
SHORT_LEASE: Final = 1.0
DEFAULT_LEASE: Final = 10.0
GRACE: Final = 2.0
"""Seconds beyond the lease within which the other node must show the end."""

LOSS_SECONDS: Final = 0.25
STOPPED_SECONDS: Final = 15.0


def script(body: dict[str, Any]) -> list[Text]:
    """A long answer, and a short one to who asks whether it goes on."""
    if body["messages"][-1]["content"] == "And now?":
        return [Text("And on.")]
    return [Text(tokens=[f"w{n} " for n in range(WORDS)], delay=GAP)]


class Seen:
    """What was measured over many deaths."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.waits: list[float] = []
        self.losses: list[float] = []
        self.breaches: list[str] = []

    def figures(self, lease: float) -> dict[str, Any]:
        return {
            "times": len(self.waits),
            "lease_s": lease,
            "ends": dict(self.ends),
            "shown_after_s_p50": round(quantile(self.waits, 0.5), 2),
            "shown_after_s_max": round(max(self.waits, default=0), 2),
            "text_lost_ms_p50": round(1000 * quantile(self.losses, 0.5)),
            "text_lost_ms_max": round(1000 * max(self.losses, default=0)),
            "breaches": len(self.breaches),
            "worst": self.breaches[:10],
        }


class Turn:
    """One long answer at one node, watched from both."""

    def __init__(self, bench: Bench, owner: int) -> None:
        self.bench = bench
        self.owner = bench.nodes[owner]
        self.other = bench.nodes[1 - owner]
        self.here = Visitor(bench.key, ASSISTANT)
        self.there = Visitor(bench.key, ASSISTANT)
        self.question = send("Go on for long")
        self.here.silence = self.there.silence = 30.0

    async def begin(self, after: int = 25) -> None:
        """Ask at the owner, and wait until both windows have seen so many words."""
        await self.here.attach(self.owner.url)
        await self.here.ask(self.question)
        self.there.session = self.here.session
        await self.there.attach(self.other.url)
        for window in (self.here, self.there):
            async with asyncio.timeout(20):
                while len(_text(window).split()) < after:
                    await window.step()

    async def end(self) -> tuple[str, str]:
        """Read at the other node to the end: how it ended, and its text."""
        answer = await self.there.until_ended(self.question.text, 60)
        return answer.status, words(answer)

    def leave(self) -> None:
        self.here.cut()
        self.there.cut()


async def ask_something(bench: Bench, node: Node) -> Visitor:
    """A window at this node that has its answer."""
    window = Visitor(bench.key, ASSISTANT)
    await window.attach(node.url)
    frame = send(f"Anything, {node.name}")
    await window.ask(frame)
    await window.until_ended(frame.text)
    return window


async def _kills(times: int, step: Step, *, lease: float, redis: bool) -> dict[str, Any]:
    seen = Seen()
    setting = None if lease == DEFAULT_LEASE else lease
    async with Bench.open(2, redis=redis, wired=False, lease=setting) as bench:
        bench.vendor.script(script)
        for number in range(times):
            await one_death(bench, number, seen, lease, redis=redis)
            step()
    return seen.figures(lease)


async def one_death(bench: Bench, number: int, seen: Seen, lease: float, *, redis: bool) -> None:
    """One owner dies in mid-answer, a breach is noted, and the node is started again."""
    turn = Turn(bench, number % 2)
    try:
        await kill_once(turn, seen, lease, redis)
    except (Breach, TimeoutError, *LOST) as error:
        seen.breaches.append(f"{number}: {error!r}")
    finally:
        turn.leave()
    bench.vendor.requests.clear()
    if not turn.owner.up:
        await turn.owner.start()


async def kill_once(turn: Turn, seen: Seen, lease: float, redis: bool) -> None:
    """Kill the owner in mid-answer, and read the end at the other node. Raises `Breach`."""
    await turn.begin()
    reading = asyncio.create_task(_read_on(turn.here))
    await asyncio.sleep(0.3)
    killed = time.monotonic()
    await turn.owner.kill()
    status, text = await turn.end()
    waited = time.monotonic() - killed
    await reading
    shown = _text(turn.here)
    lost = max(0, len(shown.split()) - len(text.split())) * GAP
    seen.ends[status] += 1
    seen.waits.append(waited)
    seen.losses.append(lost)
    if status != "interrupted":
        raise Breach(f"It ended as {status}.")
    if not shown.startswith(text) and not text.startswith(shown):
        raise Breach(f"Another text than was shown: {text[-60:]!r}, {shown[-60:]!r}")
    if waited > lease + GRACE:
        raise Breach(f"Shown only after {waited:.1f} s.")
    # A batch is written every 250 ms; what a read of the vendor brings and one write under way come on top.
    allowed = 2 * GAP if redis else LOSS_SECONDS + 0.1
    if lost > allowed:
        raise Breach(f"{1000 * lost:.0f} ms of text are lost.")


async def _stopped(times: int, step: Step, *, redis: bool) -> dict[str, Any]:
    """SIGSTOP for 15 s and SIGCONT: what the old owner then writes is refused."""
    seen = Seen()
    async with Bench.open(2, redis=redis, wired=False) as bench:
        bench.vendor.script(script)
        for number in range(times):
            turn = Turn(bench, number % 2)
            try:
                await stop_once(turn, seen)
            except (Breach, TimeoutError) as error:
                seen.breaches.append(f"{number}: {error!r}")
            finally:
                turn.owner.resume()
                turn.leave()
            bench.vendor.requests.clear()
            step()
    return seen.figures(DEFAULT_LEASE)


async def stop_once(turn: Turn, seen: Seen, seconds: float = STOPPED_SECONDS, settle: float = 5.0) -> None:
    """Stop the owner for so long, continue it, and look for so long whether it writes."""
    await turn.begin()
    stopped = time.monotonic()
    turn.owner.pause()
    status, text = await turn.end()
    seen.waits.append(time.monotonic() - stopped)
    seen.ends[status] += 1
    before = await _stored(turn)
    await asyncio.sleep(max(0.0, stopped + seconds - time.monotonic()))
    turn.owner.resume()
    # Long enough for a renewal (3 s), a batch (0.25 s) and the end of a turn that its owner still believed in.
    await asyncio.sleep(settle)
    after = await _stored(turn)
    if status != "interrupted":
        raise Breach(f"It ended as {status}.")
    if before != after:
        raise Breach(f"The old owner wrote: {before} -> {after}")
    if turn.bench.nodes and not turn.owner.up:
        raise Breach("The old owner died.")
    # Its own window, which it still holds, learns the truth, and so does one that comes back to it.
    try:
        answer = await turn.here.until_ended(turn.question.text, 20)
    except LOST:
        await turn.here.attach(turn.owner.url)
        answer = await turn.here.until_ended(turn.question.text, 20)
    if (answer.status, words(answer)) != (status, text):
        raise Breach(f"The old owner shows {answer.status} with {len(words(answer))} characters, not {len(text)}.")
    # And the conversation goes on there.
    again = send("And now?")
    await turn.here.ask(again)
    if words(await turn.here.until_ended(again.text)) != "And on.":
        raise Breach("The session does not go on at the old owner.")


async def _stored(turn: Turn) -> list[tuple[Any, ...]]:
    """All that the database holds of the session and that a late owner might write."""
    rows = await turn.bench.postgres.ask(
        "select s.rev, s.leaf, m.status, md5(m.parts::text), t.status, t.epoch, t.owner, t.seq,"
        " (select count(*) from turn_log l where l.turn_id = t.id),"
        " (select count(*) from session_log l where l.session_id = s.id)"
        " from sessions s join turns t on t.session_id = s.id join messages m on m.id = t.message_id where s.id = $1",
        turn.here.session,
    )
    return [tuple(row) for row in rows]


async def _read_on(window: Visitor) -> None:
    try:
        while True:
            await window.step()
    except LOST:
        return


def _text(window: Visitor) -> str:
    answers = [message for message in window.messages if message.role == "assistant"]
    return words(answers[-1]) if answers else ""


async def _short(times: int, seed: int, step: Step) -> dict[str, Any]:
    return await _kills(times, step, lease=SHORT_LEASE, redis=False)


async def _short_with_redis(times: int, seed: int, step: Step) -> dict[str, Any]:
    return await _kills(times, step, lease=SHORT_LEASE, redis=True)


async def _default(times: int, seed: int, step: Step) -> dict[str, Any]:
    return await _kills(times, step, lease=DEFAULT_LEASE, redis=False)


async def _stops(times: int, seed: int, step: Step) -> dict[str, Any]:
    return await _stopped(times, step, redis=False)


async def _stops_with_redis(times: int, seed: int, step: Step) -> dict[str, Any]:
    return await _stopped(times, step, redis=True)


KILLED: Final = Scenario(_short, times=100)
KILLED_WITH_REDIS: Final = Scenario(_short_with_redis, times=100, redis=True)
KILLED_DEFAULT: Final = Scenario(_default, times=5)
STOPPED: Final = Scenario(_stops, times=3)
STOPPED_WITH_REDIS: Final = Scenario(_stops_with_redis, times=3, redis=True)
