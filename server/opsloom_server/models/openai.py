"""OpenAI, through its Responses API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsloom_server.models.clients import Clients
from opsloom_server.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class OpenAI:
    name = "openai"
    models = ("gpt-6-luna", "gpt-6.1-terra", "gpt-6.1-sol")
    is_default_with_key = True

    def missing(self, settings: Settings) -> str | None:
        return None if settings.openai_api_key is not None else "Set OPENAI_API_KEY."

    def model(self, name: str, clients: Clients) -> Model:
        from pydantic_ai.providers.openai import OpenAIProvider

        from opsloom_server.models.seam.responses import ResponsesClient, ResponsesModel

        settings = clients.settings
        client = ResponsesClient(
            api_key=settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none",
            base_url=settings.openai_base_url or "https://api.openai.com/v1",
            max_retries=0,
            timeout=clients.timeout(),
            http_client=clients.http(self.name, settings.openai_base_url),
        )
        client.timeouts = clients.timeouts
        return ResponsesModel(name, provider=OpenAIProvider(openai_client=client))


provider = OpenAI()
