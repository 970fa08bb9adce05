"""The owner of a turn dies, sleeps or is told to go: another node carries on, and the old one writes nothing more."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from conftest import PostgresUrl
from server.nodes.processes import Two, two_processes
from vendors import Pause, Text

LONG = Text(tokens=[f"w{n} " for n in range(400)], delay=0.02)

pytestmark = pytest.mark.slow


SCRIPTED = {"slug": "scripted", "name": "Scripted", "model": "openai-chat:scripted", "public": True}


@pytest.fixture
async def two(seeded_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Two]:
    async with two_processes(seeded_url, tmp_path, SCRIPTED) as servers:
        yield servers


async def test_a_turn_that_showed_nothing_runs_again_by_itself_once(two: Two) -> None:
    two.vendor.script([Pause(60), Text("never")], request=0)
    two.vendor.script([Pause(60), Text("never")], request=1)
    async with AsyncExitStack() as stack:
        asker = await stack.enter_async_context(two.client(two.a))
        await asker.ask("send", text="go")
        await asker.until("turn.start")
        other = await stack.enter_async_context(two.client(two.b, asker.session))
        snapshot = await other.until("snapshot")
        while not two.vendor.requests:
            await asyncio.sleep(0.01)
        await two.a.end(signal.SIGKILL)
        again = await other.until("turn.start")
        assert (again["turn"], again["epoch"]) == (snapshot["turn"]["id"], 2)
        # The node that took it over dies of it too: now it is told.
        while len(two.vendor.requests) < 2:
            await asyncio.sleep(0.01)
        await two.a.start()
        async with two.client(two.a, asker.session) as third:
            await third.until("snapshot")
            await two.b.end(signal.SIGKILL)
            end = await third.until("turn.end")
            assert (end["status"], end["message"]["parts"]) == ("interrupted", [])
            two.vendor.script([Text("at last")], request=2)
            await third.ask("retry", message=end["message"]["id"])
            assert (await third.until("turn.end"))["status"] == "done"
            assert third.text == "at last"


async def test_an_owner_that_slept_longer_than_its_lease_has_every_write_refused(two: Two) -> None:
    two.vendor.script([LONG], request=0)
    two.vendor.script([Text("and on")], request=1)
    async with two.client(two.a) as asker:
        await asker.ask("send", text="go")
        for _ in range(20):
            await asker.until("text.delta")
        async with two.client(two.b, asker.session) as other:
            await other.until("snapshot")
            await other.until("text.delta")
            two.a.send(signal.SIGSTOP)
            try:
                end = await other.until("turn.end")
            finally:
                two.a.send(signal.SIGCONT)
            assert end["status"] == "interrupted"
            kept = other.text
            assert kept.startswith("w0 w1 ")
            # What the old owner had shown beyond that is taken back, and its session goes on.
            while asker.state is None or asker.state.turn is not None:
                await asker.next()
            assert asker.text == kept
            assert asker.state == other.state
            await asker.ask("send", text="on")
            await asyncio.gather(asker.until("turn.end"), other.until("turn.end"))
            assert asker.text == other.text == "and on"
            async with two.client(two.b, asker.session) as fresh:
                await fresh.until("snapshot")
                assert fresh.state == other.state == asker.state


async def test_a_node_that_drains_hands_over_without_a_break(two: Two) -> None:
    short = Text(tokens=[f"w{n} " for n in range(120)], delay=0.02)
    two.vendor.script([short], request=0)
    two.vendor.script([Text("second answer")], request=1)
    async with two.client(two.a) as asker:
        await asker.ask("send", text="first")
        await asker.until("text.delta")
        await asker.reply(await asker.ask("send", text="second"))
        going = asyncio.create_task(two.a.end())
        await asker.until("going_away")
        async with two.client(two.b, asker.session) as moved:
            await moved.until("snapshot")
            end = await moved.until("turn.end")
            assert (end["status"], end["message"]["parts"][0]["text"]) == ("done", "".join(short.cut()))
            # The node that ended the turn begins no other: this one does.
            await moved.until("turn.end")
            assert moved.text == "second answer"
        assert await going == 0


async def test_what_waits_behind_a_dead_node_is_begun_though_nobody_is_there(two: Two) -> None:
    two.vendor.script([LONG], request=0)
    two.vendor.script([Text("second answer")], request=1)
    async with two.client(two.a) as asker:
        await asker.ask("send", text="first")
        await asker.until("text.delta")
        await asker.reply(await asker.ask("send", text="second"))
        await asyncio.sleep(0.1)  # that it has shown something is stored
        await two.a.end(signal.SIGKILL)
    async with asyncio.timeout(10):
        while len(two.vendor.requests) < 2:
            await asyncio.sleep(0.05)
    async with two.client(two.b, asker.session) as late:
        await late.until("snapshot")
        if late.state is not None and late.state.turn is not None:
            await late.until("turn.end")
        assert late.text == "second answer"
