"""Amazon Bedrock. Claude goes over its own asynchronous client; every other model over boto3 in threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsloom_server.models.clients import Clients
from opsloom_server.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class Bedrock:
    name = "bedrock"
    models = ("global.anthropic.claude-sonnet-5-5", "us.amazon.nova-pro-v1:0")
    is_default_with_key = False

    def missing(self, settings: Settings) -> str | None:
        if settings.aws_region is None:
            return (
                "Set AWS_REGION, and credentials where AWS programs find them (AWS_PROFILE, AWS_ACCESS_KEY_ID, a role)."
            )
        return None

    def model(self, name: str, clients: Clients) -> Model:
        return _claude(name, clients) if "anthropic.claude" in name else _converse(name, clients)


def _claude(name: str, clients: Clients) -> Model:
    from anthropic import AsyncAnthropicBedrock
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.settings import ModelSettings

    from opsloom_server.models.seam.model import Seam

    # Bedrock frames its stream in its own binary format, so there is nothing for our reader here; retries are the same.
    class BedrockClaude(Seam, AnthropicModel):
        """Claude, at Bedrock."""

    settings = clients.settings
    client = AsyncAnthropicBedrock(
        aws_region=settings.aws_region,
        aws_profile=settings.aws_profile,
        max_retries=0,
        timeout=clients.timeout(),
        http_client=clients.http("bedrock", None),
    )
    limits = clients.timeouts
    return BedrockClaude(
        name,
        provider=AnthropicProvider(anthropic_client=client),
        settings=ModelSettings(request_timeout=limits.total, first_event_timeout=limits.first_token),
    )


def _converse(name: str, clients: Clients) -> Model:
    from pydantic_ai.models.bedrock import BedrockConverseModel
    from pydantic_ai.providers.bedrock import BedrockProvider
    from pydantic_ai.settings import ModelSettings

    limits = clients.timeouts
    settings = clients.settings
    provider = BedrockProvider(
        region_name=settings.aws_region,
        profile_name=settings.aws_profile,
        aws_read_timeout=limits.first_token,
        aws_connect_timeout=limits.connect,
    )
    return BedrockConverseModel(
        name,
        provider=provider,
        settings=ModelSettings(request_timeout=limits.total, first_event_timeout=limits.first_token),
    )


provider = Bedrock()
