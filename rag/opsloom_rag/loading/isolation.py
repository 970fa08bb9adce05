"""Runs a loader in a process of its own, with limits and no network: a hostile file costs that process and no more."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from typing import BinaryIO

import msgspec

from opsloom_rag.errors import LoadError
from opsloom_rag.loading.loaded import Limits, Loaded


class Task(msgspec.Struct):
    """The first line on the worker's standard input; the file itself follows."""

    loader: str
    name: str
    limits: Limits


class Refused(msgspec.Struct, tag="refused"):
    code: str
    text: str


class Read(msgspec.Struct, tag="read"):
    document: Loaded


_outcome: msgspec.msgpack.Decoder[Read | Refused] = msgspec.msgpack.Decoder(Read | Refused)
_SPENT = (
    "Reading this file took too much time or memory ({seconds} s, {memory} MiB). "
    "Split it, or save it as text and add that."
)


async def load_apart(loader: str, data: bytes, name: str, limits: Limits) -> Loaded:
    """What the loader of that name makes of `data`; raise LoadError, within `limits.seconds` and a little."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as taken:
        await asyncio.to_thread(_give, given, Task(loader, name, limits), data)
        # Files, not pipes: a reader that dies leaves nothing to wait for, and nothing is held in memory twice.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-X", "utf8", "-m", "opsloom_rag.loading.worker",
            stdin=given, stdout=taken, stderr=asyncio.subprocess.DEVNULL, env={},
        )  # fmt: skip
        try:
            status = await asyncio.wait_for(process.wait(), limits.seconds)
        except TimeoutError:
            status = None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if status == 0:
            outcome = await asyncio.to_thread(_take, taken)
            if isinstance(outcome, Refused):
                raise LoadError(outcome.code, outcome.text)
            return outcome.document
    raise LoadError("too_large", _SPENT.format(seconds=limits.seconds, memory=limits.memory >> 20))


def _give(file: BinaryIO, task: Task, data: bytes) -> None:
    file.write(msgspec.json.encode(task) + b"\n")
    file.write(data)
    file.seek(0)


def _take(file: BinaryIO) -> Read | Refused:
    file.seek(0)
    return _outcome.decode(file.read())
