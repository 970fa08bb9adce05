"""A client that hides nothing: it says frames and keeps every frame it was told."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from opsloom_protocol.codec import decode_server
from opsloom_protocol.messages import SessionInfo
from opsloom_protocol.state import State, apply
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

SECONDS = 10.0
"""Longer than anything a test waits for takes, shorter than a test's own limit."""


class RawClient:
    """`async with RawClient(url, key=…, assistant=…) as client`: says hello, applies what comes."""

    def __init__(self, url: str, *, key: str, assistant: str | None = None, session: str | None = None, **more: Any):
        self.url = url
        self.hello = {"type": "hello", "key": key, "client": {"name": "test", "version": "0"}, **more}
        if session is not None:
            self.hello["session"] = session
        if assistant is not None:
            self.hello["assistant"] = assistant
        self.frames: list[dict[str, Any]] = []
        self.state: State | None = None
        # Messages that may wait unread in this client; None keeps reading whatever happens.
        self.queue: int | None = None
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        self._socket = await connect(
            self.url, subprotocols=[Subprotocol("opsloom.v1")], compression=None, max_queue=self.queue, max_size=None
        )
        await self.say(self.hello)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    @property
    def session(self) -> str:
        return next(str(f["session"]["id"]) for f in reversed(self.frames) if f["type"] in ("welcome", "snapshot"))

    @property
    def text(self) -> str:
        """The text of the last answer."""
        assert self.state is not None
        message = self.state.turn.message if self.state.turn else self.state.messages[-1]
        return "".join(getattr(part, "text", "") for part in message.parts if type(part).__name__ == "TextPart")

    async def say(self, frame: dict[str, Any]) -> None:
        await self.socket.send(json.dumps(frame))

    async def ask(self, kind: str, **fields: Any) -> str:
        """Say a request under a new `ref`; gives the `ref`."""
        ref = fields.pop("ref", None) or uuid4().hex
        await self.say({"type": kind, "ref": ref, **fields})
        return str(ref)

    async def next(self, seconds: float = SECONDS) -> dict[str, Any]:
        """The next frame, applied to `state`."""
        raw = await asyncio.wait_for(self.socket.recv(), seconds)
        frame: dict[str, Any] = json.loads(raw)
        self.frames.append(frame)
        decoded = decode_server(raw)
        if decoded is not None:
            if frame["type"] == "welcome" and self.state is None:
                self.state = State(session=SessionInfo(id=frame["session"]["id"], rev=frame["session"]["rev"]))
            if self.state is not None:
                self.state = apply(self.state, decoded)
        return frame

    async def until(self, kind: str, seconds: float = SECONDS, **fields: Any) -> dict[str, Any]:
        """Read to the first frame of that type whose fields are these."""
        async with asyncio.timeout(seconds):
            while True:
                frame = await self.next(seconds)
                if frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items()):
                    return frame

    async def reply(self, ref: str, seconds: float = SECONDS) -> dict[str, Any]:
        """Read to the reply that carries this `ref`."""
        async with asyncio.timeout(seconds):
            while True:
                frame = await self.next(seconds)
                if frame.get("ref") == ref:
                    return frame
