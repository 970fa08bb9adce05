"""The whole client against a server that keeps its promises: close codes, breaks, requests of every kind."""

import asyncio
from typing import Any

import pytest
from opsloom_client import Chat, Closed, Denied, Gone, Reconnecting, Refused, Unreachable, connect
from opsloom_protocol.frames import Feedback, Hello, Retry, Send

from client.honest import HonestServer
from client.wire import Wire


def script(text: str) -> list[str]:
    return [f"{text}{at} " for at in range(6)]


def reach(wire: Wire, **more: Any) -> Chat:
    return connect(wire.url, **({"assistant": "demo", "key": "k"} | more), random=lambda: 0.0)


@pytest.mark.parametrize("code", [1000, 4400, 4403, 4404])
async def test_codes_after_which_nobody_comes_back(code: int) -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire:
        server.refuse = lambda frame: code if isinstance(frame, Hello) else None
        with pytest.raises(Denied) as caught:
            async with reach(wire):
                raise AssertionError
        assert caught.value.close_code == code
        assert wire.sockets == 1


async def test_signed_out_comes_back_once() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire:
        server.refuse = lambda frame: 4401 if isinstance(frame, Hello) else None
        with pytest.raises(Denied):
            async with reach(wire):
                raise AssertionError
        assert wire.sockets == 2


async def test_signed_out_in_the_middle_goes_on_with_a_new_hello() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire, reach(wire) as chat:
        out = iter([4401])
        server.refuse = lambda frame: next(out, None) if isinstance(frame, Send) else None
        assert (await chat.ask("x")).status == "done"
        assert wire.sockets == 2


async def test_a_frame_over_the_limit_is_refused_and_the_rest_goes_on() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire, reach(wire) as chat:
        server.refuse = lambda frame: 1009 if isinstance(frame, Send) and len(frame.text) > 1000 else None
        small, big = chat.ask("x"), chat.ask("y" * 2000)
        with pytest.raises(Refused, match="longer"):
            await big
        assert (await small).status == "done"


async def test_a_session_without_a_row_that_the_server_forgot_begins_anew() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire, reach(wire) as chat:
        first = chat.session
        gone = iter([4404])
        server.refuse = lambda frame: next(gone, None) if isinstance(frame, Hello) else None
        wire.cut()
        assert (await chat.ask("x")).status == "done"
        assert chat.session != first


async def test_a_denial_in_the_middle_ends_everything_that_waits() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire, reach(wire) as chat:
        events = chat.events()
        server.gate.clear()
        answer = chat.ask("x")
        assert (await chat.send("y")).status == "queued"
        server.refuse = lambda frame: 4403
        with pytest.raises(Denied):
            await chat.send("z")
        with pytest.raises(Denied):
            await answer
        with pytest.raises(Denied):
            async for _ in events:
                pass
        with pytest.raises(Denied):
            chat.ask("later")


async def test_nobody_there() -> None:
    with pytest.raises(Unreachable):
        async with connect("http://127.0.0.1:1", assistant="demo", within=0.2):
            raise AssertionError


async def test_closing_ends_what_waits() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire:
        async with reach(wire) as chat:
            events = chat.events()
            server.gate.clear()
            answer = chat.ask("x")
        with pytest.raises(Closed):
            await answer
        async for _ in events:
            pass
        with pytest.raises(Closed):
            chat.ask("y")
    with pytest.raises(Closed):
        connect("http://a", assistant="demo").ask("x")


async def test_stop_keeps_the_text_and_the_queue_goes_on() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire, reach(wire) as chat:
        await chat.stop()
        server.gate.clear()
        first, second = chat.ask("x"), chat.ask("y")
        async for frame in first.frames():
            if type(frame).__name__ == "TurnStart":
                break
        stopping = asyncio.create_task(chat.stop())
        await asyncio.sleep(0.02)
        server.gate.set()
        await stopping
        assert (await first).status == "stopped"
        assert (await second).status == "done"


async def test_frames_of_one_answer_and_no_other() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire, reach(wire) as chat:
        first, second = chat.ask("x"), chat.ask("y")
        frames = [frame async for frame in second.frames()]
        kinds = [type(frame).__name__ for frame in frames]
        assert kinds == ["TurnStart", *["TextDelta"] * 6, "TurnEnd"]
        assert "".join(getattr(frame, "text", "") for frame in frames) == "".join(script("y"))
        assert first.message is None or first.message.status == "done"
        assert (await first).status == "done"


async def test_a_withdrawn_question_has_no_answer() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire, reach(wire) as chat:
        with pytest.raises(Gone):
            chat.retry("msg_nowhere")
        answer = chat.ask("x")
        await chat.open(assistant="demo")
        with pytest.raises(Gone):
            await answer


async def test_another_session_and_back() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire, reach(wire) as chat:
        await chat.ask("x")
        before = chat.state
        await chat.open(assistant="demo")
        assert (chat.session != before.session.id, chat.state.messages) == (True, ())
        await chat.ask("y")
        wire.cut()
        await chat.open(session=before.session.id)
        assert chat.state == before
        mark = before.messages[1].id
        await chat.feedback(mark, 1, "good")
        assert (await _feedback(chat, mark)) == 1


async def _feedback(chat: Chat, message: str) -> Any:
    return next(m.feedback for m in chat.state.messages if m.id == message).value


async def test_what_cannot_travel_fails_at_its_caller() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire, reach(wire) as chat:
        with pytest.raises(TypeError):
            await chat.act("b", "x", object())
        with pytest.raises(Refused) as caught:
            await chat.act("b", "x", {"ok": 1})
        assert caught.value.code == "invalid"
        assert chat.connected


async def test_a_break_is_told_to_whoever_listens() -> None:
    async with HonestServer(script) as server, Wire(server.port) as wire, reach(wire) as chat:
        events = chat.events()
        wire.cut()
        event = await anext(events)
        assert isinstance(event, Reconnecting)
        assert (event.attempt, event.delay) == (1, 0)
        assert (await chat.ask("x")).status == "done"


def test_the_same_request_is_the_same_frame() -> None:
    """What the outbox sends again must be equal to the first in every byte: the server compares contents."""
    assert Retry(ref="a", message="m") == Retry(ref="a", message="m")
    assert Feedback(ref="a", message="m", value=1) != Feedback(ref="a", message="m", value=0)
