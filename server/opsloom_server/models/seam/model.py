"""What every vendor's model gets here: the fast seam, and our own retries before the first event."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
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
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from opsloom_server.models.seam.feed import Feed, feeds
from opsloom_server.models.seam.reader import Reader

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
        async with AsyncExitStack() as stack:
            while True:
                stream = super().request_stream(messages, model_settings, model_request_parameters, run_context)
                try:
                    streamed = await stack.enter_async_context(stream)
                    break
                except ModelAPIError as error:
                    tried += 1
                    await self._wait_or_raise(error, tried, time.monotonic() - started)
            if run_context is not None and (feed := self._attach(streamed, run_context)) is not None:
                stack.callback(feeds.closed, run_context.run_id or "", feed)
            yield streamed

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
