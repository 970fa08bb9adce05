"""`opsloom` in processes of its own, without the 4 s of CPU that importing it takes each time.

One process imports the server and forks: each child has its own environment, words and output, and is from there on
what `python -m opsloom_server.cli …` is. Whoever tests how the command itself starts runs the command.
"""

import atexit
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import detector

MODULES: Final = (
    "opsloom_server.app",
    "opsloom_server.cli.application",
    "opsloom_server.cli.serving",
    "opsloom_server.models.demo.model",
    "opsloom_server.models.http",
    "opsloom_server.models.openai_chat",
    "opsloom_server.models.seam.chat",
    "opsloom_server.models.seam.responses",
    "pydantic_ai.models.anthropic",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "uvicorn.lifespan.on",
    "uvloop",
)
"""What a server has imported by the time that it has answered a question."""


class Started:
    """A child, as `subprocess.Popen` has it: `pid`, `poll`, `wait`, `send_signal`, `kill`."""

    def __init__(self, words: Sequence[str], pid: int) -> None:
        self.words = words
        self.pid = pid
        self._ended = threading.Event()
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code, or None while it runs; minus the signal's number where one ended it."""
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; gives the exit code. Raises `subprocess.TimeoutExpired`."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(list(self.words), timeout or 0)
        assert self._code is not None
        return self._code

    def send_signal(self, what: int) -> None:
        if self._code is None:
            os.kill(self.pid, what)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def end(self, code: int) -> None:
        """It has ended."""
        self._code = code
        self._ended.set()


class Starter:
    """The process that forks, and a thread here that hears from it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "stage.starter", str(theirs.fileno())]
            environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
            self._process = subprocess.Popen(command, env=environment, pass_fds=[theirs.fileno()])
        self._socket = ours
        self._lock = threading.Lock()
        self._pids: list[int] = []
        self._told = threading.Condition()
        self._running: dict[int, Started] = {}
        self._codes: dict[int, int] = {}
        threading.Thread(target=self._listen, name="starter", daemon=True).start()

    def start(self, words: Sequence[str], environment: Mapping[str, str], out: int, err: int) -> Started:
        """Start `opsloom` with these words in this environment; `out` and `err` are file descriptors."""
        with self._lock:
            # The wish itself may be larger than a packet.
            with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
                json.dump([list(words), dict(environment)], file)
            socket.send_fds(self._socket, [file.name.encode()], [out, err])
            with self._told:
                if not self._told.wait_for(lambda: self._pids, timeout=60):
                    raise RuntimeError("The process that starts servers does not answer.")
                pid = self._pids.pop()
                started = Started(words, pid)
                if pid in self._codes:  # it has ended meanwhile
                    started.end(self._codes.pop(pid))
                else:
                    self._running[pid] = started
        return started

    def run(self, words: Sequence[str], environment: Mapping[str, str], timeout: float = 60) -> str:
        """Run a command to its end; gives what it printed. Raises `subprocess.CalledProcessError`."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = self.start(words, environment, out.fileno(), err.fileno()).wait(timeout)
            out.seek(0)
            err.seek(0)
            if code:
                raise subprocess.CalledProcessError(code, list(words), out.read().decode(), err.read().decode())
            return out.read().decode()

    def close(self) -> None:
        """Kill what runs, and end."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._process.wait(10)
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                told = self._socket.recv(4_096)
            except OSError:
                return
            if not told:
                return
            what: dict[str, Any] = json.loads(told)
            with self._told:
                if "code" not in what:
                    self._pids.append(what["pid"])
                elif (started := self._running.pop(what["pid"], None)) is not None:
                    started.end(what["code"])
                else:
                    self._codes[what["pid"]] = what["code"]
                self._told.notify_all()


@cache
def starter() -> Starter:
    """The one of this process, made when it is first asked for."""
    made = Starter()
    atexit.register(made.close)
    return made


def _serve(link: socket.socket) -> tuple[list[str], dict[str, str]] | None:
    """Fork for each wish and tell of each end. Returns in a child, with what it is to be; None at the end."""
    ends, woken = os.pipe()
    os.set_blocking(ends, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever presses ctrl-c ends the tests, and those end this
    running: set[int] = set()
    with selectors.DefaultSelector() as selector:
        selector.register(link, selectors.EVENT_READ)
        selector.register(ends, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select()}
            if ends in ready:
                os.read(ends, 4_096)
                for pid, code in _reaped():
                    running.discard(pid)
                    link.send(json.dumps({"pid": pid, "code": code}).encode())
            if link.fileno() not in ready:
                continue
            path, descriptors, _, _ = socket.recv_fds(link, 4_096, 2)
            if not path:
                for pid in running:
                    os.kill(pid, signal.SIGKILL)
                return None
            file = Path(path.decode())
            words, environment = json.loads(file.read_text())
            file.unlink()
            pid = os.fork()
            if pid == 0:
                break
            running.add(pid)
            link.send(json.dumps({"pid": pid}).encode())
            for descriptor in descriptors:
                os.close(descriptor)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    link.close()
    os.close(ends)
    os.close(woken)
    for number, descriptor in enumerate(descriptors, 1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    return words, environment


def _reaped() -> list[tuple[int, int]]:
    """The children that have ended, with their codes."""
    found: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        found.append((pid, os.waitstatus_to_exitcode(status)))


def _main() -> None:
    for module in MODULES:
        __import__(module)
    wish = _serve(socket.socket(fileno=int(sys.argv[1])))
    if wish is None:
        return
    words, environment = wish
    if "LD_PRELOAD" in environment:  # only a new program loads it
        os.execve(sys.executable, [sys.executable, "-m", "opsloom_server.cli", *words], environment)
    os.environ.clear()
    os.environ.update(environment)
    if report := environment.get(detector.REPORT):
        detector.watch(Path(report))
    sys.argv = ["opsloom", *words]
    from opsloom_server.cli import main

    main()


if __name__ == "__main__":
    _main()
