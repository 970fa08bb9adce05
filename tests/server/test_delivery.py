"""The delivery of answers by the real server, whatever the wire does. The oracle is the scripted model's own text."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from client.tab import Tab, send, words
from client.wire import Cut, Wire
from conftest import PostgresUrl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from opsloom_client import connect
from opsloom_server.hub import running
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from sqlalchemy import text
from stage import Stage
from vendors import Text

# Alone on two cores the schedules take half a minute; beside a build several times that.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

Act = Callable[[Stage], Coroutine[Any, Any, None]]
Theatre = Callable[[Act], None]


@pytest.fixture(scope="module")
def theatre(seeded_module_url: PostgresUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """One server for all schedules of this module; each is played to its end in the server's own loop."""
    folder: Path = tmp_path_factory.mktemp("delivery")
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        opened: asyncio.Future[Stage] = loop.create_future()
        over = asyncio.Event()

        async def hold() -> None:
            async with Stage.open(seeded_module_url, folder) as stage:
                opened.set_result(stage)
                await over.wait()

        async def wait() -> Stage:
            return await asyncio.wait_for(opened, 60)

        async def end() -> None:
            over.set()
            await holder

        holder = loop.create_task(hold())
        stage = runner.run(wait())
        try:
            yield lambda act: runner.run(act(stage))
        finally:
            runner.run(end())


class Visit(Struct, frozen=True):
    """One connection of a tab: read so many frames, then cut. What happens on coming back."""

    frames: int
    reload: bool
    send_again: bool


VISITS = st.lists(
    st.builds(Visit, frames=st.integers(0, 14), reload=st.booleans(), send_again=st.booleans()), max_size=5
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asker=VISITS,
    tabs=st.lists(st.tuples(st.integers(0, 10), VISITS), max_size=2),
    tokens=st.integers(1, 14),
    merged=st.booleans(),
    twice=st.booleans(),
)
def test_any_schedule_of_cuts_reloads_tabs_and_repeats(
    theatre: Theatre,
    asker: list[Visit],
    tabs: list[tuple[int, list[Visit]]],
    tokens: int,
    merged: bool,
    twice: bool,
) -> None:
    async def play(stage: Stage) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(running, "FRAME_SECONDS", 0.006 if merged else 0.0)
            async with asyncio.timeout(30):
                await _play(stage, asker, tabs, tokens, twice)

    theatre(play)


async def _play(
    stage: Stage, asker: list[Visit], others: list[tuple[int, list[Visit]]], tokens: int, twice: bool
) -> None:
    stage.vendor.reset()
    question = f"Question {uuid4().hex}"
    said = [f"{at} {question[-4:]} " for at in range(tokens)]
    stage.vendor.script([Text(tokens=said, delay=0.002)], when=question)
    first = Tab(stage.url, stage.key, assistant="scripted")
    tabs = [first]
    asked = send(question)
    heard = 0
    joined = asyncio.Event()

    async def ask() -> None:
        nonlocal heard
        for visit in [*asker, None]:
            reload = visit is not None and visit.reload
            await first.attach(with_cursor=not reload)
            if asked.ref not in first.replies or (visit is not None and visit.send_again):
                await first.say(asked)
                if twice:
                    await first.say(asked)
            if visit is None:
                joined.set()
                await first.until_answered(question)
                return
            for _ in range(visit.frames):
                if (answer := first.answer(question)) is not None and answer.status != "running":
                    break
                await first.step()
                heard += 1
                joined.set()
            first.cut()

    async def watch(after: int, visits: list[Visit]) -> None:
        await joined.wait()
        while heard < after and (first.answer(question) is None or first.answer(question).status == "running"):  # type: ignore[union-attr]
            await asyncio.sleep(0.001)
        tab = Tab(stage.url, stage.key, session=first.session, assistant="scripted")
        tabs.append(tab)
        for visit in visits:
            await tab.attach(with_cursor=not visit.reload)
            for _ in range(visit.frames):
                if (answer := tab.answer(question)) is not None and answer.status != "running":
                    break
                await tab.step()
            tab.cut()
        await tab.attach()
        await tab.until_answered(question)

    async with asyncio.TaskGroup() as group:
        group.create_task(ask())
        for after, visits in others:
            group.create_task(watch(after, visits))
    fresh = Tab(stage.url, stage.key, session=first.session)
    await fresh.attach()
    tabs.append(fresh)
    for tab in tabs:
        answer = tab.answer(question)
        assert answer is not None
        assert words(answer) == "".join(said)
        assert answer.status == "done"
    assert len([r for r in stage.vendor.requests if question in str(r.body)]) == 1
    for tab in tabs:
        while tab.state is not None and fresh.state is not None and tab.state.rev < fresh.state.rev:
            await tab.step()
        assert tab.state == fresh.state
        await tab.close()


CUTS = st.lists(st.builds(Cut, at=st.integers(0, 16), up=st.booleans(), half=st.booleans()), max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=CUTS, bunch=st.integers(1, 3))
def test_the_python_client_over_a_wire_that_breaks(theatre: Theatre, cuts: list[Cut], bunch: int) -> None:
    async def play(stage: Stage) -> None:
        stage.vendor.reset()
        questions = [f"Question {uuid4().hex}" for _ in range(bunch)]
        for question in questions:
            stage.vendor.script(
                [Text(tokens=[f"{question[-4:]} {at} " for at in range(8)], delay=0.002)], when=question
            )
        port = int(stage.base.rpartition(":")[2])
        async with (
            asyncio.timeout(30),
            Wire(port, cuts) as wire,
            connect(wire.url, assistant="scripted", random=lambda: 0.0) as chat,
        ):
            answers = [chat.ask(question) for question in questions]
            streamed = ["".join([piece async for piece in answer]) for answer in answers]
            assert streamed == ["".join(f"{question[-4:]} {at} " for at in range(8)) for question in questions]
            async with connect(wire.url, assistant="scripted", session=chat.session, visitor=chat.visitor) as fresh:
                assert fresh.state == chat.state
        for question in questions:
            assert len([r for r in stage.vendor.requests if _last(r.body) == question]) == 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "FRAME_SECONDS", 0.0)
        theatre(play)


def _last(body: dict[str, Any]) -> Any:
    return body["messages"][-1]["content"]


@pytest.mark.parametrize("sends", [150])
def test_lost_answers_make_no_second_run(theatre: Theatre, sends: int) -> None:
    """Three in ten sends lose their answer, and are sent again: as many rows and as many runs of the model as refs."""
    theatre(lambda stage: _lose_answers(stage, sends))


async def _lose_answers(stage: Stage, sends: int, sessions: int = 10) -> None:
    chance = random.Random(7)
    stage.vendor.reset()
    stage.vendor.script([Text("ok")])
    refs: list[str] = []
    names: list[str] = []

    async def talk(count: int) -> None:
        tab = Tab(stage.url, stage.key, assistant="scripted")
        await tab.attach()
        names.append(tab.session or "")
        for at in range(count):
            frame = send(f"{at}")
            refs.append(frame.ref)
            while frame.ref not in tab.replies:
                await tab.say(frame)
                if chance.random() < 0.3:
                    await asyncio.sleep(chance.random() * 0.01)
                    tab.cut()
                    await tab.attach(with_cursor=chance.random() < 0.5)
                    continue
                await tab.request(frame)
            # The server takes 20 that wait; a person does not write faster than it answers.
            while tab.state is not None and sum(m.status == "queued" for m in tab.state.messages) > 8:
                await tab.step()
        while tab.state is not None and (tab.state.turn or any(m.status == "queued" for m in tab.state.messages)):
            await tab.step()
        assert tab.state is not None
        while tab.state.messages[-1].role == "user":
            await tab.step()
        await tab.close()

    async with asyncio.timeout(100), asyncio.TaskGroup() as group:
        for _ in range(sessions):
            group.create_task(talk(sends // sessions))
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        counts = {}
        for table, where in (("messages", "role = 'user'"), ("turns", "true"), ("requests", "true")):
            query = text(f"select count(*) from {table} where session_id = any(:names) and {where}")
            counts[table] = (await connection.execute(query, {"names": names})).scalar_one()
    assert counts == {"messages": sends, "turns": sends, "requests": sends}
    assert len(stage.vendor.requests) == len(set(refs)) == sends
