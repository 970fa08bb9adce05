"""A person stops at any point of an answer: the vendor's connection closes at once, and the conversation goes on.

The scripted vendor takes a conversation only where the real one would: every call with its result, roles as they must
alternate, nothing empty. So an answer to the next message says that the history is one.
"""

import asyncio
import time
import traceback
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from server.models.runs import KINDS
from server.providers.asking import requests, script
from stage import RawClient, Stage
from vendors import Late, Pause, Reasoning, Script, Text, ToolCall
from vendors.script import SILENCE

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.parametrize("kind", KINDS)]

NAP = ToolCall("nap", {"seconds": 0.0})
LONG = ToolCall("nap", {"seconds": 30.0})
CLOSED_WITHIN = 2.0
"""Seconds, of several stops at once on a busy machine; `models/test_streams.py` holds a single one to 1 s."""
TEXT = "one two three four five six"


class Point(NamedTuple):
    """Where to stop: the vendor's answers up to there, what of the text was shown, and whether a tool holds on."""

    answers: Sequence[Script]
    shown: str = ""
    tool: bool = False


def within(*sent: str | float) -> ToolCall:
    return ToolCall("nap", sent=sent)


POINTS: dict[str, Point] = {
    "before the first byte": Point([[Late()]]),
    "before the first event": Point([[Pause(SILENCE)]]),
    "at the first word of reasoning": Point([[Reasoning(TEXT, hold=1)]]),
    "in reasoning": Point([[Reasoning(TEXT, hold=4)]]),
    "after reasoning": Point([[Reasoning(TEXT), Pause(SILENCE)]]),
    "at the first word": Point([[Text(TEXT, hold=1)]], "one"),
    "in text": Point([[Text(TEXT, hold=4)]], "one two three four"),
    "in text after reasoning": Point([[Reasoning(TEXT), Text(TEXT, hold=3)]], "one two three"),
    "after text": Point([[Text(TEXT), Pause(SILENCE)]], TEXT),
    "before a call": Point([[Text(TEXT), Pause(SILENCE), NAP]], TEXT),
    "at a call's beginning": Point([[within(SILENCE, '{"seconds": 0}')]]),
    "in a call's arguments": Point([[Text(TEXT), within('{"sec', SILENCE, 'onds": 0}')]], TEXT),
    "after a call's arguments": Point([[within('{"seconds"', ": 0}", SILENCE)]]),
    "in arguments after reasoning": Point([[Reasoning(TEXT), within('{"sec', SILENCE, 'onds": 0}')]]),
    "between parallel calls": Point([[NAP, Pause(SILENCE), NAP]]),
    "in the second call's arguments": Point([[NAP, within('{"sec', SILENCE, 'onds": 0}')]]),
    "after parallel calls": Point([[Reasoning(TEXT), Text(TEXT), NAP, NAP, Pause(SILENCE)]], TEXT),
    "in a tool": Point([[Text(TEXT), LONG]], TEXT, tool=True),
    "in one of two tools": Point([[Reasoning(TEXT), NAP, LONG]], tool=True),
    "after a tool's result": Point([[Text(TEXT), NAP], [Late()]], TEXT),
    "in reasoning after a tool's result": Point([[Reasoning(TEXT), NAP], [Reasoning(TEXT, hold=3)]]),
    "in text after a tool's result": Point([[NAP, NAP], [Text(TEXT, hold=2)]], "one two"),
    "in a second round's arguments": Point([[Text(TEXT), NAP], [within('{"sec', SILENCE, 'onds": 0}')]], TEXT),
}


async def reached(served: Stage, client: RawClient, question: str, point: Point) -> None:
    """Wait until the answer is at the point."""
    if point.tool:
        await client.until("tool.start", input={"seconds": 30.0})
        if NAP in point.answers[0]:
            await client.until("tool.end")  # the other one has its result
        await asyncio.sleep(0.05)
        return
    async with asyncio.timeout(60):  # the first one imports the vendor's package
        while len(asked := requests(served, question)) < len(point.answers):
            await asyncio.sleep(0.01)
        if not any(isinstance(step, Late) for step in point.answers[-1]):
            await asked[-1].paused.wait()
    # What the vendor sent has to be read as well.
    seen = ""
    while not seen.endswith(point.shown):
        frame = await client.next()
        seen += frame["text"] if frame["type"] == "text.delta" else ""
    await asyncio.sleep(0.05)


async def tried(served: Stage, kind: str, name: str, point: Point) -> list[str]:
    """The same, where waiting for something that does not come is what did not hold."""
    try:
        return await stopped_at(served, kind, name, point)
    except TimeoutError as error:
        line = traceback.extract_tb(error.__traceback__)
        return [f"{name}: nothing came in {[(frame.name, frame.line) for frame in line if __file__ == frame.filename]}"]


async def stopped_at(served: Stage, kind: str, name: str, point: Point) -> list[str]:
    """Stop there and go on; what did not hold."""
    question, next_one = f"[{kind}: {name}]", f"[{kind}: {name}, and then?]"
    script(served, question, *point.answers)
    script(served, next_one, [Text("I go on.")])
    wrong: list[str] = []
    async with served.client(kind) as client:
        await client.ask("send", text=question)
        turn = (await client.until("turn.start"))["turn"]
        await reached(served, client, question, point)
        told = time.monotonic()
        await client.ask("stop", turn=turn)
        end: dict[str, Any] = await client.until("turn.end")
        if end["status"] != "stopped":
            wrong.append(f"{name}: {end['status']} {end['message'].get('error')}")
        request = requests(served, question)[-1]
        if not point.tool:
            try:
                await asyncio.wait_for(request.gone.wait(), 2)
            except TimeoutError:
                wrong.append(f"{name}: the vendor's connection stayed open")
            if request.closed_at is not None and request.closed_at - told > CLOSED_WITHIN:
                wrong.append(f"{name}: the vendor's connection closed after {request.closed_at - told:.2f} s")
        await client.ask("send", text=next_one)
        end = await client.until("turn.end")
        if end["status"] != "done" or client.text != "I go on.":
            wrong.append(f"{name}: then {end['status']} {end['message'].get('error')}")
        if point.shown not in str(requests(served, next_one)[-1].body):
            wrong.append(f"{name}: the model no longer knows what it said")
    return wrong


async def test_stopped_anywhere_it_goes_on(served: Stage, kind: str) -> None:
    served.vendor.refused.clear()
    some = asyncio.Semaphore(6)  # more at once measure the machine

    async def one(name: str, point: Point) -> list[str]:
        async with some:
            return await tried(served, kind, name, point)

    results = await asyncio.gather(*(one(name, point) for name, point in POINTS.items()))
    assert [wrong for result in results for wrong in result] == [], served.vendor.refused
    assert served.vendor.refused == []
