"""What every vendor's model gets here: the fast seam, and our own retries before the first event."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelRateLimitError,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from pydantic_ai.messages import ModelMessage, ModelResponseStreamEvent
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from opsloom_server.models.seam.feed import Feed, feeds
from opsloom_server.models.seam.reader import Reader
from opsloom_server.models.seam.watch import asked_at

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retries:
    """When to ask a vendor again. Nothing was shown yet, so asking again costs only time."""

    tries: int = 3
    budget: float = 30.0  # seconds from the first try to the start of the last

    def wait(self, error: ModelAPIError, tried: int, spent: float) -> float | None:
        """Seconds to wait before the next try, or None when there should be none."""
        if tried >= self.tries or not _passing(error):
            return None
        # Full jitter keeps the turns that failed together from asking again together.
        wait = error.retry_after if error.retry_after is not None else random.uniform(0.2, 0.5 * 2**tried)  # noqa: S311
        return wait if spent + wait <= self.budget else None


def _passing(error: ModelAPIError) -> bool:
    """Whether the same request may well succeed in a moment."""
    if isinstance(error, ModelHTTPError) and error.provider_retry_hint is not None:
        return error.provider_retry_hint
    if isinstance(error, ModelTimeoutError):
        return False  # it has used its time up; another try would double what the person waits
    return isinstance(error, ModelRateLimitError | ModelUnavailableError | ModelServerError | ModelConnectionError)


async def _resumed(
    first: ModelResponseStreamEvent | BaseException, events: AsyncIterator[ModelResponseStreamEvent]
) -> AsyncIterator[ModelResponseStreamEvent]:
    """The events, of which the first was read already."""
    if isinstance(first, StopAsyncIteration):
        return
    if isinstance(first, BaseException):
        raise first
    yield first
    async for event in events:
        yield event


class Seam(Model[Any]):
    """Goes before a vendor's model among the bases of a class; the vendor's own code does everything else."""

    retries: Retries = Retries()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        started = time.monotonic()
        tried = 0
        while True:
            stream = super().request_stream(messages, model_settings, model_request_parameters, run_context)
            try:
                async with AsyncExitStack() as stack:
                    streamed = await self._begun(stack, stream)
                    kept = stack.pop_all()
                break
            except ModelAPIError as error:
                tried += 1
                await self._wait_or_raise(error, tried, time.monotonic() - started)
        async with kept:
            if run_context is not None and (feed := self._attach(streamed, run_context)) is not None:
                kept.callback(feeds.closed, run_context.run_id or "", feed)
            yield streamed

    async def _begun(
        self, stack: AsyncExitStack, stream: AbstractAsyncContextManager[StreamedResponse]
    ) -> StreamedResponse:
        """The stream with its first event, or at its end. Raises `ModelAPIError` also where the vendor says only within
        the stream that it cannot answer: nothing was shown yet, so it is the same to whoever waits."""
        token = asked_at.set(asyncio.get_running_loop().time())
        try:
            streamed = await stack.enter_async_context(stream)
        finally:
            asked_at.reset(token)
        events = streamed._get_event_iterator()
        first: ModelResponseStreamEvent | BaseException
        try:
            first = await anext(events)
        except ModelAPIError:
            raise
        except BaseException as error:
            # What it is will be told where the stream is read. A person's stop above all: what was asked and paid for
            # so far is known there.
            first = error
        # Private to the framework, as its event iterator is a generator that subclasses define.
        streamed._get_event_iterator = lambda: _resumed(first, events)  # type: ignore[method-assign]
        return streamed

    async def _wait_or_raise(self, error: ModelAPIError, tried: int, spent: float) -> None:
        wait = self.retries.wait(error, tried, spent)
        if wait is None:
            raise error
        log.info("model %s: %s, try %d in %.1f s", self.model_name, type(error).__name__, tried + 1, wait)
        await asyncio.sleep(wait)

    def _attach(self, streamed: StreamedResponse, run_context: RunContext[Any]) -> Feed | None:
        """Let the reader of this stream run ahead into the run's sink, where there are both."""
        sink = getattr(run_context.deps, "sink", None)
        # Both names are private to pydantic-ai and the SDK; their versions are pinned and the differential test
        # fails when they go. A response that was not streamed has neither.
        source = getattr(getattr(streamed, "_response", None), "source", None)
        reader = getattr(streamed, "reader", None) or getattr(source, "_decoder", None)
        if sink is None or run_context.run_id is None or not isinstance(reader, Reader):
            return None
        feed = feeds.opened(run_context.run_id, sink, getattr(run_context.deps, "calls", None))
        reader.attach(feed, frozenset(self.profile.get("thinking_tags") or ("<think>", "</think>")))
        return feed
