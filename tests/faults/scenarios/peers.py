"""Opsloom under the faults that other chat servers were tried with: its own column of that table, row by row."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import uuid4

import psutil
from opsloom_client import connect
from opsloom_protocol.frames import Stop
from vendors import Text
from websockets.asyncio.client import connect as dial
from websockets.exceptions import ConnectionClosed

from faults.bench import ASSISTANT, Bench, Node
from faults.figures import quantile
from faults.scenarios.scenario import Scenario, Step
from faults.visitor import LOST, Visitor, send, words

TIMES: Final = 20
STOPS: Final = 5
SESSIONS: Final = 1_500
BIG_MESSAGE: Final = 10_000_000
ANSWER: Final = [f"w{n:02d} " for n in range(60)]
GAP: Final = 0.02
MEMORY: Final = "memory after 1,500 sessions"
WHOLE: Final = "".join(ANSWER)


class Row:
    """One row: what was tried, how often it held, and figures in words."""

    def __init__(self) -> None:
        self.tried = 0
        self.held = 0
        self.figures: dict[str, Any] = {}

    def add(self, held: bool) -> None:
        self.tried += 1
        self.held += held

    def told(self) -> dict[str, Any]:
        return {"tried": self.tried, "held": self.held, **self.figures}


async def _asked(bench: Bench, text: str, after: int = 8) -> Visitor:
    """A window in the middle of the answer to this."""
    window = Visitor(bench.key, ASSISTANT)
    await window.attach(bench.nodes[0].url)
    await window.ask(send(text))
    async with asyncio.timeout(20):
        while len(_shown(window).split()) < after:
            await window.step()
    return window


def _shown(window: Visitor) -> str:
    return words(window.messages[-1]) if window.messages and window.messages[-1].role == "assistant" else ""


def _is_whole(window: Visitor, text: str) -> bool:
    answer = window.answer(text)
    return answer is not None and answer.status == "done" and words(answer) == WHOLE


async def cut_in_mid_answer(bench: Bench, row: Row, times: int) -> None:
    """Cut, come back after a moment: the text is equal in the end, and what is shown meanwhile never gets shorter."""
    for number in range(times):
        text = f"cut {uuid4().hex}"
        window = await _asked(bench, text, 4 + number % 20)
        before = _shown(window)
        window.cut()
        await asyncio.sleep(0.05 * (number % 6))
        welcome = await window.attach(bench.nodes[0].url)
        no_hole = _shown(window).startswith(before)
        await window.until_ended(text)
        row.add(_is_whole(window, text) and no_hole)
        row.figures["resumed by cursor"] = row.figures.get("resumed by cursor", 0) + welcome.resumed
        window.cut()


async def ends_inside_the_gap(bench: Bench, row: Row, times: int) -> None:
    """Cut, and come back when the answer has ended."""
    for _ in range(times):
        text = f"gap {uuid4().hex}"
        window = await _asked(bench, text, 40)
        window.cut()
        await asyncio.sleep(GAP * 20 + 0.3)
        await window.attach(bench.nodes[0].url)
        await window.until_ended(text, 5)
        row.add(_is_whole(window, text))
        window.cut()


async def stop_after_reconnect(bench: Bench, row: Row, times: int) -> None:
    """After coming back the running turn is known, and can be stopped."""
    for _ in range(times):
        text = f"stop later {uuid4().hex}"
        window = await _asked(bench, text)
        window.cut()
        await window.attach(bench.nodes[0].url)
        turn = window.state.turn if window.state is not None else None
        if turn is None:
            row.add(False)
            continue
        await window.ask(Stop(ref=uuid4().hex, turn=turn.id))
        answer = await window.until_ended(text)
        row.add(answer.status == "stopped" and bool(words(answer)) and WHOLE.startswith(words(answer)))
        window.cut()


async def reload_in_mid_answer(bench: Bench, row: Row, times: int) -> None:
    """Come back with nothing in hand: the first frame holds the partial answer, and it goes on live."""
    waits: list[float] = []
    for _ in range(times):
        text = f"reload {uuid4().hex}"
        window = await _asked(bench, text)
        shown = _shown(window)
        window.cut()
        since = time.monotonic()
        await window.attach(bench.nodes[0].url, with_cursor=False)
        waits.append(time.monotonic() - since)
        partial = _shown(window).startswith(shown)
        await window.until_ended(text)
        row.add(partial and _is_whole(window, text))
        window.cut()
    row.figures["partial answer after ms, p50"] = round(1000 * quantile(waits, 0.5), 1)


async def second_tab(bench: Bench, row: Row, times: int) -> None:
    """Another window of the same session sees the partial answer and all that follows, with equal state."""
    for _ in range(times):
        text = f"tab {uuid4().hex}"
        window = await _asked(bench, text)
        tab = Visitor(bench.key, ASSISTANT, window.session)
        await tab.attach(bench.nodes[0].url)
        partial = bool(_shown(tab))
        await asyncio.gather(window.until_ended(text), tab.until_ended(text))
        row.add(partial and _is_whole(tab, text) and window.state == tab.state)
        window.cut()
        tab.cut()


async def same_send_twice(bench: Bench, row: Row, times: int) -> None:
    """One run of the model, one message, the same reply."""
    for _ in range(times):
        window = Visitor(bench.key, ASSISTANT)
        await window.attach(bench.nodes[0].url)
        frame = send(f"twice {uuid4().hex}")
        await window.say(frame)
        await window.say(frame)
        await window.until_ended(frame.text)
        runs = sum(frame.text in str(request.body) for request in bench.vendor.requests)
        row.add(runs == 1 and len(window.messages) == 2)
        window.cut()


async def send_into_a_dead_link(bench: Bench, row: Row, times: int) -> None:
    """The Python client says something while its server cannot be reached: kept, and sent once when it can."""
    front = bench.nodes[0].front
    for _ in range(times):
        text = f"dead {uuid4().hex}"
        async with connect(f"http://127.0.0.1:{front.port}", assistant=ASSISTANT, random=lambda: 0.0) as chat:
            with front.away():
                answer = chat.ask(text)
                await asyncio.sleep(0.2)
            async with asyncio.timeout(20):
                said = "".join([piece async for piece in answer])
        runs = sum(text in str(request.body) for request in bench.vendor.requests)
        row.add(said == WHOLE and runs == 1)


async def stop(bench: Bench, row: Row, times: int) -> None:
    """The vendor's stream is closed, the text so far is kept and marked."""
    waits: list[float] = []
    for _ in range(times):
        text = f"stop {uuid4().hex}"
        window = await _asked(bench, text)
        assert window.state is not None
        assert window.state.turn is not None
        request = next(r for r in reversed(bench.vendor.requests) if text in str(r.body))
        since = time.monotonic()
        await window.ask(Stop(ref=uuid4().hex, turn=window.state.turn.id))
        answer = await window.until_ended(text)
        await asyncio.wait_for(request.gone.wait(), 5)
        waits.append(time.monotonic() - since)
        partial = bool(words(answer)) and WHOLE.startswith(words(answer))
        row.add(answer.status == "stopped" and partial and request.closed_at is not None and waits[-1] <= 1)
        window.cut()
    row.figures["vendor's stream closed after ms"] = f"{1000 * min(waits):.0f} to {1000 * max(waits):.0f}"


async def ten_megabytes(bench: Bench, row: Row, times: int) -> None:
    """1009, and nothing else changes: the other window's answer goes on, memory stays."""
    node = bench.nodes[0]
    text = f"big {uuid4().hex}"
    window = await _asked(bench, text)
    before = _memory(node)
    for _ in range(times):
        async with dial(node.url, compression=None, max_size=None) as socket:
            hello = {"type": "hello", "key": bench.key, "assistant": ASSISTANT, "client": {"name": "b", "version": "0"}}
            await socket.send(json.dumps(hello))
            await socket.recv()
            with contextlib.suppress(ConnectionClosed):
                await socket.send(json.dumps({"type": "send", "ref": "b", "text": "x" * BIG_MESSAGE}))
            await socket.wait_closed()
            row.add(socket.close_code == 1009)
    await window.until_ended(text)
    row.add(_is_whole(window, text))
    row.figures["memory grew by MB"] = round((_memory(node) - before) / (1 << 20), 1)
    window.cut()


async def bytes_of_an_answer(bench: Bench, row: Row, _: int) -> None:
    """Bytes on the wire, frames as they are: at 33 tokens a second every token is a delta of its own, as everywhere
    else in this table; at 250 a second, as a model says them, the server merges."""

    async def one(size: int, pace: str, most: int) -> None:
        async with dial(bench.nodes[0].url, compression=None, max_size=None) as socket:
            hello = {"type": "hello", "key": bench.key, "assistant": ASSISTANT, "client": {"name": "b", "version": "0"}}
            await socket.send(json.dumps(hello))
            await socket.recv()
            await socket.recv()
            await socket.send(json.dumps({"type": "send", "ref": "b", "text": f"bytes {size} {pace}"}))
            total = deltas = 0
            async for raw in socket:
                total += len(raw) + (2 if len(raw) < 126 else 4)
                kind = json.loads(raw)["type"]
                deltas += kind == "text.delta"
                if kind == "turn.end":
                    break
        row.add(total <= most)
        row.figures[f"{size / 1000:g} kB, {pace}"] = (
            f"{total / 1000:.1f} kB in {deltas:,} deltas of {2 * round(size / 9):,} tokens"
        )

    await asyncio.gather(
        one(4_100, "a delta a token", 60_000),
        one(16_400, "a delta a token", 240_000),
        one(4_100, "merged", 60_000),
        one(16_400, "merged", 240_000),
    )


async def many_sessions(bench: Bench, row: Row, _: int) -> None:
    """Open a session, ask, read, leave; memory is flat after the first 500."""
    node = bench.nodes[0]
    marks = [_memory(node)]
    at_once = 10

    async def one(number: int) -> None:
        window = Visitor(bench.key, ASSISTANT)
        await window.attach(node.url)
        text = f"session {number}"
        await window.ask(send(text))
        await window.until_ended(text)
        await window.close()

    for start in range(0, SESSIONS, at_once):
        await asyncio.gather(*(one(number) for number in range(start, start + at_once)))
        if (start + at_once) % 500 == 0:
            marks.append(_memory(node))
        bench.vendor.requests.clear()
    grown = (marks[-1] - marks[1]) / (1 << 20)
    row.figures["memory in MB at the start and after each 500"] = [round(mark / (1 << 20)) for mark in marks]
    row.figures["grown after the first 500, MB"] = round(grown, 1)
    # What the allocator keeps and gives back moves by a few MB.
    row.add(grown <= 5)


def _memory(node: Node) -> int:
    return int(psutil.Process(node.process.pid).memory_info().rss)


ROWS: Final[dict[str, tuple[Callable[[Bench, Row, int], Awaitable[None]], int]]] = {
    "cut in mid-answer": (cut_in_mid_answer, TIMES),
    "the answer ends inside the gap": (ends_inside_the_gap, TIMES),
    "after reconnect the stop button": (stop_after_reconnect, TIMES),
    "reload in mid-answer": (reload_in_mid_answer, TIMES),
    "second tab": (second_tab, TIMES),
    "the same send twice": (same_send_twice, TIMES),
    "send into a dead link": (send_into_a_dead_link, 5),
    "stop": (stop, STOPS),
    "10 MB message": (ten_megabytes, 5),
    "bytes of an answer": (bytes_of_an_answer, 1),
    MEMORY: (many_sessions, 1),
}


ALONE: Final = ("stop", "10 MB message", "bytes of an answer", MEMORY)


async def _play(names: Sequence[str], step: Step) -> dict[str, Any]:
    """The rows that measure no time or memory go on at once, the others one after the other."""
    rows = {name: Row() for name in names}

    async def one(name: str) -> None:
        play, own = ROWS[name]
        try:
            async with asyncio.timeout(170):
                await play(bench, rows[name], own)
        except (TimeoutError, AssertionError, *LOST) as error:
            rows[name].add(False)
            rows[name].figures["broke"] = repr(error)
        step()

    async with Bench.open(1, wired=False) as bench:
        bench.vendor.script(_script)
        await asyncio.gather(*(one(name) for name in names if name not in ALONE))
        for name in names:
            if name in ALONE:
                await one(name)
    return _told(rows)


def _script(body: dict[str, Any]) -> list[Text]:
    question = str(body["messages"][-1]["content"])
    if question.startswith("session"):
        return [Text("A short answer, as most are.")]
    if question.startswith("bytes"):
        # 4.5 bytes a token: Chainlit's 104 kB are 900 frames of 116 bytes, for 4.1 kB of text.
        tokens = ["tok ", "word "] * round(int(question.split()[1]) / 9)
        return [Text(tokens=tokens, delay=0.004 if "merged" in question else 0.03)]
    return [Text(tokens=ANSWER, delay=GAP)]


def _told(of: dict[str, Row]) -> dict[str, Any]:
    rows = {name: row.told() for name, row in of.items()}
    broken = [name for name, row in rows.items() if row["held"] != row["tried"]]
    return {"rows": rows, "breaches": len(broken), "worst": [f"{name}: {rows[name]}" for name in broken]}


async def _rows(times: int, seed: int, step: Step) -> dict[str, Any]:
    return await _play([name for name in ROWS if name != MEMORY], step)


async def _memory_alone(times: int, seed: int, step: Step) -> dict[str, Any]:
    return await _play([MEMORY], step)


PEERS: Final = Scenario(_rows, times=len(ROWS) - 1)
PEERS_MEMORY: Final = Scenario(_memory_alone, times=1)
