"""The one list of model providers, and how a name becomes a model."""

from __future__ import annotations

import asyncio
import importlib
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from opsloom_server.errors import Invalid
from opsloom_server.models.clients import Clients
from opsloom_server.models.provider import ModelInfo, Provider
from opsloom_server.models.seam.watch import ModelTimeouts
from opsloom_server.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model

# In the order in which they are considered for the default.
PROVIDERS: dict[str, str] = {
    "openai": "opsloom_server.models.openai",
    "anthropic": "opsloom_server.models.anthropic",
    "openai-chat": "opsloom_server.models.openai_chat",
    "ollama": "opsloom_server.models.ollama",
    "bedrock": "opsloom_server.models.bedrock",
    "demo": "opsloom_server.models.demo",
}
ENTRY_POINTS = "opsloom.models"


@cache
def providers() -> dict[str, Provider]:
    """Every provider by name: ours, then those that installed packages add (entry points `opsloom.models`)."""
    ours: dict[str, Provider] = {name: importlib.import_module(module).provider for name, module in PROVIDERS.items()}
    added: dict[str, Provider] = {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}
    return {**ours, **{name: provider for name, provider in added.items() if name not in ours}}


def split(name: str) -> tuple[str, str]:
    """`provider:model` into its two halves; a provider alone stands for its first model.

    Raises `Invalid` when there is no such provider.
    """
    provider, _, model = name.strip().partition(":")
    known = providers()
    if provider not in known:
        names = ", ".join(f"{other}:…" if known[other].models != ("",) else other for other in known)
        raise Invalid(
            f"There is no model provider “{provider[:60]}”. A model is written as provider:name; there are {names}."
        )
    return provider, model.strip() or known[provider].models[0]


class Models:
    """The models of one server: its settings, its HTTP clients, and each model once."""

    def __init__(self, settings: Settings, timeouts: ModelTimeouts | None = None) -> None:
        self.settings = settings
        self.clients = Clients(settings, timeouts or ModelTimeouts())
        self._made: dict[str, Model] = {}

    def resolve(self, name: str) -> Model:
        """The model of this name (`openai:gpt-…`, `demo`). Raises `Invalid` with words on what is missing."""
        if name not in self._made:
            kind, model = split(name)
            provider = providers()[kind]
            if missing := provider.missing(self.settings):
                raise Invalid(f"The model {name} cannot be used yet. {missing}")
            self._made[name] = provider.model(model, self.clients)
        return self._made[name]

    async def close(self) -> None:
        """Close the connections to the vendors."""
        self._made.clear()
        await self.clients.close()


def default_model(settings: Settings) -> str:
    """`OPSLOOM_MODEL`, else the first vendor whose key is set, else `demo`."""
    if settings.model:
        return settings.model
    for name, provider in providers().items():
        if provider.is_default_with_key and provider.missing(settings) is None:
            return f"{name}:{provider.models[0]}"
    return "demo"


def catalogue(settings: Settings) -> list[ModelInfo]:
    """What may be chosen here, the default first; models whose provider lacks something say what."""
    offered: dict[str, ModelInfo] = {}
    for kind, provider in providers().items():
        missing = provider.missing(settings)
        for model in provider.models:
            name = f"{kind}:{model}" if model else kind
            offered[name] = ModelInfo(name, kind, missing is None, missing)
    default = default_model(settings)
    if default not in offered and (kind := default.partition(":")[0]) in providers():
        missing = providers()[kind].missing(settings)
        offered[default] = ModelInfo(default, kind, missing is None, missing)
    first = [offered.pop(default)] if default in offered else []
    return [*first, *offered.values()]


# A client's connections belong to the loop that opened them.
_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, list[Models]] = WeakKeyDictionary()


def resolve(name: str, settings: Settings) -> Model:
    """`Models(settings).resolve(name)` with the clients of the running loop, for callers that keep no `Models`.

    Raises `Invalid` with words on what is missing. `close_models` closes what this opened.
    """
    made = _of_loop.setdefault(asyncio.get_running_loop(), [])
    for models in made:
        if models.settings is settings:
            return models.resolve(name)
    made.append(Models(settings))
    return made[-1].resolve(name)


async def close_models() -> None:
    """Close what `resolve` opened in the running loop."""
    for models in _of_loop.pop(asyncio.get_running_loop(), []):
        await models.close()
