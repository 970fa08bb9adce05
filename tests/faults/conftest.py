"""Benches that all short tests share: a server takes 3 s to start, and each test has sessions of its own."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from faults.bench import Bench

Act = Callable[[Bench], Coroutine[Any, Any, None]]
Theatre = Callable[[Act], None]
"""Plays something on a bench, in the loop that owns it."""


@contextmanager
def theatre(nodes: int, lease: float | None = None) -> Iterator[Theatre]:
    """A bench for as long as this takes."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        opened: asyncio.Future[Bench] = loop.create_future()
        over = asyncio.Event()

        async def hold() -> None:
            async with Bench.open(nodes, lease=lease) as bench:
                opened.set_result(bench)
                await over.wait()

        async def wait() -> Bench:
            return await asyncio.wait_for(opened, 60)

        async def end() -> None:
            over.set()
            await holder

        async def play(bench: Bench, act: Act) -> None:
            bench.vendor.reset()
            await act(bench)

        holder = loop.create_task(hold())
        bench = runner.run(wait())
        try:
            yield lambda act: runner.run(play(bench, act))
        finally:
            runner.run(end())


@pytest.fixture(scope="session")
def one_node() -> Iterator[Theatre]:
    with theatre(1) as played:
        yield played


@pytest.fixture(scope="session")
def two_nodes() -> Iterator[Theatre]:
    """With a lease of 3 s: nobody waits ten for a take-over, and a node that a busy machine starves keeps its turns."""
    with theatre(2, lease=3.0) as played:
        yield played
