"""Ollama: models on a machine of one's own, through its Chat Completions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsloom_server.models.clients import Clients
from opsloom_server.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class Ollama:
    name = "ollama"
    models = ("qwen3", "llama3.3", "gpt-oss")
    is_default_with_key = False

    def missing(self, settings: Settings) -> str | None:
        if settings.ollama_base_url is None:
            return "Set OLLAMA_BASE_URL, for example to http://127.0.0.1:11434/v1."
        return None

    def model(self, name: str, clients: Clients) -> Model:
        from pydantic_ai.providers.ollama import OllamaProvider

        from opsloom_server.models.seam.chat import ChatClient, OllamaChatModel

        base_url = (clients.settings.ollama_base_url or "").rstrip("/")
        client = ChatClient(
            api_key="none",  # Ollama asks for none; the SDK insists on a word
            # People copy the address that Ollama prints, which lacks the path of the compatible interface.
            base_url=base_url if base_url.endswith("/v1") else f"{base_url}/v1",
            max_retries=0,
            timeout=clients.timeout(),
            http_client=clients.http(self.name, base_url),
        )
        client.timeouts = clients.timeouts
        return OllamaChatModel(name, provider=OllamaProvider(openai_client=client))


provider = Ollama()
