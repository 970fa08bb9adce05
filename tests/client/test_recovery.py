"""A client that is cut anywhere ends with what one that was never cut has; the oracle is the script itself."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opsloom_client import Chat, Reconnecting, connect
from opsloom_protocol.frames import Snapshot, TextDelta
from opsloom_protocol.messages import Message, TextPart

from client.honest import HonestServer
from client.wire import Cut, Wire


def script(text: str) -> list[str]:
    return [f"{text}{at} " for at in range(12)]


def words(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, TextPart))


def reach(wire: Wire, **more: Any) -> Chat:
    """With a key, and without delays between attempts."""
    return connect(wire.url, **({"assistant": "demo"} | more), key="k", random=lambda: 0.0)


CUTS = st.lists(st.builds(Cut, at=st.integers(0, 22), up=st.booleans(), half=st.booleans()), max_size=4)


@settings(max_examples=200, deadline=None)
@given(cuts=CUTS, trim=st.sampled_from([0, 3, 10_000]), twice=st.booleans(), bunch=st.integers(1, 3))
def test_any_cuts_same_conversation(cuts: list[Cut], trim: int, twice: bool, bunch: int) -> None:
    asyncio.run(_any_cuts(cuts, trim, twice, bunch))


async def _any_cuts(cuts: list[Cut], trim: int, twice: bool, bunch: int) -> None:
    async with (
        asyncio.timeout(20),
        HonestServer(script, trim=trim) as server,
        Wire(server.port, cuts, duplicate=lambda frame: twice and len(frame) % 3 == 0) as wire,
        reach(wire) as chat,
    ):
        questions = [f"q{at}" for at in range(bunch)]
        answers = [chat.ask(question) for question in questions]
        streamed = ["".join([text async for text in answer]) for answer in answers]
        assert streamed == ["".join(script(question)) for question in questions]
        assert [words(await answer) for answer in answers] == streamed
        assert server.runs == len(questions)
        assert [words(message) for message in chat.state.messages] == [
            said for pair in zip(questions, streamed, strict=True) for said in pair
        ]
        async with reach(wire, assistant=None, session=chat.session) as fresh:
            assert fresh.state == chat.state


async def test_a_cut_inside_an_answer_resumes_by_cursor_without_a_snapshot() -> None:
    async with HonestServer(script) as server, Wire(server.port, [Cut(at=9)]) as wire, reach(wire) as chat:
        events = chat.events()
        await chat.ask("x")
        seen = []
        while len(server.hellos) < 2 or not chat.connected:
            await asyncio.sleep(0.01)
        while events._events:
            seen.append(await anext(events))
        assert server.hellos[1].cursor is not None
        assert server.hellos[1].session == chat.session
        assert not [event for event in seen if isinstance(event, Snapshot)]
        assert [event for event in seen if isinstance(event, Reconnecting)]
        assert "".join(e.text for e in seen if isinstance(e, TextDelta)) == "".join(script("x"))


async def test_what_is_asked_while_there_is_no_connection_is_done_once_when_there_is() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire, reach(wire) as chat:
        wire.cut()
        answer = chat.ask("x")
        assert words(await answer) == "".join(script("x"))
        assert server.runs == 1


async def test_the_answer_that_ended_inside_the_gap_is_there() -> None:
    async with HonestServer(script) as server, Wire(server.port, [Cut(at=6)]) as wire, reach(wire) as chat:
        assert words(await chat.ask("x")) == "".join(script("x"))
        assert wire.sockets == 2


@pytest.mark.parametrize("hole", [3, 5, 8])
async def test_a_hole_is_healed_by_a_hello_without_cursor(hole: int) -> None:
    """One frame is swallowed in the middle: the client must notice by the numbers and ask for the state."""
    swallowed = 0

    class Leaky(HonestServer):
        pass

    async with Leaky(script) as server:
        from client import honest

        tell = honest.tell

        def leak(socket: Any, frame: Any, ref: str | None = None) -> None:
            nonlocal swallowed
            if isinstance(frame, TextDelta) and frame.seq == hole and len(server.hellos) == 1:
                swallowed += 1
                return
            tell(socket, frame, ref)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(honest, "tell", leak)
            async with Wire(server.port) as wire, reach(wire) as chat:
                assert words(await chat.ask("x")) == "".join(script("x"))
                assert "".join([text async for text in chat.ask("y")]) == "".join(script("y"))
        assert swallowed == 1
        assert len(server.hellos) == 2
        assert server.hellos[1].cursor is None
