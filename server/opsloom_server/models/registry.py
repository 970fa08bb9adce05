"""The one list of model providers, and how a name becomes a model."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsloom_blocks import ExtensionError
from opsloom_blocks.extensions import added

from opsloom_server.errors import Invalid, StartupError
from opsloom_server.models.clients import Clients
from opsloom_server.models.listing import offered
from opsloom_server.models.naming import meant
from opsloom_server.models.prices import Prices
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


@cache
def providers(folder: Path | None = None) -> dict[str, Provider]:
    """Every provider by name: ours, then those of entry points (`opsloom.models`) and of the folder's modules (a list
    `MODELS`). Raises `StartupError` that names the extension at fault."""
    known: dict[str, Provider] = {name: importlib.import_module(module).provider for name, module in PROVIDERS.items()}
    try:
        for where, found in added("opsloom.models", "MODELS", folder):
            _inspect(where, found, known)
            known[found.name] = found
    except ExtensionError as error:
        raise StartupError(str(error), "Correct the extension, or take it out of OPSLOOM_EXTENSIONS.") from error
    return known


def _inspect(where: str, found: Any, known: dict[str, Provider]) -> None:
    for name in ("name", "models", "is_default_with_key", "missing", "model"):
        if not hasattr(found, name):
            raise ExtensionError(where, f"{type(found).__name__} is no model provider: it has no `{name}`.")
    if found.name in known:
        raise ExtensionError(where, f"There is a model provider {found.name!r} already.")
    if not found.models or ":" in found.name:
        raise ExtensionError(where, "A provider has a name without a colon, and at least one model.")


def split(name: str, folder: Path | None = None) -> tuple[str, str]:
    """`provider:model` into its two halves; a provider alone stands for its first model.

    Raises `Invalid` when there is no such provider.
    """
    provider, _, model = name.strip().partition(":")
    known = providers(folder)
    if provider not in known:
        if (spelling := meant(name, known)) is not None:
            raise Invalid(f"There is no model “{name.strip()[:80]}”: it is written as provider:name. {spelling}")
        names = ", ".join(f"{other}:…" if known[other].models != ("",) else other for other in known)
        raise Invalid(
            f"There is no model provider “{provider[:60]}”. A model is written as provider:name; there are {names}."
        )
    return provider, model.strip() or known[provider].models[0]


class Models:
    """The models of one server: its settings, its HTTP clients, what they cost, and each model once."""

    def __init__(self, settings: Settings, timeouts: ModelTimeouts | None = None) -> None:
        self.settings = settings
        self.clients = Clients(settings, timeouts or ModelTimeouts())
        self.prices = Prices(settings)
        self._made: dict[str, Model] = {}
        self._making = asyncio.Lock()

    def resolve(self, name: str, fallbacks: Sequence[str] = ()) -> Model:
        """The model of this name (`openai:gpt-…`, `demo`). Raises `Invalid` with words on what is missing.

        `fallbacks` are asked in their order where it fails before its first word; those that lack something are left
        out, since the first one may well do without them.
        """
        first = self._model(name)
        others = [self._model(other) for other in fallbacks if self.missing(other) is None and other != name]
        if not others:
            return first
        from pydantic_ai.models.fallback import FallbackModel

        return FallbackModel(first, *others)

    async def ready(self, name: str, fallbacks: Sequence[str] = ()) -> Model:
        """`resolve` for a running server: the first model of a vendor brings the vendor's package with it, whose import
        would hold up everybody for a second."""
        if all(one in self._made for one in (name, *fallbacks)):
            return self.resolve(name, fallbacks)
        async with self._making:
            return await asyncio.to_thread(self.resolve, name, fallbacks)

    def cache_key(self, names: Sequence[str], session: str) -> dict[str, str]:
        """A setting that leads a session's requests to where OpenAI has kept its beginning. Empty where one of the
        models may be asked at a compatible server: some refuse what they do not know."""
        kinds = {split(name, self.settings.extensions)[0] for name in names}
        foreign = {"ollama"} | ({"openai-chat"} if self.settings.openai_base_url is not None else set())
        if not kinds & {"openai", "openai-chat"} or kinds & foreign:
            return {}
        # A session's id opens it, so it is not told.
        return {"openai_prompt_cache_key": sha256(session.encode()).hexdigest()[:32]}

    def missing(self, name: str) -> str | None:
        """Why the model of this name cannot be used here, in words; None where it can."""
        try:
            kind, _ = split(name, self.settings.extensions)
        except Invalid as error:
            return error.text
        return providers(self.settings.extensions)[kind].missing(self.settings)

    def _model(self, name: str) -> Model:
        if name not in self._made:
            kind, model = split(name, self.settings.extensions)
            provider = providers(self.settings.extensions)[kind]
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
    for name, provider in providers(settings.extensions).items():
        if provider.is_default_with_key and provider.missing(settings) is None:
            return f"{name}:{provider.models[0]}"
    return "demo"


async def installed(settings: Settings, listed: Sequence[ModelInfo]) -> list[ModelInfo]:
    """What is listed, and what the providers that are set up say that they have; one that does not answer is no longer
    available, and says why."""
    clients = Clients(settings)
    kinds = {one.provider: one.missing for one in listed}
    try:
        offers = await asyncio.gather(
            *(offered(kind, clients) if missing is None else _nothing() for kind, missing in kinds.items())
        )
    finally:
        await clients.close()
    known = {one.name for one in listed}
    made = list(listed)
    for kind, offer in zip(kinds, offers, strict=True):
        if offer is not None and offer.failed is not None:
            words = f"It is set up, but {offer.failed}."
            made = [ModelInfo(one.name, kind, False, words) if one.provider == kind else one for one in made]
        elif offer is not None:
            names = (f"{kind}:{model}" for model in offer.models)
            made += [ModelInfo(name, kind, True) for name in names if name not in known]
    return made


async def _nothing() -> None:
    return None


def catalogue(settings: Settings) -> list[ModelInfo]:
    """What may be chosen here, the default first; models whose provider lacks something say what."""
    offered: dict[str, ModelInfo] = {}
    for kind, provider in providers(settings.extensions).items():
        missing = provider.missing(settings)
        for model in provider.models:
            name = f"{kind}:{model}" if model else kind
            offered[name] = ModelInfo(name, kind, missing is None, missing)
    default = default_model(settings)
    known = providers(settings.extensions)
    if default not in offered and (kind := default.partition(":")[0]) in known:
        missing = known[kind].missing(settings)
        offered[default] = ModelInfo(default, kind, missing is None, missing)
    first = [offered.pop(default)] if default in offered else []
    return [*first, *offered.values()]
