"""Bugs that other projects had and told of, one test each, named by its number in docs/reliability.md.

Those of other rooms: 1 and 13 in tests/server, 8 in test_two_nodes.py, 19 in the page's tests; 20 and 21 have none yet.
"""

import asyncio
import time
from uuid import uuid4

import pytest
from opsloom_protocol.frames import ErrorFrame, Stop, TurnEnd

from faults.bench import Bench
from faults.conftest import Act, Theatre
from faults.scenarios.bugs import (
    SAID,
    WHOLE,
    asked,
    back_around_the_end,
    cancelled_redis,
    cancelled_requests,
    foreign_sessions,
    opened,
    script,
    shown,
)
from faults.visitor import Visitor, retry, send, words

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


async def whole(window: Visitor, text: str) -> None:
    answer = await window.until_ended(text)
    assert (answer.status, words(answer)) == ("done", WHOLE)


async def bug_3_ten_reconnects_in_one_turn(bench: Bench) -> None:
    window, text = await asked(bench, after=2)
    for at in range(10):
        before = shown(window)
        window.cut()
        await window.attach(bench.nodes[0].url, with_cursor=at % 3 != 2)
        assert shown(window).startswith(before)
        await window.step()
    await whole(window, text)
    window.cut()


async def bug_4_the_end_frame_is_lost(bench: Bench) -> None:
    """Cut as soon as the last text is there, so that `turn.end` meets a broken connection."""
    window, text = await asked(bench)
    while shown(window) != WHOLE:
        await window.step()
    window.cut()
    await window.attach(bench.nodes[0].url)
    await whole(window, text)
    assert window.state is not None
    assert window.state.turn is None
    window.cut()


async def bug_5_back_within_50_ms_of_the_end(bench: Bench) -> None:
    await back_around_the_end(bench, 60)


async def bug_6_reload_at_each_100_ms(bench: Bench) -> None:
    window, text = await asked(bench, after=1)
    for _ in range(9):
        await asyncio.sleep(0.1)
        before = shown(window)
        await window.attach(bench.nodes[0].url, with_cursor=False)
        assert before
        assert shown(window).startswith(before)
    await whole(window, text)
    window.cut()


async def bug_7_before_the_first_event_and_from_a_place_long_gone(bench: Bench) -> None:
    window = await opened(bench)
    window.cut()
    await window.attach(bench.nodes[0].url)
    text = f"quick {uuid4().hex}"
    await window.ask(send(text))
    await window.until_ended(text)
    old = window.state
    for at in range(3):
        await window.ask(send(f"quick {at}"))
        await window.until_ended(f"quick {at}")
    newest = window.state
    await window.close()
    # Nobody is attached: the session is let go, and its ring with it.
    await asyncio.sleep(0.5)
    window.state = old
    await window.attach(bench.nodes[0].url)
    assert newest is not None
    while window.state is None or window.state.rev < newest.rev:
        await window.step()
    assert window.state == newest
    window.cut()


async def bug_9_a_replay_across_sessions(bench: Bench) -> None:
    """A stranger with the id of a session, and with its cursor, learns nothing, not even that it exists."""
    await foreign_sessions(bench, 2)
    window, text = await asked(bench)
    other = await opened(bench)
    other.state = window.state
    # One's own other session with this one's cursor: a snapshot of its own, nothing of the other.
    await other.attach(bench.nodes[0].url)
    assert other.messages == []
    await whole(window, text)
    window.cut()
    other.cut()


async def bug_10_cut_between_the_end_and_its_reading(bench: Bench) -> None:
    window, text = await asked(bench)
    while window.state is None or window.state.turn is not None:
        before = window.state
        frame = await window.step()
        if isinstance(frame, TurnEnd):
            window.state = before  # as if it had not come
            break
    window.cut()
    welcome = await window.attach(bench.nodes[0].url)
    assert welcome.resumed
    assert isinstance(await window.step(), TurnEnd)
    await whole(window, text)
    window.cut()


async def bug_11_every_reply_is_lost_once(bench: Bench) -> None:
    window = await opened(bench)
    refs = [send(f"quick {uuid4().hex}") for _ in range(10)]
    for frame in refs:
        await window.say(frame)
        window.cut()
        await window.attach(bench.nodes[0].url)
        reply = await window.ask(frame)
        assert not isinstance(reply, ErrorFrame)
        await window.until_ended(frame.text)
    for frame in refs:
        assert sum(frame.text == r.body["messages"][-1]["content"] for r in bench.vendor.requests) == 1
    window.cut()


async def bug_12_stopped_at_20_points_and_asked_again(bench: Bench) -> None:
    async def one(at: int) -> None:
        window = await opened(bench)
        text = f"{'tool' if at % 2 else 'slow'} {uuid4().hex}"
        await window.ask(send(text))
        while window.state is None or window.state.turn is None:
            await window.step()
        turn = window.state.turn.id
        await asyncio.sleep(at * 0.006)
        await window.ask(Stop(ref=uuid4().hex, turn=turn))
        before = await window.until_ended(text)
        assert before.status in ("stopped", "done")
        again = f"quick {uuid4().hex}"
        await window.ask(send(again))
        answer = await window.until_ended(again)
        assert (answer.status, words(answer)) == ("done", "".join(SAID[:3])), answer.error
        window.cut()

    await asyncio.gather(*(one(at) for at in range(20)))


async def bug_15_requests_that_nobody_waits_for(bench: Bench) -> None:
    await cancelled_requests(bench, 240)


async def bug_16_windows_come_and_go_while_much_is_said(bench: Bench) -> None:
    window, text = await asked(bench, after=1)

    async def come_and_go(at: int) -> None:
        tab = await opened(bench, window.session)
        for step in range(6):
            if step % 3 == 1:
                await tab.attach(bench.nodes[0].url, with_cursor=at % 2 == 0)
            if tab.state is not None and tab.state.turn is not None:
                await tab.step()
        await whole(tab, text)
        tab.cut()

    async with asyncio.timeout(20):
        await asyncio.gather(whole(window, text), *(come_and_go(at) for at in range(20)))
    window.cut()


async def bug_17_work_that_ended_while_offline(bench: Bench) -> None:
    window, text = await asked(bench)
    window.cut()
    await asyncio.sleep(1.5)
    await window.attach(bench.nodes[0].url)
    await whole(window, text)
    assert window.resumed == 1
    window.cut()


async def bug_13_a_stop_reaches_a_vendor_that_says_nothing(bench: Bench) -> None:
    """The wait itself is tested in tests/server/models; here: nothing hangs, the text is kept, the session goes on."""
    for kind in ("pings", "hole"):
        window, text = await asked(bench, kind, after=3)
        assert window.state is not None
        assert window.state.turn is not None
        since = time.monotonic()
        await window.ask(Stop(ref=uuid4().hex, turn=window.state.turn.id))
        answer = await window.until_ended(text)
        assert (answer.status, words(answer)) == ("stopped", "".join(SAID[:3]))
        assert time.monotonic() - since < 1
        window.cut()


BUGS = [value for name, value in list(globals().items()) if name.startswith("bug_")]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_one_node(one_node: Theatre, bug: Act) -> None:
    async def act(bench: Bench) -> None:
        bench.vendor.script(script)
        await bug(bench)

    one_node(act)


async def bug_2_a_retry_at_the_other_node(bench: Bench) -> None:
    window, text = await asked(bench)
    there = await opened(bench, window.session, node=1)
    answer = await window.until_ended(text)
    await there.until_ended(text)
    await there.ask(retry(answer.id))
    for one in (there, window):
        async with asyncio.timeout(15):
            while (found := one.answer(text)) is None or found.id == answer.id:
                await one.step()
        await whole(one, text)
    # The retried answer counts from 1 again; a cursor into the old one, at the other node, misses nothing.
    window.cut()
    await window.attach(bench.nodes[1].url)
    await whole(window, text)
    window.cut()
    there.cut()


def test_two_nodes(two_nodes: Theatre) -> None:
    async def act(bench: Bench) -> None:
        bench.vendor.script(script)
        await bug_2_a_retry_at_the_other_node(bench)

    two_nodes(act)


async def test_14_cancelled_redis_commands(redis_url: str) -> None:
    port = int(redis_url.rpartition(":")[2].partition("/")[0])
    assert await cancelled_redis(port, 2_000, 0.01) > 1_000
