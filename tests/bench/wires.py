"""How the load client speaks to each server under test: as little parsing as the delays allow.

Text is found by the bytes before it (`"text":"`), which a token never holds; JSON is decoded only while attaching, and
where a frame stands for many.
A `Wire` counts what comes and keeps each token's delay; it never raises into the loop, `failure` says what was wrong.
"""

import asyncio
import base64
import json
import os
import uuid
from array import array
from typing import Any, Final, cast

from msgspec import UNSET
from opsloom_protocol.codec import decode_server
from opsloom_protocol.frames import Snapshot, TurnEnd
from opsloom_protocol.messages import Message, TextPart

from bench.stamps import WIDTH, delays, now

# Enough for any snapshot; a stuck reader asks for much less.
SMALL_BUFFER: Final = 4096


class Tally:
    """What all wires of a run received. `tokens`, `frames`, `bytes` count; delays are microseconds."""

    def __init__(self, *, timed: bool, pad: int = 0) -> None:
        self.timed = timed
        self.width = WIDTH + pad
        self.tokens = self.frames = self.bytes = 0
        self.refused = self.failed = 0  # requests to be said again later; answers that ended otherwise than done
        self.delays = array("I")
        self.firsts = array("I")


class Wire(asyncio.Protocol):
    """One connection. `attach` makes it ready, `ask` has one question answered."""

    transport: asyncio.Transport
    session: str | None = None

    def __init__(self, tally: Tally, job: dict[str, Any]) -> None:
        self.loop = asyncio.get_running_loop()
        self.tally = tally
        self.job = job
        self.ready: asyncio.Future[None] = self.loop.create_future()
        self.answered: asyncio.Future[None] | None = None
        self.received = 0  # bytes since the question
        self.tokens = self.wanted = 0  # of the answer under way: so many came, so many were asked for
        self.close_code: int | None = None
        self.quiet = False  # a second tab: it counts bytes, not tokens

    def connection_made(self, transport: asyncio.BaseTransport) -> None:

        self.transport = cast(asyncio.Transport, transport)  # uvloop's own, which is no subclass
        self.hello()

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(f"the server hung up ({self.close_code or exc or 'without a word'})")

    def fail(self, words: str) -> None:
        """Nothing more will come here."""
        error = ConnectionError(words)
        for future in (self.ready, self.answered):
            if future is not None and not future.done():
                future.set_exception(error)
                future.exception()  # a connection that nobody waits for may be cut without a traceback

    async def answer(self, tokens: int, rate: int, pad: int) -> None:
        """Ask, and read the answer to its end. Raises `ConnectionError`, `ValueError` when tokens are missing."""
        self.answered = self.loop.create_future()
        self.received = self.tokens = 0
        self.wanted = tokens
        self.ask(f"Please answer with tokens={tokens} rate={rate} pad={pad}")
        failed = self.tally.failed
        await self.answered
        if self.tokens != tokens and self.tally.failed == failed:
            raise ValueError(f"{self.tokens} tokens came instead of {tokens}")

    def text(self, text: bytes) -> None:
        """Text of the answer came."""
        at = now()
        tally = self.tally
        if self.quiet:
            return
        count = len(text) // tally.width
        tally.frames += 1
        tally.tokens += count
        if tally.timed:
            late = delays(text, at)
            if self.tokens == 0:
                tally.firsts.append(late[0])
            tally.delays.extend(late)
        self.tokens += count

    def end(self) -> None:
        if self.answered is not None and not self.answered.done():
            self.answered.set_result(None)

    def hello(self) -> None:
        raise NotImplementedError

    def ask(self, text: str) -> None:
        raise NotImplementedError


class WebSocketWire(Wire):
    """The client's half of RFC 6455, without what no server under test sends (fragments, extensions)."""

    path = "/ws"
    subprotocol: str | None = None

    def hello(self) -> None:
        self.buffer = b""
        self.upgraded = False
        lines = [
            f"GET {self.path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.job['port']}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            *([f"Sec-WebSocket-Protocol: {self.subprotocol}"] if self.subprotocol else []),
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self.tally.bytes += len(data)
        if self.buffer:
            data = self.buffer + data
        if not self.upgraded:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self.buffer = head
                return
            if b" 101 " not in head[:32]:
                self.fail(head.partition(b"\r\n")[0].decode("latin-1"))
                return
            self.upgraded = True
            self.opened()
        place, end = 0, len(data)
        while end - place >= 2:
            length, start = data[place + 1], place + 2
            if length == 126:
                length, start = int.from_bytes(data[start : start + 2], "big"), start + 2
            elif length == 127:
                length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
            if end < start + length:
                break
            kind = data[place] & 15
            payload = data[start : start + length]
            place = start + length
            if kind == 1:
                self.message(payload)
            elif kind == 9:
                self.frame(10, payload)
            elif kind == 8:
                self.close_code = int.from_bytes(payload[:2], "big")
        self.buffer = data[place:] if place else data

    def frame(self, kind: int, payload: bytes) -> None:
        """Send a frame; a mask of zeros is a mask."""
        length = len(payload)
        head = (
            bytes((128 | kind, 128 | length)) if length < 126 else bytes((128 | kind, 254, length >> 8, length & 255))
        )
        self.transport.write(head + b"\0\0\0\0" + payload)

    def say(self, value: Any) -> None:
        self.frame(1, json.dumps(value).encode())

    def opened(self) -> None:
        """The upgrade is done."""
        raise NotImplementedError

    def message(self, payload: bytes) -> None:
        """A text message came."""
        raise NotImplementedError


class FloorWire(WebSocketWire):
    """Opsloom's frames, without what comes before them."""

    def opened(self) -> None:
        self.ready.set_result(None)

    def ask(self, text: str) -> None:
        self.say({"type": "send", "text": text})

    def message(self, payload: bytes) -> None:
        if payload.startswith(b'{"type":"text.delta"'):
            self.text(payload[payload.index(b'"text":"') + 8 : -2])
        elif payload.startswith(b'{"type":"turn.end"'):
            if b'"status":"done"' not in payload:
                self.tally.failed += 1
            self.end()
        elif payload.startswith(b'{"type":"error"'):
            self.fail(payload.decode())


class BareWire(FloorWire):
    """One message each way."""

    def opened(self) -> None:
        self.say({"type": "hello"})

    def message(self, payload: bytes) -> None:
        self.ready.set_result(None)


class OpsloomWire(FloorWire):
    """A program with an API key, attached to a session: a new one, or the one of another tab.

    Whoever reads slower than the model writes is sent the text in a snapshot, or in the turn's end. Those are decoded,
    since they stand for many deltas; a delta never is.
    """

    subprotocol = "opsloom.v1"

    def __init__(self, tally: Tally, job: dict[str, Any]) -> None:
        super().__init__(tally, job)
        self.ended: set[bytes] = set()  # answers that were read to their end

    def opened(self) -> None:
        hello = {"type": "hello", "key": self.job["key"], "assistant": self.job["assistant"]}
        if self.session is not None:
            hello["session"] = self.session
        self.say({**hello, "client": {"name": "bench", "version": "1"}})

    def ask(self, text: str) -> None:
        self.request = {"type": "send", "ref": uuid.uuid4().hex, "text": text}
        self.say(self.request)

    def refused(self, error: dict[str, Any]) -> None:
        """An overloaded server says when to come back; any client then says the same again, under the same `ref`."""
        self.tally.refused += 1
        self.loop.call_later(error["retry_ms"] / 1000, self.say, self.request)

    def message(self, payload: bytes) -> None:
        if self.ready.done():
            self.follow(payload)
        elif payload.startswith(b'{"type":"welcome"'):
            self.session = json.loads(payload)["session"]["id"]
        elif payload.startswith(b'{"type":"snapshot"'):
            self.ready.set_result(None)
        else:
            super().message(payload)

    def follow(self, payload: bytes) -> None:
        """A message to a connection that is attached."""
        if payload.startswith(b'{"type":"error"') and b'"retry_ms":' in payload:
            self.refused(json.loads(payload))
            return
        if not self.quiet:
            if payload.startswith(b'{"type":"snapshot"'):
                self.replaced(payload)
            elif payload.startswith(b'{"type":"turn.end"'):
                self.ended.add(_between(payload, b'"message":{"id":"'))
                if self.tokens < self.wanted:
                    frame = decode_server(payload)
                    assert isinstance(frame, TurnEnd)
                    self.whole(frame.message)
        super().message(payload)

    def replaced(self, payload: bytes) -> None:
        """A snapshot came: the answer is in it, whole so far or to its end, unless it has not begun."""
        frame = decode_server(payload)
        assert isinstance(frame, Snapshot)
        if frame.turn is not UNSET:
            self.whole(frame.turn.message)
        elif frame.messages and (last := frame.messages[-1]).role == "assistant" and last.id.encode() not in self.ended:
            self.ended.add(last.id.encode())
            self.whole(last)
            self.tally.failed += last.status != "done"
            self.end()

    def whole(self, message: Message) -> None:
        """The answer's text from its start: what the deltas have not brought yet counts as come now."""
        text = "".join(part.text for part in message.parts if isinstance(part, TextPart)).encode()
        if more := text[self.tokens * self.tally.width :]:
            self.text(more)


class ChainlitWire(WebSocketWire):
    """Socket.IO over Engine.IO, as Chainlit's page speaks it."""

    path = "/ws/socket.io/?EIO=4&transport=websocket"

    def opened(self) -> None:
        """The server speaks first."""

    def message(self, payload: bytes) -> None:
        if payload.startswith(b"42"):
            self.event(payload[2:])
        elif payload == b"2":
            self.frame(1, b"3")
        elif payload.startswith(b"0"):
            who = {"clientType": "webapp", "sessionId": str(uuid.uuid4()), "userEnv": "", "threadId": ""}
            self.frame(1, b"40" + json.dumps(who).encode())
        elif payload.startswith(b"40"):
            self.frame(1, b'42["connection_successful"]')

    def event(self, event: bytes) -> None:
        if event.startswith(b'["stream_token"'):
            self.text(_between(event, b'"token":"'))
        elif event.startswith(b'["stream_start"'):
            # The first token stands in the message that begins the stream.
            if text := _between(event, b'"output":"'):
                self.text(text)
        elif event.startswith(b'["task_end"'):
            if self.answered is not None:
                self.end()
        elif event.startswith(b'["clear_call_fn"'):
            self.ready.set_result(None)

    def ask(self, text: str) -> None:
        message = {
            "id": str(uuid.uuid4()),
            "threadId": "",
            "name": "user",
            "type": "user_message",
            "output": text,
            "createdAt": "2026-01-01T00:00:00.000Z",
            "metadata": {},
        }
        self.frame(1, b"42" + json.dumps(["client_message", {"message": message, "fileReferences": []}]).encode())


class AguiWire(Wire):
    """An AG-UI client: each question is a POST, the answer a stream of server-sent events."""

    def hello(self) -> None:
        self.buffer = b""
        self.thread = str(uuid.uuid4())
        # The conversation is the client's here: each run is sent all of it.
        self.messages: list[dict[str, str]] = []
        self.said: list[bytes] = []
        self.ready.set_result(None)

    def ask(self, text: str) -> None:
        if self.said:
            answer = b"".join(self.said).decode()
            self.messages.append({"id": str(uuid.uuid4()), "role": "assistant", "content": answer})
            self.said.clear()
        self.messages.append({"id": str(uuid.uuid4()), "role": "user", "content": text})
        body = json.dumps(
            {
                "threadId": self.thread,
                "runId": str(uuid.uuid4()),
                "state": {},
                "messages": self.messages,
                "tools": [],
                "context": [],
                "forwardedProps": {},
            }
        ).encode()
        self.transport.write(
            f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{self.job['port']}\r\nAccept: text/event-stream\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        self.tally.bytes += len(data)
        *events, self.buffer = (self.buffer + data).split(b"\n\n")
        for event in events:
            if b'"TEXT_MESSAGE_CONTENT"' in event:
                text = _between(event, b'"delta":"')
                self.said.append(text)
                self.text(text)
            elif b'"RUN_ERROR"' in event:
                self.fail(event[-300:].decode())
        if self.buffer.endswith(b"\r\n0\r\n\r\n"):
            self.buffer = b""
            self.end()


def _between(payload: bytes, before: bytes) -> bytes:
    """The string after these bytes; tokens hold no quotes."""
    start = payload.index(before) + len(before)
    return payload[start : payload.index(b'"', start)]


WIRES: Final[dict[str, type[Wire]]] = {
    "floor": FloorWire,
    "bare": BareWire,
    "opsloom": OpsloomWire,
    "chainlit": ChainlitWire,
    "agui": AguiWire,
}
