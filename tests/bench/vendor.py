"""The model server of the benchmark: OpenAI's Chat Completions as a stream, each token an HTTP chunk of its own.

`python -m bench.vendor` prints its port and serves until it is ended. What to answer stands in the request, as
`tokens=150 rate=30 pad=0` (the last such words in it): so one server does for every run. `rate=0` writes as fast as it
is read. It is much leaner than `vendors`, which can do much more: about 15 µs a token, most of it the kernel's.
"""

import asyncio
import re
import sys
from typing import Final, cast

import uvloop

from bench.stamps import WIDTH, now, written

_WANTED: Final = re.compile(rb"tokens=(\d+) rate=(\d+) pad=(\d+)")
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)

HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
)
# Fields, their order and their size as OpenAI sends them.
_BEFORE: Final = (
    b'data: {"id":"chatcmpl-BqT4wWJbTkL0Yf2sVnR7dGp1","object":"chat.completion.chunk","created":1763800000,'
    b'"model":"scripted","service_tier":"default","system_fingerprint":"fp_3f58d112f7","choices":[{"index":0,"delta":'
)
_AFTER: Final = b',"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
_END: Final = (
    b'data: {"id":"chatcmpl-BqT4wWJbTkL0Yf2sVnR7dGp1","object":"chat.completion.chunk","created":1763800000,'
    b'"model":"scripted","service_tier":"default","system_fingerprint":"fp_3f58d112f7","choices":[{"index":0,"delta":'
    b'{},"logprobs":null,"finish_reason":"stop"}],"usage":null}\n\n',
    b'data: {"id":"chatcmpl-BqT4wWJbTkL0Yf2sVnR7dGp1","object":"chat.completion.chunk","created":1763800000,'
    b'"model":"scripted","service_tier":"default","system_fingerprint":"fp_3f58d112f7","choices":[],"usage":'
    b'{"prompt_tokens":12,"completion_tokens":150,"total_tokens":162}}\n\n',
    b"data: [DONE]\n\n",
)
# How many tokens a write holds where the rate is 0, and how much may wait to be written.
BURST: Final = 64
ENOUGH: Final = 256 * 1024


def chunk(data: bytes) -> bytes:
    """An HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


ROLE: Final = chunk(_BEFORE + b'{"role":"assistant","content":"","refusal":null}' + _AFTER)
END: Final = b"".join(map(chunk, _END)) + b"0\r\n\r\n"


class Answers(asyncio.Protocol):
    """One connection, kept alive between requests."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.buffer = b""
        self.left = 0
        self.gap = 0.0
        self.due = 0.0
        self.before = self.after = b""
        self.timer: asyncio.TimerHandle | None = None
        self.paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:

        self.transport = cast(asyncio.Transport, transport)  # uvloop's own, which is no subclass
        self.transport.set_write_buffer_limits(ENOUGH)

    def connection_lost(self, exc: Exception | None) -> None:
        self.left = 0
        if self.timer is not None:
            self.timer.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or length is None or len(rest) < int(length[1]):
            return
        self.buffer = b""
        tokens, rate, pad = map(int, _WANTED.findall(rest)[-1])
        size = len(_BEFORE) + len(b'{"content":""}') + WIDTH + pad + len(_AFTER)
        self.before = b'%x\r\n%b{"content":"' % (size, _BEFORE)
        self.after = b'%b"}%b\r\n' % (b"x" * pad, _AFTER)
        self.left = tokens
        self.transport.write(HEAD + ROLE)
        if rate:
            self.gap = 1 / rate
            self.due = self.loop.time()
            self.token()
        else:
            self.burst()

    def token(self) -> None:
        self.timer = None
        self.transport.write(self.before + written(now()) + self.after)
        self.left -= 1
        if self.left:
            self.due += self.gap
            self.timer = self.loop.call_at(self.due, self.token)
        else:
            self.transport.write(END)

    def burst(self) -> None:
        while self.left and not self.paused:
            count = min(self.left, BURST)
            self.left -= count
            self.transport.write((self.before + written(now()) + self.after) * count)
            if not self.left:
                self.transport.write(END)
                return
            # Each round lets the other streams have theirs.
            self.loop.call_soon(self.burst)
            return

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        if self.left and not self.gap:
            self.burst()


async def serve() -> None:
    """Serve on a free port of loopback; print it."""
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        uvloop.run(serve())
    except KeyboardInterrupt:
        sys.exit()
