"""Chat Completions: OpenAI's older interface, and that of every compatible server (`OPENAI_BASE_URL`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsloom_server.models.clients import Clients
from opsloom_server.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class OpenAIChat:
    name = "openai-chat"
    models = ("gpt-6-luna", "gpt-6.1-terra", "gpt-6.1-sol")
    is_default_with_key = False

    def missing(self, settings: Settings) -> str | None:
        if settings.openai_api_key is None and settings.openai_base_url is None:
            return "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server of your own."
        return None

    def model(self, name: str, clients: Clients) -> Model:
        from pydantic_ai.profiles.openai import OpenAIModelProfile
        from pydantic_ai.providers.openai import OpenAIProvider

        from opsloom_server.models.seam.chat import ChatClient, ChatModel

        settings = clients.settings
        client = ChatClient(
            # Servers of one's own often want none, but the SDK insists on a word.
            api_key=settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none",
            base_url=settings.openai_base_url or "https://api.openai.com/v1",
            max_retries=0,
            timeout=clients.timeout(),
            http_client=clients.http(self.name, settings.openai_base_url),
        )
        client.timeouts = clients.timeouts
        # Few compatible servers take files; they get the text of a PDF instead.
        profile = OpenAIModelProfile(openai_chat_supports_document_input=settings.openai_base_url is None)
        return ChatModel(name, provider=OpenAIProvider(openai_client=client), profile=profile)


provider = OpenAIChat()
