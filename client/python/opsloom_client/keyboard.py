"""What a person types: lines without blocking the loop, and Ctrl-C as an event and not as an exception anywhere."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol


class Lines(Protocol):
    """Where lines come from. None at the end of input."""

    async def read(self) -> str | None: ...


class Keyboard:
    """Lines of standard input, or of another descriptor: a terminal, a pipe or a file.

    A thread waits for them below Python's buffers: those hold a lock while they wait, and an interpreter that wants to
    end in the meantime dies of it.
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._held = b""
        self._encoding = getattr(sys.stdin, "encoding", None) or "utf-8"

    async def read(self) -> str | None:
        while b"\n" not in self._held:
            more = await self._more()
            if not more:
                break
            self._held += more
        line, found, self._held = self._held.partition(b"\n")
        return line.decode(self._encoding, "replace").rstrip("\r") if line or found else None

    async def _more(self) -> bytes:
        loop = asyncio.get_running_loop()
        more: asyncio.Future[bytes] = loop.create_future()

        def give(data: bytes) -> None:
            if not more.done():
                more.set_result(data)

        def wait() -> None:
            try:
                data = os.read(self._descriptor, 65_536)
            except OSError:
                data = b""
            if not loop.is_closed():
                loop.call_soon_threadsafe(give, data)

        threading.Thread(target=wait, daemon=True, name="opsloom keyboard").start()
        return await more


@contextmanager
def interrupts(pressed: Callable[[], None]) -> Iterator[None]:
    """Call `pressed` in the loop for each Ctrl-C. Outside the main thread, where signals do not go, nothing happens."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def handle(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(pressed)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
