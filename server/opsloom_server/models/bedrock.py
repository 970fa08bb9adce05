"""Amazon Bedrock. Claude goes over Anthropic's own interface there, every other model over Converse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsloom_server.models.clients import Clients
from opsloom_server.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class Bedrock:
    name = "bedrock"
    models = (
        "global.anthropic.claude-sonnet-5-5",
        "us.meta.llama4-maverick-17b-instruct-v1:0",
        "openai.gpt-oss-120b-1:0",
        "us.amazon.nova-pro-v1:0",
    )
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
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.settings import ModelSettings

    from opsloom_server.models.bedrock_runtime import BedrockRuntime
    from opsloom_server.models.seam.bedrock_claude import BedrockMessagesClient, BedrockMessagesModel

    settings = clients.settings
    client = BedrockMessagesClient(
        aws_region=settings.aws_region,
        base_url=settings.aws_endpoint_url,
        max_retries=0,
        timeout=clients.timeout(),
        http_client=clients.http("bedrock", settings.aws_endpoint_url),
    )
    client.timeouts = clients.timeouts
    client.runtime = clients.own(BedrockRuntime)
    return BedrockMessagesModel(
        name, provider=AnthropicProvider(anthropic_client=client), settings=ModelSettings(cache=True)
    )


def _converse(name: str, clients: Clients) -> Model:
    from pydantic_ai.providers.bedrock import BedrockProvider
    from pydantic_ai.settings import ModelSettings

    from opsloom_server.models.bedrock_runtime import BedrockRuntime
    from opsloom_server.models.seam.converse import ConverseModel

    # In place of boto3's client, whose names it has; what it lacks is not asked for.
    runtime: Any = clients.own(BedrockRuntime)
    # The framework marks what to cache for the models that can, and leaves it out for the others.
    model = ConverseModel(name, provider=BedrockProvider(bedrock_client=runtime), settings=ModelSettings(cache=True))
    model.timeouts = clients.timeouts
    return model


provider = Bedrock()
