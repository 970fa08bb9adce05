"""What a turn has been given of the answer that streams, and which part of it is open."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import msgspec
from pydantic_ai.messages import (
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)

Kind = Literal["text", "reasoning", "call"]


class ModelSink(Protocol):
    """Where a turn's text goes. Synchronous: it never waits, and never calls back into the model."""

    def text(self, text: str, *, new_part: bool) -> None:
        """More text of the answer; `new_part` says that it begins a part of its own."""
        ...

    def reasoning(self, text: str, *, new_part: bool) -> None:
        """The same for the model's thinking."""
        ...


class CallSink(Protocol):
    """Where the arguments of the model's calls go while it writes them. Synchronous, as `ModelSink`."""

    def response(self) -> None:
        """The model begins a response."""
        ...

    def call(self, call: str, tool: str, text: str) -> None:
        """It begins a call; `text` is the beginning of its arguments as JSON."""
        ...

    def arguments(self, call: str, text: str) -> None:
        """More of the arguments."""
        ...

    def ended(self) -> None:
        """The response is over; calls that it began run now."""
        ...


class Feed:
    """One stream of a model into one sink.

    The framework's events say when a part opens; between them the reader may run ahead with `give`. The characters
    it gave come again later, merged, as an event: `ahead` counts them, so that they are not given twice.
    """

    __slots__ = ("_calls", "ahead", "calls", "fresh", "index", "open", "sink")

    def __init__(self, sink: ModelSink, calls: CallSink | None = None) -> None:
        self.sink = sink
        self.calls = calls
        self._calls: dict[int, str] = {}  # the calls of this response by their index
        self.open: Kind | None = None  # the part that may be run ahead in; None before the first and between parts
        self.index = -1  # its index in the framework's response
        self.fresh = False  # nothing of the open part has been given yet
        self.ahead = 0  # characters of the open part that were given before their event

    def give(self, text: str) -> None:
        """Give the open part's next text, ahead of its event. Only while a part is open."""
        self.ahead += len(text)
        self._give(text)

    def take(self, event: Any) -> None:
        """Follow one event of the framework; give what was not given yet."""
        match event:
            case PartDeltaEvent(index=index, delta=TextPartDelta(content_delta=text)):
                self._more("text", index, text)
            case PartDeltaEvent(index=index, delta=ThinkingPartDelta(content_delta=thought)):
                self._more("reasoning", index, thought or "")
            case PartStartEvent(index=index, part=TextPart(content=text)):
                self._begin("text", index, text)
            case PartStartEvent(index=index, part=ThinkingPart(content=thought)):
                self._begin("reasoning", index, thought)
            case PartDeltaEvent(index=index, delta=ToolCallPartDelta(args_delta=str(text))) if index in self._calls:
                self._more("call", index, text)
            case PartStartEvent(index=index, part=ToolCallPart() as part) if self.calls is not None:
                self._calls[index] = part.tool_call_id
                text = part.args if isinstance(part.args, str) else msgspec.json.encode(part.args or {}).decode()
                self.calls.call(part.tool_call_id, part.tool_name, text if part.args else "")
                self.open, self.index, self.ahead = "call", index, 0
            case PartStartEvent() | PartEndEvent():
                self.open = None
                self.ahead = 0
            case _:
                pass

    def _begin(self, kind: Kind, index: int, text: str) -> None:
        self.open = kind
        self.index = index
        self.fresh = True
        self.ahead = 0
        if text:
            self._give(text)

    def _more(self, kind: Kind, index: int, text: str) -> None:
        if index != self.index or kind != self.open:
            # A vendor that goes back to an earlier part: follow it, but do not run ahead there.
            if text:
                self._to_sink(kind, text, index, new_part=self.open != kind)
            self.open = None
            self.ahead = 0
            return
        known = min(self.ahead, len(text))
        self.ahead -= known
        if known < len(text):
            self._give(text[known:])

    def _give(self, text: str) -> None:
        assert self.open is not None
        self._to_sink(self.open, text, self.index, new_part=self.fresh)
        self.fresh = False

    def _to_sink(self, kind: Kind, text: str, index: int, *, new_part: bool) -> None:
        if kind == "text":
            self.sink.text(text, new_part=new_part)
        elif kind == "reasoning":
            self.sink.reasoning(text, new_part=new_part)
        elif self.calls is not None:
            self.calls.arguments(self._calls[index], text)


class Feeds:
    """The feeds of the requests that stream now, by the run they belong to.

    The reader is made deep inside a vendor's SDK and the events arrive in a handler of the run; the run's id is all
    that both sides know. An entry lives exactly as long as its request.
    """

    def __init__(self) -> None:
        self._by_run: dict[str, Feed] = {}

    def opened(self, run: str, sink: ModelSink, calls: CallSink | None) -> Feed:
        """A new feed for the request that this run makes now."""
        feed = self._by_run[run] = Feed(sink, calls)
        return feed

    def closed(self, run: str, feed: Feed) -> None:
        if self._by_run.get(run) is feed:
            del self._by_run[run]

    def of(self, run: str | None) -> Feed | None:
        """The feed of this run's request, if its model runs ahead at all."""
        return None if run is None else self._by_run.get(run)


feeds = Feeds()
