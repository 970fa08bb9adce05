"""The rows of the fault table that are the client's, in Python, against a real server through the fault proxy.

The page's own rows are in `tests/browser/test_page_faults.py`, through the same proxy.
"""

import asyncio
import time
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from faults.proxy import Proxy
from opsloom_client import Answer, Chat, Reconnecting, connect
from opsloom_client.feed import Feed
from opsloom_protocol.frames import Snapshot, TurnEnd, TurnStart, Welcome
from opsloom_protocol.messages import Message, TextPart
from stage import Stage
from vendors import Text

from client.tab import words

STORY = " ".join(f"word{at}" for at in range(300))
PACE = 0.005


def reach(proxy: Proxy, stage: Stage, **more: Any) -> Chat:
    return connect(f"http://127.0.0.1:{proxy.port}", key=stage.key, **({"assistant": "scripted"} | more))


async def streaming(chat: Chat, at_least: int) -> None:
    """Until so much of the running answer is here."""
    async with asyncio.timeout(20):
        while chat.state.turn is None or not chat.connected or len(shown(chat.state.turn.message)) < at_least:
            await asyncio.sleep(0.005)


async def broken(events: Feed) -> Reconnecting:
    """The next break that the client noticed."""
    async for event in events:
        if isinstance(event, Reconnecting):
            return event
    raise AssertionError("the chat was closed")


def shown(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, TextPart))


async def test_cut_in_mid_answer_20_times_the_text_is_equal_and_never_goes_back(proxy: Proxy, staged: Stage) -> None:
    staged.vendor.script([Text(STORY, delay=PACE)])
    async with reach(proxy, staged) as chat:
        seen: list[str] = []

        async def watch(answer: Answer) -> None:
            seen.extend([shown(message) async for message in answer.progress()])

        watching = asyncio.create_task(watch(chat.ask("Tell it")))
        for at in range(20):
            await streaming(chat, 40 + at * 80)
            assert chat.connected
            proxy.cut()
            while chat.connected:
                await asyncio.sleep(0)
        await asyncio.wait_for(watching, 30)
        assert seen[-1] == STORY
        assert all(later.startswith(earlier) for earlier, later in pairwise(seen)), "text went back"
        assert chat.state.messages[-1].status == "done"
        assert len(staged.vendor.requests) == 1
        assert proxy.accepted == 21


async def test_the_answer_ends_inside_the_gap(proxy: Proxy, staged: Stage) -> None:
    staged.vendor.script([Text(STORY, delay=0.001)])
    for _ in range(5):
        async with reach(proxy, staged) as chat:
            answer = chat.ask("Tell it")
            await streaming(chat, 100)
            with proxy.away():
                async with staged.client(session=chat.session) as other:
                    while not ended(other.frames):
                        await other.next()
            message = await asyncio.wait_for(answer, 20)
            assert (shown(message), message.status, chat.state.turn) == (STORY, "done", None)


def ended(frames: list[dict[str, Any]]) -> bool:
    """By a `turn.end`, or before the client came."""
    return any(f["type"] == "turn.end" or (f["type"] == "snapshot" and "turn" not in f) for f in frames)


async def test_a_half_open_link_in_mid_answer_is_noticed_and_replaced_within_10_s(proxy: Proxy, staged: Stage) -> None:
    staged.vendor.script([Text(STORY, delay=PACE)])
    async with reach(proxy, staged) as chat:
        answer = chat.ask("Tell it")
        await streaming(chat, 100)
        events = chat.events()
        began = time.monotonic()
        proxy.go_silent()
        lost = await broken(events)
        noticed = time.monotonic() - began
        proxy.heal()
        assert lost.reason == "The connection fell silent."
        assert 3 <= noticed <= 10, noticed
        assert shown(await asyncio.wait_for(answer, 20)) == STORY
        assert len(staged.vendor.requests) == 1


async def test_a_send_into_a_half_open_link_is_kept_and_sent_once(proxy: Proxy, staged: Stage) -> None:
    staged.vendor.script([Text("Once.")])
    async with reach(proxy, staged) as chat:
        proxy.go_silent()
        answer = chat.ask("Into the void")
        await broken(chat.events())
        proxy.heal()
        assert shown(await asyncio.wait_for(answer, 20)) == "Once."
        assert [words(message) for message in chat.state.messages] == ["Into the void", "Once."]
        assert len(staged.vendor.requests) == 1


async def test_the_same_send_twice_is_one_run(proxy: Proxy, staged: Stage) -> None:
    """Every reply to a send is lost once: what goes up arrives, what comes down does not."""
    staged.vendor.script([Text("Once.", delay=0.001)])
    async with reach(proxy, staged) as chat:
        for at in range(10):
            proxy.down.lossy = True
            answer = chat.ask(f"Question {at}")
            async with asyncio.timeout(10):
                while len(staged.vendor.requests) <= at:
                    await asyncio.sleep(0.005)
            proxy.heal()
            assert shown(await asyncio.wait_for(answer, 20)) == "Once."
        asked = [words(message) for message in chat.state.messages if message.role == "user"]
        assert asked == [f"Question {at}" for at in range(10)]
        assert len(staged.vendor.requests) == 10


async def test_stopped_from_a_link_that_breaks_keeps_the_text(proxy: Proxy, staged: Stage) -> None:
    staged.vendor.script([Text(STORY, delay=PACE)])
    async with reach(proxy, staged) as chat:
        answer = chat.ask("Tell it")
        await streaming(chat, 100)
        with proxy.away():
            stopping = asyncio.create_task(chat.stop())
            await asyncio.sleep(0.05)
        await asyncio.wait_for(stopping, 10)
        message = await asyncio.wait_for(answer, 10)
        assert message.status == "stopped"
        assert len(shown(message)) >= 100
        assert STORY.startswith(shown(message))


async def test_a_slow_line_in_mid_answer_is_no_dead_one(proxy: Proxy, staged: Stage) -> None:
    staged.vendor.script([Text(STORY, delay=0.001)])
    async with reach(proxy, staged) as chat:
        proxy.down.delay = proxy.up.delay = 1.0
        events = chat.events()
        assert shown(await asyncio.wait_for(chat.ask("Tell it"), 30)) == STORY
        await chat.close()
        assert not [event async for event in events if isinstance(event, Reconnecting)]


async def test_a_draining_server_is_left_after_the_answer_and_not_before(proxy: Proxy, staged: Stage) -> None:
    staged.vendor.script([Text(STORY, delay=PACE)])
    async with reach(proxy, staged) as chat:
        events = chat.events()
        answer = chat.ask("Tell it")
        await streaming(chat, 100)
        draining = asyncio.create_task(staged.parts.hub.drain())
        message = await asyncio.wait_for(answer, 20)
        assert (shown(message), message.status) == (STORY, "done")
        kinds: list[type] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                async for event in events:
                    kinds.append(type(event))
                    if isinstance(event, Reconnecting):
                        break
        await draining
        assert Reconnecting in kinds
        assert kinds.index(TurnEnd) < kinds.index(Reconnecting)


@pytest.mark.parametrize("hide", [0.0, 2.0])
async def test_a_stall_is_outlived(proxy: Proxy, staged: Stage, hide: float) -> None:
    """Nothing passes for a while and nothing is lost: no second connection under the deadline, one text either way."""
    staged.vendor.script([Text(STORY, delay=0.001)])
    async with reach(proxy, staged) as chat:
        answer = chat.ask("Tell it")
        await streaming(chat, 50)
        events = chat.events()
        proxy.stall()
        await asyncio.sleep(hide)
        proxy.resume()
        assert shown(await asyncio.wait_for(answer, 20)) == STORY
        await chat.close()
        assert not [e async for e in events if isinstance(e, Reconnecting | Snapshot | Welcome | TurnStart)]
