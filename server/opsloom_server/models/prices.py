"""What tokens cost, in US dollars: by the price list that comes with the server, or by what its owner says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from opsloom_server.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.usage import UsageBase

# Vendors as the price list calls them. What runs on machines of one's own is in no list.
_VENDORS: Final = {"openai": "openai", "openai-chat": "openai", "anthropic": "anthropic", "bedrock": "aws"}
_MILLION: Final = 1_000_000
# Lists know prices that begin on a day; a server that runs for months sees them begin.
_KEPT_SECONDS: Final = 3_600.0


class Price(Struct, frozen=True, kw_only=True):
    """US dollars a token. Cached tokens are part of the input, at their own price."""

    input: float
    output: float
    cached: float
    written: float
    """Of input that the vendor keeps for the next request."""

    def of(self, usage: UsageBase) -> float:
        """What this use costs."""
        plain = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens
        return (
            max(plain, 0) * self.input
            + usage.cache_read_tokens * self.cached
            + usage.cache_write_tokens * self.written
            + usage.output_tokens * self.output
        )


FREE: Final = Price(input=0.0, output=0.0, cached=0.0, written=0.0)


class Prices:
    """The price of each model. Looking one up takes 0.4 ms, so they are kept for an hour."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, tuple[float, Price | None]] = {}

    def of(self, name: str) -> Price | None:
        """The price of a model (`openai:gpt-6-luna`); None where nobody knows one."""
        now = datetime.now(UTC)
        held = self._known.get(name)
        if held is None or held[0] < now.timestamp():
            held = self._known[name] = now.timestamp() + _KEPT_SECONDS, self._find(name, now)
        return held[1]

    def _find(self, name: str, now: datetime) -> Price | None:
        own = self._settings.prices.get(name)
        if own is not None:
            cached = own.input if own.cached is None else own.cached
            return Price(
                input=own.input / _MILLION,
                output=own.output / _MILLION,
                cached=cached / _MILLION,
                written=own.input / _MILLION,
            )
        provider, _, model = name.partition(":")
        if provider == "demo":
            return FREE
        return _listed(provider, model, self._base_url(provider), now)

    def _base_url(self, provider: str) -> str | None:
        """Where a compatible server of somebody else's answers: what it asks for a model is its own affair."""
        return self._settings.openai_base_url if provider == "openai-chat" else None


def _listed(provider: str, model: str, url: str | None, now: datetime) -> Price | None:
    vendor = _VENDORS.get(provider)
    if vendor is None or not model:
        return None
    from genai_prices.data_snapshot import get_snapshot

    try:
        if url is not None:
            _, found = get_snapshot().find_provider_model(model, None, None, url)
        else:
            _, found = get_snapshot().find_provider_model(model, None, vendor, None)
    except LookupError:
        return None
    return _plain(vars(found.get_prices(now)))


def _plain(listed: Mapping[str, object]) -> Price | None:
    """A list's entry, a token. Where long inputs cost more, this is the price of those that are not."""

    def a_token(name: str) -> float | None:
        value = listed.get(name)
        value = getattr(value, "base", value)
        return None if value is None else float(value) / _MILLION  # type: ignore[arg-type]

    given, output = a_token("input_mtok"), a_token("output_mtok")
    if given is None or output is None:
        return None
    cached, written = a_token("cache_read_mtok"), a_token("cache_write_mtok")
    return Price(
        input=given,
        output=output,
        cached=given if cached is None else cached,
        written=given if written is None else written,
    )
