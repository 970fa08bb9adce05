"""A real server whose model says what a test scripted, at the pace that the test gives it."""

import asyncio
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from stage.starter import Started, starter
from vendors import ScriptedVendor, Text, words
from vendors.script import Script, Step

# A start reads the documentation by words alone (no embedder): 3-6 s of a busy machine.
READY_WITHIN = 90.0
STOPPED_WITHIN = 30.0
# Nobody waits longer for a gate that a failed test never opened.
GATE_SECONDS = 60.0


@dataclass(frozen=True)
class Held(Text):
    """Text that stops in the middle, before `rest`, until `release()`: half an answer, for as long as a test likes."""

    rest: str = ""
    delay: float = 0.01
    gate: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        self.gate.set()

    @property
    def whole(self) -> str:
        return self.text + self.rest

    def cut(self) -> Sequence[str]:
        return _Lazily(self)


@dataclass(frozen=True)
class Gated(Sequence[str | float]):
    """The pieces of a call's arguments, of which those after the first `before` wait until `release()`."""

    pieces: Sequence[str]
    before: int
    gate: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        self.gate.set()

    def __iter__(self) -> Iterator[str | float]:
        for piece in self.pieces[: self.before]:
            yield from (0.02, piece)
        until = time.monotonic() + GATE_SECONDS
        while not self.gate.is_set() and time.monotonic() < until:
            yield 0.05
        for piece in self.pieces[self.before :]:
            yield from (0.02, piece)

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, index: Any) -> Any:
        return self.pieces[index]


class _Lazily(Sequence[str]):
    """Tokens that come when they may; empty ones, as vendors send them too, while the gate is shut."""

    def __init__(self, held: Held) -> None:
        self._held = held

    def __iter__(self) -> Iterator[str]:
        yield from words(self._held.text)
        until = time.monotonic() + GATE_SECONDS
        while not self._held.gate.is_set() and time.monotonic() < until:
            yield ""
        yield from words(self._held.rest)

    def __len__(self) -> int:
        return len(words(self._held.whole))

    def __getitem__(self, index: Any) -> Any:
        return words(self._held.whole)[index]


def steps(*answers: Sequence[Step]) -> Any:
    """A script for an answer that takes several requests: after each tool call, or a person's action, the next."""

    def written(body: dict[str, Any]) -> Script:
        said = 0
        for message in reversed(body["messages"]):
            if message["role"] == "user":
                break
            said += message["role"] == "assistant"
        return answers[min(said, len(answers) - 1)]

    return written


def last_result(body: dict[str, Any]) -> str:
    """What the last tool call gave, as the model reads it."""
    return next(str(message["content"]) for message in reversed(body["messages"]) if message["role"] == "tool")


class Scripted:
    """`opsloom serve` in a process of its own, to be killed and started again; `demo` says what `vendor` scripts."""

    def __init__(self, folder: Path, port: int, database_url: str, **environment: str) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.vendor = ScriptedVendor()
        self.log = folder / "server.log"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted vendor")
        self._port = port
        self._environment = {
            "DATABASE_URL": database_url,
            "OPSLOOM_DATA_DIR": str(folder / "data"),
            "OPSLOOM_PUBLIC_URL": self.origin,
            "OPSLOOM_MODEL": "openai-chat:scripted",
            "OPSLOOM_EMBEDDER": "none",
            "OPENAI_API_KEY": "sk-test-not-a-key",
            # One person's browser plays many visitors here.
            "OPSLOOM_LIMIT_CONNECTS_PER_SECOND": "0",
            "OPSLOOM_LIMIT_MESSAGES_PER_MINUTE": "0",
            "OPSLOOM_LIMIT_RUNNING_TURNS": "0",
            **environment,
        }
        self._process: Started | None = None

    def script(self, question: str, *answers: Sequence[Step]) -> None:
        """What the model says to this question, one after the other. The first script whose question fits is taken."""
        self.vendor.script(steps(*answers), when=question)

    def asked(self, question: str) -> int:
        """How many of the model's requests had this question as the last."""
        return sum(question in _question(request.body) for request in self.vendor.requests)

    def key(self) -> str:
        """A new API key of an owner's."""
        return starter().run(["key", "create", "a test", "--role", "owner"], os.environ | self._environment).strip()

    def add_assistant(self, spec: Mapping[str, object]) -> None:
        """A further assistant beside `demo`."""
        headers = {"authorization": f"Bearer {self.key()}", "content-type": "application/json"}
        address = f"{self.origin}/api/v1/assistants"
        urllib.request.urlopen(urllib.request.Request(address, json.dumps(spec).encode(), headers), timeout=10).close()

    def start(self) -> None:
        with self.log.open("ab") as output:
            command = ["serve", "--port", str(self._port)]
            environment = os.environ | self._environment
            self._process = starter().start(command, environment, output.fileno(), output.fileno())
        until = time.monotonic() + READY_WITHIN
        while True:
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The server did not start:\n{self.log.read_text()[-4000:]}")
            try:
                urllib.request.urlopen(f"{self.origin}/health/ready", timeout=2).close()
                return
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.1)

    def end(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        """End the server; with SIGKILL as a power cut would."""
        assert self._process is not None
        self._process.send_signal(with_signal)
        self._process.wait(STOPPED_WITHIN)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.vendor.start(), self._loop).result(10)
        self._environment["OPENAI_BASE_URL"] = self.vendor.openai_base_url
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # First the vendor: a server waits for running answers before it ends.
        asyncio.run_coroutine_threadsafe(self.vendor.stop(), self._loop).result(10)
        assert self._process is not None
        if self._process.poll() is None:
            self.end()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


def _question(body: dict[str, Any]) -> str:
    asked = [message for message in body.get("messages", []) if message.get("role") == "user"]
    return str(asked[-1].get("content")) if asked else ""
