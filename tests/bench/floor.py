"""The floor: the least that uvicorn and ASGI can do for the same work. Run by uvicorn as `bench.floor:app`.

A frame `{"type": "send", "text": …}` on the WebSocket becomes one request to the model server over a raw stream,
parsed by httptools; each read's server-sent events are decoded by msgspec to the one field that matters, and go out as
one frame in Opsloom's own form. No session, no history, no storage, no authorisation, no numbering beyond a counter.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httptools
import msgspec

Message = MutableMapping[str, Any]

PORT = int(os.environ.get("BENCH_VENDOR_PORT", "0"))


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta


class _Chunk(msgspec.Struct):
    choices: list[_Choice]


class _Said(msgspec.Struct):
    text: str


class Frame(msgspec.Struct, tag="text.delta", tag_field="type"):
    """`text.delta`, as Opsloom sends it."""

    seq: int
    part: int
    text: str


_chunks: msgspec.json.Decoder[_Chunk] = msgspec.json.Decoder(_Chunk)
_said: msgspec.json.Decoder[_Said] = msgspec.json.Decoder(_Said)
_encoder = msgspec.json.Encoder()


class Upstream:
    """One kept-alive connection to the model server."""

    def __init__(self) -> None:
        self.body: list[bytes] = []
        self.complete = False
        self.rest = b""

    def on_body(self, body: bytes) -> None:
        self.body.append(body)

    def on_message_complete(self) -> None:
        self.complete = True

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", PORT)

    def ask(self, text: str) -> None:
        body = msgspec.json.encode(
            {"model": "scripted", "stream": True, "messages": [{"role": "user", "content": text}]}
        )
        self.parser = httptools.HttpResponseParser(self)
        self.complete = False
        self.writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )

    async def read(self) -> str:
        """The text of one read; empty when it held none."""
        data = await self.reader.read(65536)
        if not data:
            raise ConnectionError("the model server hung up")
        self.parser.feed_data(data)
        *events, self.rest = (self.rest + b"".join(self.body)).split(b"\n\n")
        self.body.clear()
        texts = []
        for event in events:
            if event == b"data: [DONE]":
                continue
            chunk = _chunks.decode(event[6:])
            if chunk.choices and chunk.choices[0].delta.content:
                texts.append(chunk.choices[0].delta.content)
        return "".join(texts)

    def close(self) -> None:
        self.writer.close()


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    upstream = Upstream()
    await upstream.open()
    try:
        while (message := await receive())["type"] == "websocket.receive":
            upstream.ask(_said.decode(message["text"]).text)
            seq = 0
            while not upstream.complete:
                if text := await upstream.read():
                    seq += 1
                    await send({"type": "websocket.send", "text": _encoder.encode(Frame(seq, 0, text)).decode()})
            await send({"type": "websocket.send", "text": '{"type":"turn.end","status":"done"}'})
    finally:
        upstream.close()


async def _lifespan(receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
