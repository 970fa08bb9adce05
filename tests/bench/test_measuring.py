"""The parts of the benchmark that could be wrong without anybody noticing: its clock, its frames, its model server."""

import asyncio
import json

import httptools
import pytest
from opsloom_protocol.codec import encode
from opsloom_protocol.frames import Snapshot, TextDelta, TurnEnd
from opsloom_protocol.messages import Message, MessageStatus, SessionInfo, TextPart, Turn

from bench.figures import TARGETS, Target
from bench.load import quantiles
from bench.stamps import WIDTH, WRAP, delays, now, written
from bench.vendor import Answers
from bench.wires import FloorWire, OpsloomWire, Tally


@pytest.mark.parametrize("at", [0, 61, 62, 3844, 62**4, WRAP - 1, WRAP + 5])
def test_a_token_tells_when_it_was_written(at: int) -> None:
    assert len(written(at)) == WIDTH
    assert delays(written(at) + written(at + 7), at + 10) == [10, 3]


def test_the_clock_wraps_between_writing_and_reading() -> None:
    assert delays(written(WRAP - 3), WRAP + 4) == [7]


def test_another_text_is_no_token() -> None:
    with pytest.raises(KeyError):
        delays(b"Hello.", 5)


def frame(text: bytes) -> bytes:
    head = bytes((129, len(text))) if len(text) < 126 else b"\x81\x7e" + len(text).to_bytes(2, "big")
    return head + text


async def test_frames_are_counted_however_the_bytes_are_cut() -> None:
    at = now()
    one = b'{"type":"text.delta","seq":1,"part":0,"text":"' + written(at) + b'"}'
    two = b'{"type":"text.delta","seq":2,"part":0,"text":"' + written(at) * 30 + b'"}'
    data = frame(one) + frame(two) + frame(b'{"type":"turn.end","status":"done"}')
    for step in (1, 3, 50, len(data)):
        tally = Tally(timed=True)
        wire = FloorWire(tally, {"port": 0})
        wire.buffer, wire.upgraded = b"", True
        wire.answered = asyncio.get_running_loop().create_future()
        for start in range(0, len(data), step):
            wire.data_received(data[start : start + step])
        assert (tally.tokens, tally.frames, tally.bytes) == (31, 2, len(data))
        assert len(tally.delays) == 31
        assert wire.answered.done()


def answer(text: bytes, status: MessageStatus) -> Message:
    parts = (TextPart(text=text.decode()),)
    return Message(
        id="msg_2", role="assistant", parent="msg_1", siblings=(), status=status, created_at="2026-01-01", parts=parts
    )


@pytest.mark.parametrize("last", ["snapshot", "turn.end"])
async def test_text_that_comes_in_a_snapshot_is_counted_once(last: str) -> None:
    """Two deltas, a snapshot of five, a delta; then the rest of nine tokens with the end, however that comes."""
    one = written(now())
    tally = Tally(timed=True)
    wire = OpsloomWire(tally, {"port": 0})
    wire.ready.set_result(None)
    wire.answered = asyncio.get_running_loop().create_future()
    wire.wanted = 9
    info = SessionInfo(id="ses_1", rev=1)
    running = Turn(id="trn_1", epoch=1, seq=5, message=answer(one * 5, "running"))
    done = answer(one * 9, "done")
    end = TurnEnd(rev=3, turn="trn_1", status="done", message=done)
    whole = Snapshot(session=info, rev=3, leaf="msg_2", messages=(done,), more=False)
    delta = encode(TextDelta(seq=1, part=0, text=one.decode()))
    wire.message(delta)
    wire.message(delta)
    wire.message(encode(Snapshot(session=info, rev=2, leaf=None, messages=(), more=False, turn=running)))
    wire.message(delta)
    assert wire.tokens == 6
    assert not wire.answered.done()
    wire.message(encode(whole if last == "snapshot" else end))
    assert wire.answered.done()
    assert (wire.tokens, tally.tokens, len(tally.delays), tally.failed) == (9, 9, 9, 0)
    # The next question was asked, and its answer has not begun: what stands there is the last one.
    wire.answered, wire.tokens = asyncio.get_running_loop().create_future(), 0
    wire.message(encode(whole))
    assert (wire.tokens, wire.answered.done()) == (0, False)


async def test_the_model_server_writes_what_was_asked_for() -> None:
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for rate in (500, 0):
            bodies: list[bytes] = []
            whole = Whole(bodies)
            parser = httptools.HttpResponseParser(whole)
            body = f'{{"content": "tokens=20 rate={rate} pad=3"}}'.encode()
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            async with asyncio.timeout(5):
                while not whole.complete:
                    parser.feed_data(await reader.read(65536))
            events = b"".join(bodies).split(b"\n\n")
            texts = [json.loads(event[6:])["choices"][0]["delta"].get("content", "") for event in events[1:21]]
            assert [len(text) for text in texts] == [WIDTH + 3] * 20
            assert events[-2:] == [b"data: [DONE]", b""]
        writer.close()


class Whole:
    """What httptools tells of an answer."""

    def __init__(self, bodies: list[bytes]) -> None:
        self.on_body = bodies.append
        self.complete = False

    def on_message_complete(self) -> None:
        self.complete = True


def test_quantiles_are_milliseconds() -> None:
    assert quantiles(range(0, 101_000, 1000)) == {"p50": 50.0, "p90": 90.0, "p99": 99.0, "max": 100.0}
    assert quantiles([]) is None


def test_a_target_is_a_bound() -> None:
    assert Target("", "<=", 5).met(5)
    assert not Target("", ">=", 5).met(4.9)
    assert {target.sign for target in TARGETS.values()} == {"<=", ">="}
