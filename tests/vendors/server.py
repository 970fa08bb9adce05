"""A model server on loopback that speaks the vendors' real streaming formats and says what a test scripted.

    async with ScriptedVendor() as vendor:
        vendor.script([Text("Hello there"), Usage(12, 3)])
        ... point a client at vendor.openai_base_url, vendor.anthropic_base_url or vendor.bedrock_url ...
        assert vendor.requests[0].body["model"] == "gpt-test"

Each event is an HTTP chunk of its own, unless `split` says otherwise.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self
from urllib.parse import unquote

from vendors import anthropic, bedrock_claude, bedrock_converse, openai_chat, openai_responses, signing
from vendors.script import Cut, HttpError, Late, PingsOnly, Script, Stall, Text, find
from vendors.wire import Failure, Item, Wire

WIRES: dict[str, Wire] = {
    "/v1/chat/completions": openai_chat,
    "/v1/responses": openai_responses,
    "/v1/messages": anthropic,
}
# `/model/{id}/{operation}`: the wire, and whether it streams.
OPERATIONS: dict[str, tuple[Wire, bool]] = {
    "converse-stream": (bedrock_converse, True),
    "converse": (bedrock_converse, False),
    "invoke-with-response-stream": (bedrock_claude, True),
    "invoke": (bedrock_claude, False),
}
# How the bytes of one answer are cut into HTTP chunks, given the bytes of its events.
Split = Callable[[Iterable[bytes]], Iterator[bytes]]


@dataclass
class Request:
    """A request as it came, and what became of it. Times are `time.monotonic()`."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    model: str
    question: str
    """What the person said last."""
    at: float
    closed_at: float | None = None
    """When the client closed the connection before the answer was whole."""
    done_at: float | None = None
    """When the answer was sent whole."""
    gone: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set when the answer is whole or the client has closed."""
    paused: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set when all events before the first pause of a second or more are sent."""


class _Asked(NamedTuple):
    """What a path asks for. Bedrock has the model's name in it, the others in the body."""

    wire: Wire
    model: str | None = None
    stream: bool | None = None

    @classmethod
    def by(cls, path: str) -> _Asked | None:
        if path.startswith("/model/"):
            model, _, operation = path.removeprefix("/model/").rpartition("/")
            wire, stream = OPERATIONS.get(operation, (None, False))
            return cls(wire, unquote(model), stream) if wire is not None else None
        return cls(WIRES[path]) if path in WIRES else None


Written = Callable[[dict[str, Any]], Script]


@dataclass
class _Rule:
    script: Script | Written
    request: int | None
    when: str | None


class ScriptedVendor:
    """The server. `script()` says what it answers; `requests` is what it was asked.

    Args:
        split: cuts the bytes otherwise than one event a chunk; pauses under a second are then left out.
    """

    def __init__(self, *, split: Split | None = None) -> None:
        self.requests: list[Request] = []
        self.refused: list[str] = []
        """Why conversations were not taken, as the vendors would not take them either."""
        self.split = split
        self._rules: list[_Rule] = []
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    def script(self, steps: Script | Written, *, request: int | None = None, when: str | None = None) -> None:
        """Answer with these steps.

        `request` is the 0-based number of the request to answer so, `when` a text that the last user message holds.
        Without either, scripts are used up in the order they were given, and the last one stays. A function is asked
        for the steps with the request's body.
        """
        self._rules.append(_Rule(steps, request, when))

    def reset(self) -> None:
        """Forget scripts and requests."""
        self._rules.clear()
        self.requests.clear()
        self.refused.clear()

    def answer(self, number: int, question: str) -> Script | Written:
        """What to say to the request of this number."""
        for rule in self._rules:
            if rule.request == number:
                return rule.script
        # A question without an answer stands in one message with the next one: the later one counts.
        said = [rule for rule in self._rules if rule.when is not None and rule.when in question]
        if said:
            return max(said, key=lambda rule: question.rfind(rule.when or "")).script
        plain = [rule for rule in self._rules if rule.request is None and rule.when is None]
        if not plain:
            return [Text(f"You said: {question}")]
        if len(plain) > 1:
            self._rules.remove(plain[0])
        return plain[0].script

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def openai_base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def anthropic_base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bedrock_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            await connection.end()
        if self._server is not None:
            await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


class _Connection(asyncio.Protocol):
    """One client's connection, kept alive between requests."""

    def __init__(self, vendor: ScriptedVendor) -> None:
        self.vendor = vendor
        self.buffer = bytearray()
        self.task: asyncio.Task[None] | None = None
        self.current: Request | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.vendor._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.vendor._connections.discard(self)
        if self.current is not None and self.current.done_at is None:
            self.current.closed_at = time.monotonic()
            self.current.gone.set()
        if self.task is not None:
            self.task.cancel()

    async def end(self) -> None:
        self.transport.abort()
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        if not separator:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return
        del self.buffer[: len(head) + 4 + length]
        method, target, _ = lines[0].split(" ", 2)
        path = target.partition("?")[0]
        self.task = asyncio.get_running_loop().create_task(
            self._answer(method, path, headers, rest[:length]), name=f"scripted {path}"
        )

    async def _answer(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> None:
        asked = _Asked.by(path)
        if method != "POST" or asked is None:
            nothing = {"error": {"message": f"no such path: {path}", "type": "not_found", "code": None}}
            self._fail(Failure(404, nothing))
            return
        wire = asked.wire
        body = json.loads(raw)
        model, question = asked.model or body.get("model", ""), wire.question(body)
        request = Request(path, headers, body, model, question, time.monotonic())
        self.current = request
        script = self.vendor.answer(len(self.vendor.requests), question)
        self.vendor.requests.append(request)
        if callable(script):
            script = script(body)
        if late := find(script, Late):
            await asyncio.sleep(late.seconds)
        told = {**body, "model": request.model}
        if asked.model is not None and (forged := signing.wrong(method, path, headers, raw)):
            self._fail(wire.error(HttpError(403, forged, type="InvalidSignatureException")))
        elif error := find(script, HttpError):
            self._fail(wire.error(error), error.retry_after)
        elif refused := wire.invalid(body):
            self.vendor.refused.append(refused)
            self._fail(wire.error(HttpError(400, refused)))
        elif asked.stream or (asked.stream is None and body.get("stream")):
            if not await self._stream(wire, wire.stream(script, told)):
                return
        else:
            self._whole(200, wire.whole(script, told))
        request.done_at = time.monotonic()
        request.gone.set()
        self.current = None

    def _fail(self, failure: Failure, retry_after: float | None = None) -> None:
        more = dict(failure.headers)
        if retry_after is not None:  # both headers, as OpenAI and Anthropic send them
            more |= {"retry-after": str(math.ceil(retry_after)), "retry-after-ms": f"{retry_after * 1000:g}"}
        self._whole(failure.status, failure.body, more)

    def _whole(self, status: int, body: dict[str, Any], more: dict[str, str] | None = None) -> None:
        raw = json.dumps(body).encode()
        lines = {"content-type": "application/json", "content-length": str(len(raw)), **(more or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.transport.write(f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode() + raw)

    def _chunk(self, raw: bytes) -> None:
        self.transport.write(b"%x\r\n%b\r\n" % (len(raw), raw))

    async def _stream(self, wire: Wire, items: Iterator[Item]) -> bool:
        """Send the events; False when the connection was dropped on purpose or by the client."""
        head = f"content-type: {wire.content_type}\r\ncache-control: no-cache\r\ntransfer-encoding: chunked"
        self.transport.write(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
        if self.vendor.split is not None:
            return await self._stream_split(items, self.vendor.split)
        for item in items:
            match item:
                case bytes():
                    self._chunk(item)
                    await asyncio.sleep(0)
                case float() | int():
                    if item >= 1 and self.current is not None:
                        self.current.paused.set()
                    await asyncio.sleep(item)
                case _:
                    return await self._fault(wire, item)
        self.transport.write(b"0\r\n\r\n")
        return True

    async def _stream_split(self, items: Iterator[Item], split: Split) -> bool:
        events: list[bytes] = []
        fault: Item | None = None
        for item in items:
            if isinstance(item, bytes):
                events.append(item)
            elif not isinstance(item, float | int):
                fault = item
            elif item >= 1:
                await self._send_split(events, split)
                events = []
                if self.current is not None:
                    self.current.paused.set()
                await asyncio.sleep(item)
        await self._send_split(events, split)
        if fault is not None:
            return await self._fault(None, fault)
        self.transport.write(b"0\r\n\r\n")
        return True

    async def _send_split(self, events: list[bytes], split: Split) -> None:
        for raw in split(events):
            self._chunk(raw)
            await asyncio.sleep(0)

    async def _fault(self, wire: Wire | None, fault: Item) -> bool:
        match fault:
            case Cut():
                # What was written still has to reach the client; then the body just ends too early.
                self.transport.close()
            case PingsOnly(every=every) if wire is not None:
                while True:
                    self._chunk(wire.ping)
                    await asyncio.sleep(every)
            case Stall() | PingsOnly():
                await asyncio.Event().wait()
            case _:
                raise AssertionError(fault)
        return False
