"""The window that forgives nothing, at one server."""

from typing import Any

from faults.visitor import Visitor, send, words
from opsloom_protocol.frames import TurnEnd
from websockets.exceptions import ConnectionClosed

__all__ = ["ConnectionClosed", "Tab", "TurnEnd", "send", "words"]


class Tab(Visitor):
    """A `Visitor` that knows its server's address from the beginning."""

    def __init__(self, url: str, key: str, *, assistant: str | None = None, session: str | None = None) -> None:
        super().__init__(key, assistant, session)
        self.url = url

    async def request(self, frame: Any, seconds: float = 15.0) -> Any:
        """`ask`, for tests that know which reply they get."""
        return await self.ask(frame, seconds)

    until_answered = Visitor.until_ended
