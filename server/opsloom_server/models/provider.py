"""What a model provider is. `docs/models-adding.md` adds one from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from opsloom_server.models.clients import Clients
from opsloom_server.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class ModelInfo(Struct, omit_defaults=True, frozen=True):
    """A model that may be chosen. `missing` says in words what has to be set before it can be used."""

    name: str
    provider: str
    available: bool
    missing: str | None = None


class Provider(Protocol):
    """A vendor, or a way to reach several. Importing its module is cheap; the vendor's SDK is imported in `model`."""

    name: str
    """What stands before the colon in a model's name."""
    models: tuple[str, ...]
    """Names to offer, without the provider's; the first is used where a person only set a key. Others work too."""
    is_default_with_key: bool
    """Whether the provider may be the default as soon as nothing is missing."""

    def missing(self, settings: Settings) -> str | None:
        """What has to be set before the provider can be used, in words for whoever runs the server; None = nothing."""
        ...

    def model(self, name: str, clients: Clients) -> Model:
        """The model of this name. Called only when nothing is missing; makes no request."""
        ...
