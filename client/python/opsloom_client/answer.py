"""An answer as it comes: its text, its frames, and the message that it is in the end, whatever happens to the wire."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, get_args

from opsloom_protocol.frames import BlockUpdate, LiveFrame, MessageUpdate, ServerFrame, Snapshot, TurnEnd, TurnStart
from opsloom_protocol.messages import BlockPart, Message, TextPart
from opsloom_protocol.state import State, apply

from opsloom_client.errors import Gone
from opsloom_client.feed import Feed, next_frame

_LIVE = get_args(LiveFrame)


class Place:
    """Where in the conversation an answer stands, or will stand: the assistant's message under `parent`.

    `message` names it where it is known; `not_these` are older ones in the same place.
    """

    def __init__(self, parent: str | None, message: str | None = None, not_these: frozenset[str] = frozenset()) -> None:
        self._parent = parent
        self._message = message
        self._not_these = not_these

    def holds(self, message: Message) -> bool:
        if self._message is not None:
            return message.id == self._message
        return message.role == "assistant" and message.parent == self._parent and message.id not in self._not_these

    def is_begun_by(self, start: TurnStart) -> bool:
        if self._message is not None:
            return start.message == self._message
        return start.parent == self._parent and start.message not in self._not_these

    def find(self, state: State) -> Message | None:
        """The answer as it is. Raises `Gone` where it cannot come any more."""
        held = [state.turn.message, *state.messages] if state.turn is not None else state.messages
        found = next((message for message in held if self.holds(message)), None)
        anchor = self._message or self._parent
        if found is None and all(message.id != anchor for message in held):
            raise Gone("This message was withdrawn, or replaced from another place.")
        return found


def is_over(message: Message) -> bool:
    """Whether nothing more comes by itself. A waiting answer whose blocks are all answered is about to go on."""
    if message.status == "waiting":
        return any(open_blocks(message))
    return message.status != "running"


USED_BY_HAND = frozenset({"sql"})
"""Kinds that stay open for people to use as often as they like: no answer waits for that."""


def open_blocks(message: Message) -> list[BlockPart]:
    """The blocks that wait for a person."""
    return [
        part
        for part in message.parts
        if isinstance(part, BlockPart)
        and part.block.kind not in USED_BY_HAND
        and part.block.state is not None
        and part.block.state.status == "open"
    ]


class Answer:
    """`async for text in answer` gives the text as it is written, `await answer` the message at its end.

    Both raise `Refused` where the server did not take the question, and `Gone` where it was withdrawn. A break of the
    connection shows in neither. `status` of the message says how it ended: `done`, `stopped`, `failed`, `interrupted`,
    or `waiting` when a block in it wants a person.
    """

    def __init__(
        self,
        asked: asyncio.Future[ServerFrame] | None,
        place: Callable[[ServerFrame | None], Place],
        listen: Callable[[], Feed],
        state: Callable[[], State],
        shown: Message | None = None,
    ) -> None:
        self._asked = asked
        self._where = place
        self._place: Place | None = None
        self._listen = listen
        # From the start, as frames() may be asked for when the first ones are there already.
        self._frames = listen()
        self._state = state
        self._shown = dict(enumerate(_texts(shown))) if shown is not None else {}

    @property
    def message(self) -> Message | None:
        """The answer so far; None before it begins."""
        return None if self._place is None else self._place.find(self._state())

    def __aiter__(self) -> AsyncIterator[str]:
        return self.text()

    def __await__(self) -> Generator[Any, None, Message]:
        return self.done().__await__()

    async def progress(self) -> AsyncIterator[Message]:
        """The answer as it stands, after every change; the last one is complete."""
        place, feed = await self._begin(), self._listen()
        held: Message | None = None
        while True:
            message = place.find(self._state())
            if message is not None:
                if message is not held:
                    held = message
                    yield message
                if is_over(message):
                    return
            await next_frame(feed)

    async def text(self) -> AsyncIterator[str]:
        """What was written since the last look, until the end; text parts stand apart by an empty line."""
        begun = False
        async for message in self.progress():
            for part, text in enumerate(_texts(message)):
                before = self._shown.get(part, "")
                if len(text) > len(before):
                    gap = "\n\n" if begun and not before else ""
                    self._shown[part] = text
                    begun = True
                    yield gap + text[len(before) :]

    async def done(self) -> Message:
        """The answer at its end."""
        message: Message | None = None
        async for message in self.progress():  # noqa: B007  # the last one counts
            pass
        assert message is not None
        return message

    async def frames(self) -> AsyncIterator[ServerFrame]:
        """Every frame about this answer, the `turn.end` last. Where some were missed, a `snapshot` stands for them."""
        place = await self._begin()
        running: str | None = None
        while True:
            match await next_frame(self._frames):
                case Snapshot() as frame:
                    yield frame
                    shown = apply(self._state(), frame)
                    message = place.find(shown)
                    running = shown.turn.message.id if message is not None and shown.turn is not None else None
                    if message is not None and is_over(message):
                        return
                case TurnStart() as frame:
                    running = frame.message if place.is_begun_by(frame) else None
                    if running is not None:
                        yield frame
                case TurnEnd(message=message) as frame:
                    if place.holds(message):
                        yield frame
                        if is_over(message):
                            return
                    running = None
                case MessageUpdate(message=change) as frame if running is not None and change.id == running:
                    yield frame
                case BlockUpdate(message=name) as frame if name == running:
                    yield frame
                case frame if isinstance(frame, _LIVE) and running is not None:
                    yield frame

    async def _begin(self) -> Place:
        if self._place is None:
            self._place = self._where(None if self._asked is None else await asyncio.shield(self._asked))
        return self._place


def _texts(message: Message) -> list[str]:
    """Of each part its text, empty for parts that are not text: so that places are the parts' own."""
    return [part.text if isinstance(part, TextPart) else "" for part in message.parts]
