"""What a listener has not read yet: bounded, and whoever falls behind is given the state instead of a hole."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from msgspec import UNSET, Struct
from opsloom_protocol.frames import ServerFrame, Snapshot
from opsloom_protocol.state import State

from opsloom_client.errors import Closed, Disconnected

CAPACITY: Final = 1000


class Reconnecting(Struct, frozen=True):
    """The connection was lost, the next attempt is in `delay` seconds. Nothing that was asked is lost."""

    attempt: int
    delay: float
    reason: str


Event = ServerFrame | Reconnecting


class Feed:
    """An endless asynchronous iterator of events; ends when the chat is closed, raises `Denied` when it was ended."""

    def __init__(self, state: Callable[[], State], capacity: int = CAPACITY) -> None:
        self._state = state
        self._capacity = capacity
        self._events: deque[Event] = deque()
        self._error: Disconnected | None = None
        self._changed = asyncio.Event()

    def push(self, event: Event) -> None:
        if len(self._events) >= self._capacity:
            self._events.clear()
            event = as_snapshot(self._state())
        self._events.append(event)
        self._changed.set()

    def fail(self, error: Disconnected) -> None:
        """Nothing more will come; what is there can still be read."""
        self._error = error
        self._changed.set()

    def __aiter__(self) -> "Feed":
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            if isinstance(self._error, Closed):
                raise StopAsyncIteration
            if self._error is not None:
                raise self._error
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft()


async def next_frame(feed: Feed) -> ServerFrame:
    """The next frame; raises `Closed` where none will come."""
    async for event in feed:
        if not isinstance(event, Reconnecting):
            return event
    raise Closed("The chat was closed meanwhile.")


def as_snapshot(state: State) -> Snapshot:
    """The state as the server would say it."""
    return Snapshot(
        session=state.session,
        rev=state.rev,
        leaf=state.leaf,
        messages=state.messages,
        more=state.more,
        turn=UNSET if state.turn is None else state.turn,
    )
