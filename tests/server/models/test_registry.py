"""The list of providers: one contract for every entry, and how a name becomes a model."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import Any

import pytest
from opsloom_server.errors import Invalid
from opsloom_server.models import (
    PROVIDERS,
    Models,
    Provider,
    catalogue,
    close_models,
    default_model,
    providers,
    resolve,
)
from opsloom_server.models.clients import Clients, is_loopback
from opsloom_server.models.registry import split
from opsloom_server.settings import Settings
from pydantic_ai.models import Model
from server.models.runs import Deps, run, settings_for
from vendors import ScriptedVendor, Text

BARE = Settings(
    openai_api_key=None,
    openai_base_url=None,
    anthropic_api_key=None,
    anthropic_base_url=None,
    ollama_base_url=None,
    aws_region=None,
    model=None,
)


def bare(**more: Any) -> Settings:
    return BARE.model_copy(update=more)


@pytest.mark.parametrize("name", PROVIDERS)
class TestContract:
    """Runs for every entry of the table."""

    def test_describes_itself(self, name: str) -> None:
        provider: Provider = providers()[name]
        assert provider.name == name
        assert provider.models
        assert split(name) == (name, provider.models[0])

    def test_says_what_is_missing(self, name: str) -> None:
        missing = providers()[name].missing(BARE)
        assert missing is None or missing.startswith("Set ")
        if missing:
            with pytest.raises(Invalid) as caught:
                Models(BARE).resolve(name)
            assert missing in caught.value.text

    async def test_makes_a_model_without_a_request(self, name: str, vendor: ScriptedVendor) -> None:
        models = Models(settings_for(vendor, aws_region="eu-central-1"))
        made = models.resolve(name)
        assert isinstance(made, Model)
        assert models.resolve(name) is made
        assert vendor.requests == []
        await models.close()

    async def test_answers(self, name: str, vendor: ScriptedVendor) -> None:
        vendor.script([Text("Hello to you.")])
        models = Models(settings_for(vendor, aws_region="eu-central-1", demo_words_per_second=0))
        deps = Deps()
        if name == "bedrock":  # nothing here speaks AWS's binary event stream; what it builds is checked above
            await models.close()
            return
        result = await run(models.resolve(name), deps, "hello")
        assert result.output == deps.sink.of("text") != ""
        await models.close()


@pytest.mark.parametrize(
    ("name", "word"),
    [("gpt-4", "provider:name"), ("nobody:x", "nobody"), ("", "provider:name"), ("openai", "OPENAI_API_KEY")],
)
def test_names_that_lead_nowhere(name: str, word: str) -> None:
    with pytest.raises(Invalid) as caught:
        Models(BARE).resolve(name)
    assert word in caught.value.text


def test_the_default_is_the_first_vendor_with_a_key() -> None:
    assert default_model(BARE) == "demo"
    assert default_model(bare(anthropic_api_key="k")).startswith("anthropic:")
    assert default_model(bare(anthropic_api_key="k", openai_api_key="k")).startswith("openai:")
    assert default_model(bare(openai_base_url="http://127.0.0.1:1/v1")) == "demo"
    assert default_model(bare(model="ollama:qwen3", openai_api_key="k")) == "ollama:qwen3"


def test_the_catalogue_says_what_is_missing() -> None:
    offered = {model.name: model for model in catalogue(BARE)}
    assert offered["demo"].available
    assert next(iter(offered)) == "demo"
    assert not offered["openai:gpt-6-luna"].available
    assert offered["openai:gpt-6-luna"].missing == "Set OPENAI_API_KEY."
    own = catalogue(bare(model="openai-chat:mine", openai_base_url="http://127.0.0.1:1/v1"))
    assert own[0].name == "openai-chat:mine"
    assert own[0].available


async def test_the_free_function_keeps_one_model_a_loop(vendor: ScriptedVendor) -> None:
    settings = settings_for(vendor)
    assert resolve("openai:m", settings) is resolve("openai:m", settings)
    await close_models()


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:1/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://127.0.0.1.evil.example", False),
        (None, False),
    ],
)
def test_what_is_this_machine(url: str | None, here: bool) -> None:
    assert is_loopback(url) is here


async def test_proxies_of_the_environment_are_not_used_for_loopback(
    vendor: ScriptedVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        models = Models(settings_for(vendor))
        result = await run(models.resolve("openai-chat:m"), Deps(), "hi")
        await models.close()
    assert result.output == "You said: hi"


async def test_the_key_goes_to_the_vendor_and_nowhere_else(vendor: ScriptedVendor, models: Models) -> None:
    await run(models.resolve("openai:m"), Deps())
    await run(models.resolve("anthropic:m"), Deps())
    assert vendor.requests[0].headers["authorization"] == "Bearer sk-test-openai"
    assert vendor.requests[1].headers["authorization"] == "Bearer sk-test-anthropic"
    assert "sk-test" not in repr(Clients(settings_for(vendor)))


def test_importing_the_list_imports_no_vendor() -> None:
    code = (
        "import sys, opsloom_server.models as m; m.providers();"
        "print([n for n in ('openai', 'anthropic', 'boto3', 'aiobotocore') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
