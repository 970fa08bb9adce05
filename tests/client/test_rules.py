"""When to come back, and what waits meanwhile: the rules without a wire."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opsloom_client import Full, Refused, connect
from opsloom_client.backoff import Advice, advice, delay
from opsloom_client.connection import addresses
from opsloom_client.feed import Feed
from opsloom_client.outbox import Outbox
from opsloom_client.watchdog import Expecting, Verdict, Watchdog
from opsloom_protocol.frames import ErrorFrame, Open, Pong, Send, Snapshot
from opsloom_protocol.messages import SessionInfo
from opsloom_protocol.state import State


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (None, Advice.COME_BACK),
        (1000, Advice.STAY_AWAY),
        (1006, Advice.COME_BACK),
        (1009, Advice.COME_BACK),
        (1011, Advice.COME_BACK),
        (1012, Advice.COME_BACK),
        (4400, Advice.STAY_AWAY),
        (4401, Advice.NEW_TICKET),
        (4403, Advice.STAY_AWAY),
        (4404, Advice.STAY_AWAY),
        (4408, Advice.COME_BACK),
        (4409, Advice.COME_BACK),
        (4429, Advice.COME_BACK_LATE),
    ],
)
def test_close_codes(code: int | None, expected: Advice) -> None:
    assert advice(code) is expected


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_delays_are_full_jitter_under_a_ceiling(attempt: int, chance: float) -> None:
    ceiling = 0.0 if attempt == 1 else min(8.0, 0.25 * 2.0 ** min(attempt - 2, 10))
    assert delay(attempt, lambda: chance) == pytest.approx(chance * ceiling)


@pytest.mark.parametrize(
    ("given_", "http", "ws"),
    [
        ("http://a:8000", "http://a:8000/", "ws://a:8000/ws"),
        ("https://a/", "https://a/", "wss://a/ws"),
        ("wss://a/ws", "https://a/", "wss://a/ws"),
        ("https://a/chat/?x=1#y", "https://a/chat/", "wss://a/chat/ws"),
    ],
)
def test_addresses(given_: str, http: str, ws: str) -> None:
    assert addresses(given_) == (http, ws)


@pytest.mark.parametrize("wrong", ["", "localhost:8000", "ftp://a", "http://", "http://me:secret@a"])
def test_what_is_no_address(wrong: str) -> None:
    with pytest.raises(ValueError, match="address"):
        connect(wrong, assistant="demo")


def test_an_assistant_or_a_session() -> None:
    with pytest.raises(ValueError, match="assistant"):
        connect("http://a")
    with pytest.raises(ValueError, match="A visitor names"):
        connect("http://a", session="s")


def request(ref: str) -> Send:
    return Send(ref=ref, text=ref)


async def sendable(outbox: Outbox) -> str | None:
    try:
        return (await asyncio.wait_for(outbox.next(), 0.02)).ref
    except TimeoutError:
        return None


async def test_requests_go_out_in_order_and_again_after_a_break() -> None:
    outbox = Outbox()
    futures = [outbox.add(request(ref)) for ref in "abc"]
    assert [await sendable(outbox) for _ in range(4)] == ["a", "b", "c", None]
    assert outbox.answer(Pong(ref="b"))
    outbox.restart()
    assert [await sendable(outbox) for _ in range(3)] == ["a", "c", None]
    assert futures[1].result() == Pong(ref="b")
    assert not outbox.answer(Pong(ref="b"))
    assert not outbox.answer(ErrorFrame(code="internal", text="x"))


async def test_a_full_outbox_says_so() -> None:
    outbox = Outbox(2)
    outbox.add(request("a"))
    outbox.add(request("b"))
    with pytest.raises(Full):
        outbox.add(request("c"))
    outbox.answer(Pong(ref="a"))
    outbox.add(request("c"))


async def test_an_open_goes_alone() -> None:
    outbox = Outbox()
    outbox.add(request("a"))
    outbox.add(Open(ref="o", assistant="x"))
    outbox.add(request("b"))
    assert [await sendable(outbox) for _ in range(2)] == ["a", None]
    outbox.answer(Pong(ref="a"))
    assert [await sendable(outbox) for _ in range(2)] == ["o", None]
    outbox.answer(Pong(ref="o"))
    assert await sendable(outbox) == "b"


async def test_what_passes_is_waited_out_and_what_comes_after_stays_behind_it() -> None:
    outbox = Outbox()
    first = outbox.add(request("a"))
    assert await sendable(outbox) == "a"
    outbox.add(request("b"))
    outbox.answer(ErrorFrame(code="unavailable", text="later", ref="a", retry_ms=60))
    assert await sendable(outbox) is None
    assert (await asyncio.wait_for(outbox.next(), 1)).ref == "a"
    assert await sendable(outbox) == "b"
    outbox.answer(ErrorFrame(code="unavailable", text="too late", ref="a", retry_ms=61_000))
    with pytest.raises(Refused, match="too late"):
        await first


async def test_busy_is_waited_out_only_where_the_server_says_how_long() -> None:
    outbox = Outbox()
    full, running = outbox.add(request("a")), outbox.add(request("b"))
    assert [await sendable(outbox) for _ in range(2)] == ["a", "b"]
    outbox.answer(ErrorFrame(code="busy", text="full", ref="a", retry_ms=1))
    outbox.answer(ErrorFrame(code="busy", text="An answer is running.", ref="b"))
    with pytest.raises(Refused, match="running"):
        await running
    assert (await asyncio.wait_for(outbox.next(), 1)).ref == "a"
    assert not full.done()


async def test_a_refusal_carries_code_and_issues() -> None:
    outbox = Outbox()
    reply = outbox.add(request("a"))
    outbox.answer(ErrorFrame(code="too_long", text="Too long.", ref="a"))
    with pytest.raises(Refused) as caught:
        await reply
    assert (caught.value.code, caught.value.text, caught.value.issues) == ("too_long", "Too long.", ())


async def test_a_caller_that_left_disturbs_nobody() -> None:
    outbox = Outbox()
    outbox.add(request("a")).cancel()
    assert await sendable(outbox) == "a"
    assert outbox.answer(Pong(ref="a"))
    assert len(outbox) == 0


async def test_a_listener_that_falls_behind_finds_the_state() -> None:
    state = State(session=SessionInfo(id="s", rev=7), rev=7)
    feed = Feed(lambda: state, capacity=3)
    for at in range(5):
        feed.push(Pong(ref=f"{at}"))
    found = [await anext(feed) for _ in range(2)]
    assert isinstance(found[0], Snapshot)
    assert (found[0].rev, found[1]) == (7, Pong(ref="4"))


class Look:
    """A watchdog that is looked at once a second."""

    def __init__(self) -> None:
        self.dog = Watchdog()
        self.dog.begin(0)

    def until(self, begin: int, expecting: Expecting) -> tuple[int, Verdict]:
        """The second of the next verdict that is not FINE."""
        for second in range(begin + 1, begin + 120):
            verdict = self.dog.look(second, expecting)
            if verdict is not Verdict.FINE:
                return second, verdict
        raise AssertionError("nothing in two minutes")


@pytest.mark.parametrize(
    ("expecting", "asked", "dead"), [(Expecting.NOTHING, 25, 35), (Expecting.REPLY, 4, 7), (Expecting.ANSWER, 4, 7)]
)
def test_a_silent_link_is_asked_and_given_up(expecting: Expecting, asked: int, dead: int) -> None:
    look = Look()
    assert look.until(0, expecting) == (asked, Verdict.PING)
    assert look.until(asked, expecting) == (dead, Verdict.DEAD)


def test_patience_doubles_with_each_link_that_was_given_up_until_one_answers() -> None:
    look = Look()
    waits = []
    for _ in range(6):
        look.dog.begin(0)
        look.until(0, Expecting.ANSWER)
        waits.append(look.until(4, Expecting.ANSWER)[0])
    assert waits == [7, 10, 16, 28, 34, 34]
    look.dog.begin(0)
    look.until(0, Expecting.ANSWER)
    look.dog.heard(5, news=False)
    assert look.until(5, Expecting.ANSWER) == (9, Verdict.PING)
    assert look.until(9, Expecting.ANSWER) == (12, Verdict.DEAD)


def test_a_machine_that_slept_asks_at_once_and_twice_at_most() -> None:
    look = Look()
    assert look.dog.look(3600, Expecting.NOTHING) is Verdict.PING
    assert look.until(3600, Expecting.NOTHING) == (3603, Verdict.DEAD)
    look.dog.begin(0)
    assert look.until(0, Expecting.ANSWER) == (4, Verdict.PING)
    assert look.dog.look(100, Expecting.ANSWER) is Verdict.PING
    assert look.dog.look(200, Expecting.ANSWER) is Verdict.DEAD


def test_an_answer_that_stands_still_over_a_good_link_is_asked_after_every_20_s() -> None:
    look, asked = Look(), []
    for second in range(1, 51):
        verdict = look.dog.look(second, Expecting.ANSWER)
        if verdict is Verdict.PING:
            look.dog.heard(second, news=False)
        if verdict is Verdict.ASK:
            asked.append(second)
    assert len(asked) == 2
    assert 20 <= asked[0] <= 22
