"""Bugs that other projects had, those of them that show only in large numbers. The others are one test each, in
tests/faults/test_bugs_of_others.py, which also runs these in small."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import uuid4

import httpx2
from opsloom_protocol.codec import decode_server, encode
from opsloom_protocol.frames import ClientInfo, ErrorFrame, Hello, Open, Retry, ServerFrame, Stop, Welcome
from opsloom_server.log.streams import connect as connect_redis
from redis.exceptions import RedisError
from vendors import PingsOnly, Stall, Text, ToolCall
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from faults.bench import ASSISTANT, Bench
from faults.proxy import Proxy
from faults.scenarios.scenario import Scenario, Step
from faults.visitor import Breach, Visitor, send, words

SAID: Final = [f"w{n:02d} " for n in range(50)]
WHOLE: Final = "".join(SAID)
SHORT: Final = "".join(SAID[:3])
AT_ONCE: Final = 20


def script(body: dict[str, Any]) -> list[Any]:
    """What the model says, by what it was asked."""
    question = str(body["messages"][-1]["content"])
    if question.startswith("slow"):
        return [Text(tokens=SAID, delay=0.02)]
    if question.startswith("brief"):
        return [Text(tokens=SAID[:3], delay=0.025)]
    if question.startswith("quick"):
        return [Text(tokens=SAID[:3])]
    if question.startswith("tool"):
        table = {"title": "T", "columns": [{"key": "a", "label": "A"}], "rows": [{"a": 1}]}
        return [Text(tokens=SAID[:5], delay=0.01), ToolCall("show_table", table)]
    if question.startswith("pings"):
        return [Text(tokens=SAID[:3]), PingsOnly()]
    if question.startswith("hole"):
        return [Text(tokens=SAID[:3]), Stall()]
    return [Text("ok")]


async def opened(bench: Bench, session: str | None = None, node: int = 0) -> Visitor:
    window = Visitor(bench.key, ASSISTANT, session)
    await window.attach(bench.nodes[node].url)
    return window


async def asked(bench: Bench, kind: str = "slow", after: int = 5) -> tuple[Visitor, str]:
    """A window in the middle of an answer, and the question."""
    window = await opened(bench)
    text = f"{kind} {uuid4().hex}"
    await window.ask(send(text))
    async with asyncio.timeout(10):
        while len(shown(window).split()) < after:
            await window.step()
    return window, text


def shown(window: Visitor) -> str:
    return words(window.messages[-1]) if window.messages and window.messages[-1].role == "assistant" else ""


async def back_around_the_end(bench: Bench, times: int, step: Step = lambda: None) -> None:
    """5: an answer of 75 ms; cut at its first word, and back after 0 to 100 ms, so from 50 ms before its end to 50 ms
    after it."""

    async def one(at: int) -> None:
        window, text = await asked(bench, "brief", after=1)
        window.cut()
        await asyncio.sleep((at % 101) / 1000)
        await window.attach(bench.nodes[0].url, with_cursor=at % 2 == 0)
        answer = await window.until_ended(text)
        if (answer.status, words(answer)) != ("done", SHORT):
            raise Breach(f"Back after {at % 101} ms: {answer.status}, {words(answer)!r}")
        window.cut()
        step()

    for start in range(0, times, AT_ONCE):
        await asyncio.gather(*(one(at) for at in range(start, min(start + AT_ONCE, times))))


async def foreign_sessions(bench: Bench, times: int, step: Step = lambda: None) -> None:
    """9: a stranger with the ids of a session in mid-answer and with its cursor, over a socket and over REST."""
    window, text = await asked(bench)
    assert window.state is not None
    assert window.state.turn is not None
    base = bench.nodes[0].process.base
    for at in range(times):
        async with httpx2.AsyncClient(base_url=base) as http:
            made = (await http.post("/api/v1/tickets", json={"assistant": ASSISTANT})).json()
            headers = {"authorization": f"Bearer {made['visitor']}"}
            page = await http.get(f"/api/v1/sessions/{window.session}/messages", headers=headers)
            if page.status_code != 404:
                raise Breach(f"REST said {page.status_code} to a stranger.")
        cursor = window.state.cursor if at % 2 else None
        who = ClientInfo(name="stranger", version="0")
        # Straight into it: there is no such session.
        refused, code = await _told(
            bench, [Hello(client=who, ticket=made["ticket"], session=window.session, cursor=cursor)]
        )
        if not isinstance(refused[-1], ErrorFrame) or refused[-1].code != "not_found" or code != 4404:
            raise Breach(f"A stranger was told {refused!r}, {code}.")
        # And from a session of one's own: to go there, to stop its turn, to ask its answer again.
        async with httpx2.AsyncClient(base_url=base) as http:
            own = (await http.post("/api/v1/tickets", json={"assistant": ASSISTANT, "visitor": made["visitor"]})).json()
        turn = window.state.turn
        frames, _ = await _told(
            bench,
            [
                Hello(client=who, ticket=own["ticket"], assistant=ASSISTANT, cursor=cursor),
                Open(ref="o", session=window.session, cursor=cursor),
                Stop(ref="s", turn=turn.id),
                Retry(ref="r", message=turn.message.id),
            ],
        )
        replies = {frame.ref: frame for frame in frames if isinstance(frame, ErrorFrame)}
        if {ref: reply.code for ref, reply in replies.items()} != dict.fromkeys("osr", "not_found"):
            raise Breach(f"A stranger was told {frames!r}.")
        if not isinstance(frames[0], Welcome) or frames[0].resumed or frames[0].session.id == window.session:
            raise Breach(f"A stranger came in as {frames[0]!r}.")
        if text in repr(frames) or SAID[0] in repr(frames):
            raise Breach("A stranger has read another's words.")
        step()
    answer = await window.until_ended(text)
    if (answer.status, words(answer)) != ("done", WHOLE):
        raise Breach("The strangers changed the answer.")
    window.cut()


async def _told(bench: Bench, frames: list[Any]) -> tuple[list[ServerFrame], int | None]:
    """What a connection that says these is told until it is quiet or closed, and its close code."""
    told: list[ServerFrame] = []
    async with connect(
        bench.nodes[0].url, subprotocols=[Subprotocol("opsloom.v1")], compression=None, close_timeout=1
    ) as socket:
        for frame in frames:
            await socket.send(encode(frame), text=True)
        try:
            while sum(isinstance(frame, ErrorFrame) for frame in told) < max(1, len(frames) - 1):
                async with asyncio.timeout(5):
                    frame = decode_server(await socket.recv(decode=False))
                assert frame is not None
                told.append(frame)
            if len(frames) == 1:
                await asyncio.wait_for(socket.wait_closed(), 5)
        except ConnectionClosed:
            pass
        return told, socket.close_code


async def cancelled_redis(port: int, calls: int, delay: float, step: Step = lambda: None) -> int:
    """14: calls through a wire of twice that delay, most of them cancelled: nobody gets another's reply, and the pool
    keeps its size. Gives how many were cancelled."""
    cancelled = 0
    async with Proxy(port) as proxy:
        redis = connect_redis(f"redis://127.0.0.1:{proxy.port}/0")
        proxy.up.delay = proxy.down.delay = delay
        chance = random.Random(14)

        async def one(at: int) -> None:
            nonlocal cancelled
            value = f"value {at}"
            try:
                async with asyncio.timeout(delay * chance.choice((0.5, 1.5, 2.5, 500.0))):
                    got = await redis.echo(value)
            except (TimeoutError, RedisError):
                cancelled += 1
                return
            if got not in (value, value.encode()):
                raise Breach(f"{value!r} was answered with {got!r}.")

        try:
            for start in range(0, calls, AT_ONCE):
                await asyncio.gather(*(one(at) for at in range(start, start + AT_ONCE)))
                step()
            proxy.heal()
            if await redis.echo("at the end") not in ("at the end", b"at the end"):
                raise Breach("Replies are off by one.")
            # 20 at once: a pool that leaked would hold a connection for each of the cancelled.
            try:
                async with asyncio.timeout(5):
                    while len(proxy.links) > AT_ONCE + 5:
                        await asyncio.sleep(0.05)
            except TimeoutError as error:
                raise Breach(f"{len(proxy.links)} connections to Redis are left.") from error
        finally:
            await redis.aclose()
    return cancelled


async def cancelled_requests(bench: Bench, requests: int, step: Step = lambda: None) -> dict[str, int]:
    """15: pages and sockets that are cut in the middle of a request leave no connection of the database behind. Gives
    the database's connections before and after."""

    async def socket(at: int) -> None:
        window = await opened(bench)
        await window.say(send(f"ok {at}"))
        window.cut()

    async def page(http: httpx2.AsyncClient) -> None:
        try:
            await http.get("/api/v1/sessions", timeout=0.004)
        except httpx2.TimeoutException:
            return

    there = "select count(*) from pg_stat_activity where application_name = 'opsloom'"
    headers = {"authorization": f"Bearer {bench.key}"}
    async with httpx2.AsyncClient(base_url=bench.nodes[0].process.base, headers=headers) as http:
        # As many at once as later, and nobody in a hurry: the pool is as large as it becomes.
        await asyncio.gather(*(http.get("/api/v1/sessions") for _ in range(30)))
        before = await bench.count(there)
        for start in range(0, requests, 40):
            await asyncio.gather(*(page(http) for _ in range(30)), *(socket(at) for at in range(start, start + 10)))
            step()
    await asyncio.sleep(1)
    busy = await bench.count(f"{there} and state like 'idle in%'")
    after = await bench.count(there)
    # The pool keeps ten; the worker and what listens have one each.
    if busy or after > max(30, before):
        raise Breach(f"{busy} connections are in a transaction, and {after} are open; there were {before}.")
    window = await opened(bench)
    await window.ask(send(f"quick {uuid4().hex}"))
    window.cut()
    return {"before": before, "after": after}


async def run(times: int, seed: int, step: Step) -> dict[str, Any]:
    """`times` returns around an end, as many cut requests, ten times as many Redis calls, a hundredth of strangers."""
    told: dict[str, Any] = {"returns_within_50_ms_of_an_end": times, "requests_cut": times, "redis_calls": 10 * times}
    told["strangers_at_a_session"] = strangers = max(2, times // 100)
    worst: list[str] = []
    async with Bench.open(1, redis=True) as bench:
        assert bench.redis is not None
        port = bench.redis.port
        bench.vendor.script(script)
        numbered: tuple[tuple[str, Callable[[], Awaitable[Any]]], ...] = (
            ("5", lambda: back_around_the_end(bench, times)),
            ("9", lambda: foreign_sessions(bench, strangers)),
            ("14", lambda: cancelled_redis(port, 10 * times, 0.05)),
            ("15", lambda: cancelled_requests(bench, times)),
        )
        for name, plays in numbered:
            try:
                seen = await plays()
            except (Breach, TimeoutError) as error:
                worst.append(f"{name}: {error!r}")
            else:
                if isinstance(seen, int):
                    told["redis_calls_cancelled"] = seen
                elif seen is not None:
                    told["database_connections_before_and_after"] = [seen["before"], seen["after"]]
            step()
            bench.vendor.requests.clear()
    return {**told, "breaches": len(worst), "worst": worst}


BUGS: Final = Scenario(run, times=1_000, redis=True, steps=4)
