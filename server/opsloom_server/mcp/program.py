"""The transport to a program: one JSON-RPC message a line, on its standard input and output.

The MCP package has one too, but reads a line of any length into memory and logs what is no message, with what stands
in it. Here a line has a limit, and what a program prints goes into no log.
"""

import asyncio
import logging
import os
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import anyio
import msgspec
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import (
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)

from opsloom_server.mcp.reaching import Program, found

__all__ = ["LINE_BYTES", "Ending", "run_program"]

log = logging.getLogger(__name__)

LINE_BYTES: Final = 4 * 1024 * 1024
"""Largest message that a program may print; a picture of 3 MB fits."""
STRAY_LINES: Final = 1_000
"""Lines without a message that a program may print before it is given up: some write their log there."""
SAID_BYTES: Final = 4_096
"""Of its standard error, for the owner to read when it does not start."""
GRACE_SECONDS: Final = 2.0
"""For the program to end by itself when its input closes, and again when it is told to."""
INHERITED: Final = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER")
"""Variables that a program gets beside its own: none of the server's keys or addresses."""

Incoming = MemoryObjectSendStream[SessionMessage | Exception]
Outgoing = MemoryObjectReceiveStream[SessionMessage]


class Ending:
    """Why and when a connection ended: `over` and `wake` are set when it does."""

    def __init__(self, wake: asyncio.Event) -> None:
        self.over = asyncio.Event()
        self._wake = wake
        self.reason = ""
        self.said = ""

    def end(self, reason: str) -> None:
        """The first reason stays."""
        if not self.over.is_set():
            self.reason = reason
            self.over.set()
            self._wake.set()


@asynccontextmanager
async def run_program(program: Program, ending: Ending) -> AsyncGenerator[Any, None]:
    """Start the program, give the two streams of a transport, stop the program and all that it started.

    Raises Invalid where there is no such program, OSError where it cannot be run.
    """
    path = await asyncio.to_thread(found, program.command)
    process = await asyncio.create_subprocess_exec(
        path,
        *program.args,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in INHERITED if name in os.environ} | program.env,
        cwd=tempfile.gettempdir(),
        start_new_session=True,
        limit=LINE_BYTES,
    )
    # A buffer of nothing: a program that prints faster than it is read waits.
    heard, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, to_say = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = [
        asyncio.create_task(_listen(process, heard, ending), name="listen to an MCP program"),
        asyncio.create_task(_speak(process, to_say, ending), name="speak to an MCP program"),
        asyncio.create_task(_overhear(process, ending), name="hear an MCP program's errors"),
    ]
    try:
        yield incoming, outgoing
    finally:
        ending.end("It was stopped.")
        with anyio.CancelScope(shield=True):
            await _stop(process)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for stream in (heard, incoming, outgoing, to_say):
                stream.close()
            # uvloop's and asyncio's alike: closes the pipes' ends that a child of its own still holds.
            process._transport.close()  # type: ignore[attr-defined]


async def _listen(process: asyncio.subprocess.Process, heard: Incoming, ending: Ending) -> None:
    assert process.stdout is not None
    stray = 0
    async with heard:
        try:
            while line := await process.stdout.readline():
                message = _read(line)
                if message is None:
                    stray += 1
                    if stray > STRAY_LINES:
                        ending.end("It prints what is no message of the protocol.")
                        return
                    continue
                stray = 0
                await heard.send(SessionMessage(message))
            ending.end("It ended by itself.")
        except ValueError:
            ending.end(f"It sent a message of more than {LINE_BYTES >> 20} MiB.")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
            ending.end("Its output was closed.")


async def _speak(process: asyncio.subprocess.Process, to_say: Outgoing, ending: Ending) -> None:
    assert process.stdin is not None
    try:
        async with to_say:
            async for said in to_say:
                text = said.message.model_dump_json(by_alias=True, exclude_unset=True)
                process.stdin.write(text.encode() + b"\n")
                await process.stdin.drain()
    except (ConnectionError, RuntimeError):
        ending.end("It closed its input.")


async def _overhear(process: asyncio.subprocess.Process, ending: Ending) -> None:
    """Keep the end of what it writes to its standard error; read all of it, or it would stand still."""
    assert process.stderr is not None
    kept = b""
    while piece := await process.stderr.read(SAID_BYTES):
        kept = (kept + piece)[-SAID_BYTES:]
        ending.said = kept.decode(errors="replace")


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Close its input; then tell it and all that it started to end; then end them."""
    assert process.stdin is not None
    with suppress(ConnectionError, RuntimeError):
        process.stdin.close()
    for number in (None, signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if number is not None:
            _signal(process, number)
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                # Not `wait()`: that also waits for the pipes, which a child of its own may hold open.
                while process.returncode is None or _alive(process.pid):  # noqa: ASYNC110 (nobody says when)
                    await asyncio.sleep(0.01)
            return
        except TimeoutError:
            continue
    log.warning("an MCP program did not end when it was killed")


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    """To all of its group; on Windows, which has none, to itself."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, number)


def _alive(group: int) -> bool:
    """Whether anything of its group still runs."""
    if sys.platform == "win32":
        return False
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _read(line: bytes) -> JSONRPCMessage | None:
    """The line as a message, None where it is none. Our own decoder: pydantic's union takes 0.4 s for 10,000 tools."""
    try:
        raw = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    match raw:
        case {"jsonrpc": "2.0", "method": str(), "id": str() | int()} | {"jsonrpc": "2.0", "method": str()}:
            kind: type[JSONRPCRequest] | type[JSONRPCNotification] = (
                JSONRPCRequest if raw.get("id") is not None else JSONRPCNotification
            )
            try:
                return kind.model_validate(raw, by_name=False)
            except ValueError:
                return None
        case {"jsonrpc": "2.0", "id": str() | int() as key, "result": dict() as result}:
            return JSONRPCResponse.model_construct(jsonrpc="2.0", id=key, result=result)
        case {"jsonrpc": "2.0", "error": dict()}:
            try:
                return jsonrpc_message_adapter.validate_python(raw, by_name=False)
            except ValueError:
                return None
        case _:
            return None
