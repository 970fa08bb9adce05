"""The law: frames applied to an old state give what a fresh snapshot says, whatever people do in a session.

One window acts; another has only what it got at the beginning and the frames since, over connections that are cut. Both
are compared with a fresh window again and again, in mid-answer too.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

from opsloom_protocol.frames import (
    Act,
    Choose,
    Durable,
    Edit,
    ErrorFrame,
    Feedback,
    Retry,
    Send,
    ServerFrame,
    SessionUpdate,
    Snapshot,
    Stop,
    Withdraw,
)
from opsloom_protocol.messages import BlockPart, Message
from opsloom_protocol.state import State
from vendors import Text, ToolCall

from faults.bench import ASSISTANT, Bench
from faults.visitor import Breach, Visitor

DURABLE: Final = frozenset(kind.__name__ for kind in Durable.__subclasses__())
ACTIONS: Final = (
    *("say", "say", "say more", "ask back", "answer", "withdraw", "stop", "retry", "edit", "choose", "rate"),
    *("choose", "settle", "settle", "read", "cut", "compare"),
)
CHOICES: Final = {"prompt": "Which?", "options": [{"id": "x", "label": "Ex"}, {"id": "y", "label": "Why"}]}
REFUSALS: Final = ("busy", "conflict", "invalid", "not_found", "forbidden", "unavailable")
"""What may be answered to somebody who acts on what has changed meanwhile."""


def script(body: dict[str, Any]) -> list[Any]:
    """What the model says: something long, something short, or a question of its own."""
    last = body["messages"][-1]
    if last["role"] == "tool":
        return [Text("So be it.")]
    question = str(last["content"])
    if question.startswith("ask back"):
        return [Text("Pick: "), ToolCall("ask_choices", CHOICES)]
    return [Text(tokens=[f"{at} " for at in range(12)], delay=0.015 if question.startswith("say more") else 0.0)]


class Witness(Visitor):
    """Says what it has seen, and whether it agrees with a fresh window."""

    def __init__(self, key: str, session: str | None, kinds: Counter[str]) -> None:
        super().__init__(key, ASSISTANT, session)
        self._kinds = kinds
        self._path_changes = False

    async def step(self) -> ServerFrame:
        frame = await super().step()
        if isinstance(frame, Durable):
            self._kinds[type(frame).__name__] += 1
        # Another path is another state: a snapshot follows at once.
        if isinstance(frame, Snapshot):
            self._path_changes = False
        elif isinstance(frame, SessionUpdate) and frame.leaf is not None:
            self._path_changes = True
        return frame

    async def agrees(self) -> None:
        """Raises `Breach` where the state is not what a fresh snapshot says at the same place."""
        async with asyncio.timeout(15):
            while True:
                fresh = Visitor(self.key, ASSISTANT, self.session)
                await fresh.attach(self.url)
                fresh.cut()
                while self._path_changes or _place(self) < _place(fresh):
                    await self.step()
                assert self.state is not None
                assert fresh.state is not None
                if self.state.cursor != fresh.state.cursor:
                    continue  # it has gone on meanwhile
                window = len(fresh.state.messages)
                mine = (self.state.messages[-window:] if window else (), self.state.turn, self.state.leaf)
                theirs = (fresh.state.messages, fresh.state.turn, fresh.state.leaf)
                if mine != theirs or self.state.session != fresh.state.session:
                    raise Breach(_difference(self.state, fresh.state, list(self.history)[-6:]))
                return


def _difference(applied: State, fresh: State, history: list[str]) -> str:
    """What differs, of two states that should be one."""
    told = [f"at {applied.cursor} after {history}"]
    for name in ("session", "leaf", "turn"):
        mine, theirs = getattr(applied, name), getattr(fresh, name)
        if mine != theirs:
            told.append(f"{name}: applied {mine!r}, fresh {theirs!r}")
    mine, theirs = ([(m.role, m.status, m.id[-6:]) for m in state.messages] for state in (applied, fresh))
    if mine != theirs:
        told.append(f"messages: applied {mine}, fresh {theirs}")
    else:
        told += [
            f"{a.status} {a.role} {a.id[-6:]}, {field}: applied {getattr(a, field)!r}, fresh {getattr(b, field)!r}"
            for a, b in zip(applied.messages, fresh.messages, strict=True)
            for field in a.__struct_fields__
            if getattr(a, field) != getattr(b, field)
        ]
    return "; ".join(told)[:2_000]


def _place(window: Visitor) -> tuple[int, int]:
    assert window.state is not None
    return window.state.rev, window.state.turn.seq if window.state.turn is not None else 0


class Conversation:
    """A session in which somebody does one thing after another."""

    def __init__(self, bench: Bench, seed: int, kinds: Counter[str]) -> None:
        self.bench = bench
        self.chance = random.Random(seed)
        self.kinds = kinds
        self.compared = 0
        self.done: list[str] = []

    async def run(self, actions: Sequence[str]) -> None:
        """Raises `Breach` where the two windows differ, or where something broke."""
        self.actor = Witness(self.bench.key, None, self.kinds)
        await self.actor.attach(self.bench.nodes[0].url)
        self.witness = Witness(self.bench.key, self.actor.session, self.kinds)
        try:
            await self._ask(self._send("say"))  # before that there is no session to attach to
            await self.witness.attach(self._somewhere())
            for action in actions:
                self.done.append(action)
                await self._act(action)
            await self._settle()
            await self._compare()
        except (Breach, TimeoutError) as error:
            raise Breach(f"{self.done}: {error!r}"[:3_000]) from error
        finally:
            self.actor.cut()
            self.witness.cut()

    async def _act(self, action: str) -> None:
        match action:
            case "read":
                await self._read(self.chance.randint(1, 6))
            case "cut":
                self.witness.cut()
                await asyncio.sleep(self.chance.choice((0.0, 0.01, 0.1)))
                await self.witness.attach(self._somewhere())
            case "compare":
                await self._compare()
            case "settle":
                await self._settle()
            case "say" | "say more" | "ask back":
                await self._ask(self._send(action))
            case _:
                request = self._request(action)
                if request is not None:
                    await self._ask(request)

    def _request(self, action: str) -> Any:
        """What to say for this, if there is anything that it can be said of."""
        messages = self.actor.messages
        answers = [m for m in messages if m.role == "assistant" and m.status != "running"]
        own = [m for m in messages if m.role == "user" and m.status == "done"]
        turn = self.actor.state.turn if self.actor.state is not None else None
        ref = uuid4().hex
        if action == "withdraw" and (queued := [m for m in messages if m.status == "queued"]):
            return Withdraw(ref=ref, message=self.chance.choice(queued).id)
        if action == "stop" and turn is not None:
            return Stop(ref=ref, turn=turn.id)
        if action == "retry" and answers:
            return Retry(ref=ref, message=self.chance.choice(answers).id)
        if action == "edit" and own:
            return Edit(ref=ref, message=self.chance.choice(own).id, text=self._send("say").text)
        if action == "rate" and answers:
            return Feedback(ref=ref, message=self.chance.choice(answers).id, value=self.chance.choice((-1, 0, 1)))
        if action == "choose" and (others := _others(messages)):
            return Choose(ref=ref, message=self.chance.choice(others))
        if action == "answer" and (blocks := _open_blocks(messages)):
            return Act(ref=ref, block=blocks[-1], action="choose", values={"choices": [self.chance.choice("xy")]})
        return None

    def _send(self, kind: str) -> Send:
        return Send(ref=uuid4().hex, text=f"{kind} {uuid4().hex[:8]}")

    async def _ask(self, request: Any) -> None:
        reply = await self.actor.ask(request)
        if isinstance(reply, ErrorFrame) and reply.code not in REFUSALS:
            raise Breach(f"{request!r}: {reply!r}")

    async def _compare(self) -> None:
        for window in (self.actor, self.witness):
            await window.agrees()
            self.compared += 1

    async def _read(self, frames: int) -> None:
        for _ in range(frames):
            if self._rests():
                return
            await self.actor.step()

    async def _settle(self) -> None:
        async with asyncio.timeout(20):
            while not self._rests():
                await self.actor.step()

    def _rests(self) -> bool:
        state = self.actor.state
        return (
            state is not None
            and state.turn is None
            and not any(message.status == "queued" for message in state.messages)
            and (not state.messages or state.messages[-1].role == "assistant")
        )

    def _somewhere(self) -> str:
        return self.chance.choice(self.bench.nodes).url


def _others(messages: list[Message]) -> list[str]:
    return [other for message in messages for other in message.siblings if other != message.id]


def _open_blocks(messages: list[Message]) -> list[str]:
    return [
        part.block.id
        for message in messages
        if message.status == "waiting"
        for part in message.parts
        if isinstance(part, BlockPart) and part.block.state is not None and part.block.state.status == "open"
    ]
