"""Anthropic, through its Messages API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsloom_server.models.clients import Clients
from opsloom_server.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class Anthropic:
    name = "anthropic"
    models = ("claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5")
    is_default_with_key = True

    def missing(self, settings: Settings) -> str | None:
        return None if settings.anthropic_api_key is not None else "Set ANTHROPIC_API_KEY."

    def model(self, name: str, clients: Clients) -> Model:
        from pydantic_ai.profiles.anthropic import AnthropicModelProfile
        from pydantic_ai.providers.anthropic import AnthropicProvider
        from pydantic_ai.settings import ModelSettings

        from opsloom_server.models.seam.messages import MessagesClient, MessagesModel

        settings = clients.settings
        client = MessagesClient(
            api_key=settings.anthropic_api_key.get_secret_value() if settings.anthropic_api_key else "none",
            base_url=settings.anthropic_base_url or "https://api.anthropic.com",
            max_retries=0,
            timeout=clients.timeout(),
            http_client=clients.http(self.name, settings.anthropic_base_url),
        )
        client.timeouts = clients.timeouts
        # Instructions, tools and the conversation so far are kept at the vendor's for five minutes: reading them again
        # costs a tenth. A gateway may not know the newer way, in which the vendor moves the mark by itself.
        return MessagesModel(
            name,
            provider=AnthropicProvider(anthropic_client=client),
            settings=ModelSettings(cache=True),
            profile=AnthropicModelProfile(supports_auto_cache=settings.anthropic_base_url is None),
        )


provider = Anthropic()
