"""The law: frames applied to an old state give what a fresh snapshot says, after every durable frame there is."""

import asyncio
from typing import Any
from uuid import uuid4

from client.tab import Tab, send, words
from opsloom_protocol.frames import (
    Act,
    BlockUpdate,
    Choose,
    Edit,
    Feedback,
    MessageAdded,
    MessageUpdate,
    Retry,
    SessionUpdate,
    Snapshot,
    Stop,
    TextDelta,
    TurnEnd,
    TurnStart,
    Withdraw,
)
from opsloom_protocol.messages import BlockPart
from stage import Stage
from vendors import Text, ToolCall

CHOICES = {"prompt": "Which?", "options": [{"id": "x", "label": "Ex"}, {"id": "y", "label": "Why"}]}


def ref() -> str:
    return uuid4().hex


class Witness(Tab):
    """Compares itself with a fresh tab whenever it is told to."""

    seen: set[str]

    @classmethod
    async def of(cls, stage: Stage, assistant: str = "scripted") -> "Witness":
        tab = cls(stage.url, stage.key, assistant=assistant)
        tab.seen = set()
        await tab.attach()
        return tab

    async def step(self) -> Any:
        frame = await super().step()
        self.seen.add(type(frame).__name__)
        return frame

    async def agrees(self) -> None:
        """The state is what a fresh snapshot says, at the same place."""
        async with asyncio.timeout(10):
            while True:
                fresh = Tab(self.url, self.key, session=self.session)
                await fresh.attach()
                await fresh.close()
                assert fresh.state is not None
                assert self.state is not None
                while self.state.cursor != fresh.state.cursor and _place(self) < _place(fresh):
                    await self.step()
                if self.state.cursor == fresh.state.cursor:
                    window = len(fresh.state.messages)
                    assert self.state.messages[-window:] == fresh.state.messages[-window:] if window else True
                    assert (self.state.turn, self.state.leaf, self.state.session) == (
                        fresh.state.turn,
                        fresh.state.leaf,
                        fresh.state.session,
                    )
                    return


def _place(tab: Tab) -> tuple[int, int]:
    assert tab.state is not None
    return tab.state.rev, tab.state.turn.seq if tab.state.turn else 0


async def test_after_every_kind_of_durable_frame(stage: Stage) -> None:
    stage.vendor.script([Text(tokens=[f"{at} " for at in range(20)], delay=0.02)], when="long")
    stage.vendor.script([Text("A short one.")], when="short")
    stage.vendor.script([Text("Pick: "), ToolCall("show_choices", CHOICES)], when="choose")
    stage.vendor.script([Text("A short one.")])
    tab = await Witness.of(stage)
    await tab.agrees()

    # A message, a turn, the title; a queue behind it, one withdrawn, one that moves up; feedback on the way.
    await tab.request(send("a long one"))
    await tab.until(TurnStart)
    await tab.agrees()
    await tab.until(TextDelta)
    second = await tab.request(send("a short one"))
    third = await tab.request(send("never mind"))
    assert isinstance(second, MessageAdded)
    assert (second.message.status, third.message.status) == ("queued", "queued")
    await tab.agrees()
    await tab.request(Withdraw(ref=ref(), message=third.message.id))
    await tab.agrees()
    await tab.until(TurnEnd)
    await tab.agrees()
    await tab.until(TurnEnd)
    await tab.agrees()
    assert tab.state is not None
    assert [words(m) for m in tab.state.messages[2:]] == ["a short one", "A short one."]
    answer = tab.state.messages[-1]
    await tab.request(Feedback(ref=ref(), message=answer.id, value=-1, comment="Hm"))
    await tab.request(Feedback(ref=ref(), message=tab.state.messages[1].id, value=1))
    await tab.agrees()
    await tab.request(Feedback(ref=ref(), message=answer.id, value=0))
    await tab.agrees()

    # Branches.
    await tab.request(Retry(ref=ref(), message=answer.id))
    await tab.until(TurnEnd)
    await tab.agrees()
    middle = tab.state.messages[1]
    await tab.request(Edit(ref=ref(), message=tab.state.messages[2].id, text="another short one"))
    await tab.until(TurnStart)
    await tab.agrees()
    await tab.until(TurnEnd)
    await tab.agrees()
    await tab.request(Edit(ref=ref(), message=tab.state.messages[0].id, text="yet another short one"))
    await tab.until(TurnEnd)
    await tab.agrees()
    await tab.request(Choose(ref=ref(), message=middle.parent or ""))
    await tab.until(Snapshot)
    await tab.agrees()
    assert tab.state.messages[1].id == middle.id

    # Stopped.
    await tab.request(send("a long one again"))
    start = await tab.until(TurnStart)
    await tab.until(TextDelta)
    await tab.request(Stop(ref=ref(), turn=start.turn))
    assert (await tab.until(TurnEnd)).status == "stopped"
    await tab.agrees()
    assert {"MessageAdded", "MessageUpdate", "SessionUpdate", "TurnStart", "TurnEnd"} <= tab.seen
    await tab.close()


async def test_an_answer_that_waits_and_goes_on(stage: Stage) -> None:
    stage.vendor.script([Text("Pick: "), ToolCall("ask_choices", CHOICES)])
    stage.vendor.script([Text("Good pick.")])
    stage.vendor.script([Text("Pick: "), ToolCall("ask_choices", CHOICES)])
    stage.vendor.script([Text("Never mind then.")])
    tab = await Witness.of(stage)
    await tab.request(send("let me choose"))
    waiting = await tab.until(TurnEnd)
    assert waiting.status == "waiting"
    await tab.agrees()
    block = next(part.block for part in waiting.message.parts if isinstance(part, BlockPart))
    acted = await tab.request(Act(ref=ref(), block=block.id, action="choose", values={"choices": ["y"]}))
    assert isinstance(acted, BlockUpdate)
    await tab.until(TurnStart)
    await tab.agrees()
    ended = await tab.until(TurnEnd)
    assert (ended.message.id, ended.status) == (waiting.message.id, "done")
    assert words(ended.message).endswith("Good pick.")
    await tab.agrees()

    # A new message instead of an answer withdraws the block.
    await tab.request(send("let me choose again"))
    assert (await tab.until(TurnEnd)).status == "waiting"
    await tab.request(send("no"))
    await tab.until(TurnEnd)
    await tab.agrees()
    assert {"BlockUpdate", "MessageUpdate"} <= tab.seen
    await tab.close()


async def test_over_the_snapshots_window_of_a_long_session(stage: Stage) -> None:
    stage.vendor.script([Text("ok")])
    tab = await Witness.of(stage)
    for at in range(30):
        await tab.request(send(f"{at}"))
        await tab.until(TurnEnd)
    assert tab.state is not None
    old = tab.state.messages[1]
    await tab.agrees()
    await tab.request(Feedback(ref=ref(), message=old.id, value=1))
    await tab.agrees()
    late = Witness(stage.url, stage.key, session=tab.session)
    late.seen = set()
    await late.attach()
    assert late.state is not None
    assert late.state.more
    assert len(late.state.messages) >= 50
    # An edit, and a retry, above what the late one holds.
    await tab.request(Edit(ref=ref(), message=tab.state.messages[2].id, text="other"))
    await tab.until(TurnEnd)
    await late.until(TurnEnd)
    await tab.agrees()
    assert late.state.more
    assert [m.id for m in late.state.messages] == [m.id for m in tab.state.messages[-2:]]
    await tab.request(Retry(ref=ref(), message=old.id))
    await tab.until(TurnEnd)
    await late.until(TurnEnd)
    await tab.agrees()
    await tab.close()
    await late.close()
    assert {MessageUpdate.__name__, SessionUpdate.__name__} <= tab.seen
