"""Somebody who means harm, as a process of its own: `python tests/stage/flood.py KIND PORT KEY ROUNDS`.

The floods of one connection (`pings`, `pongs`, `fragments`, `messages`) attach and then send without ever reading,
until they are cut off. `half_open` never finishes its requests; `handshakes` connects and says nothing. Prints its
figures as JSON.
"""

import contextlib
import json
import os
import select
import socket
import sys
import time
from typing import Any, Final

PATIENCE: Final = 15.0
MASK: Final = bytes(4)
EMPTY: Final = b"\x80" + MASK

FLOODS: Final = {
    "pings": b"\x89" + EMPTY,
    "pongs": b"\x8a" + EMPTY,
    "fragments": b"\x00" + EMPTY,
    "messages": b"\x81" + EMPTY,
}
FIRST: Final = {"fragments": b"\x01" + EMPTY}

UPGRADE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)


def connect(port: int) -> socket.socket:
    raw = socket.create_connection(("127.0.0.1", port), PATIENCE)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return raw


def message(text: str) -> bytes:
    """A short text message, masked with zeros."""
    data = text.encode()
    return b"\x81" + bytes([0x80 | 126]) + len(data).to_bytes(2, "big") + MASK + data


def attached(port: int, key: str) -> socket.socket:
    """A connection that has its snapshot."""
    raw = connect(port)
    raw.sendall(UPGRADE)
    while not raw.recv(4_096).endswith(b"\r\n\r\n"):
        pass
    hello = {"type": "hello", "key": key, "assistant": "demo", "client": {"name": "flood", "version": "0"}}
    raw.sendall(message(json.dumps(hello) + " " * 126))
    seen = b""
    while b'"snapshot"' not in seen:
        part = raw.recv(65_536)
        if not part:
            raise ConnectionError(seen.decode(errors="replace"))
        seen += part
    return raw


def flood(kind: str, port: int, key: str, rounds: int) -> dict[str, Any]:
    """Each time a new connection, ten a second at the most; how long the slowest lasted."""
    block = FLOODS[kind] * (65_536 // 6)
    lasted, sent = [], 0
    for _ in range(rounds):
        raw = attached(port, key)
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            raw.sendall(FIRST.get(kind, b""))
            while time.monotonic() - began < PATIENCE:
                sent += raw.send(block)
        lasted.append(time.monotonic() - began)
        raw.close()
        time.sleep(0.11)
    return {"rounds": rounds, "slowest_s": max(lasted), "sent_mb": sent / 1e6}


def half_open(port: int, number: int) -> dict[str, Any]:
    """Requests that stop in the middle; how long after the last one the server has ended them all."""
    poll = select.epoll()
    held: dict[int, socket.socket] = {}
    most = 0
    began = time.monotonic()

    def reap(wait: float) -> None:
        for descriptor, _ in poll.poll(wait):
            poll.unregister(descriptor)
            held.pop(descriptor).close()

    for count in range(number):
        raw = connect(port)
        with contextlib.suppress(ConnectionError):
            raw.sendall(UPGRADE[:60])
        held[raw.fileno()] = raw
        poll.register(raw.fileno(), select.EPOLLIN | select.EPOLLRDHUP)
        most = max(most, len(held))
        if count % 10 == 0:
            reap(0)
    opened = time.monotonic() - began
    while held and time.monotonic() - began < opened + PATIENCE:
        reap(0.1)
    ended = time.monotonic() - began - opened
    return {"number": number, "opening_s": opened, "most_held": most, "left": len(held), "ended_after_s": ended}


def handshakes(port: int, number: int) -> dict[str, Any]:
    """Upgrades, as many as there may be, and never a `hello`; what they were answered, and how late."""
    answers: dict[str, int] = {}
    late, kept = [], []
    began = time.monotonic()
    for _ in range(number // 50):
        batch = [connect(port) for _ in range(50)]
        asked = time.monotonic()
        for raw in batch:
            raw.sendall(UPGRADE)
        for raw in batch:
            status = raw.recv(4_096)[9:12].decode()
            late.append(time.monotonic() - asked)
            answers[status] = answers.get(status, 0) + 1
            if status == "101":
                kept.append(raw)
            else:
                raw.close()
    took = time.monotonic() - began
    for raw in kept:
        raw.settimeout(PATIENCE)
        with contextlib.suppress(ConnectionError):
            while raw.recv(4_096):
                pass
    return {
        "number": number,
        "answers": answers,
        "seconds": took,
        "slowest_answer_s": max(late),
        "all_gone_s": time.monotonic() - began,
    }


def main() -> None:
    kind, port, key, rounds = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    if hasattr(os, "nice"):
        os.nice(5)  # what is measured is the server, on a machine with a core for it
    match kind:
        case "half_open":
            found = half_open(port, rounds)
        case "handshakes":
            found = handshakes(port, rounds)
        case _:
            found = flood(kind, port, key, rounds)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
