"""The list of providers: one contract for every entry, and how a name becomes a model."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from opsloom_server.errors import Invalid, StartupError
from opsloom_server.models import (
    PROVIDERS,
    Models,
    ModelTimeouts,
    Provider,
    catalogue,
    default_model,
    providers,
)
from opsloom_server.models.clients import Clients, is_loopback
from opsloom_server.models.registry import split
from opsloom_server.models.seam.model import Retries, Seam
from opsloom_server.settings import Settings
from pydantic_ai.models import Model
from server.models.runs import Deps, run, settings_for
from vendors import HttpError, ScriptedVendor, Stall, Text

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
        models = Models(settings_for(vendor))
        made = await models.ready(name)
        assert isinstance(made, Model)
        assert await models.ready(name) is made
        assert vendor.requests == []
        await models.close()

    async def test_answers(self, name: str, vendor: ScriptedVendor) -> None:
        vendor.script([Text("Hello to you.")])
        models = Models(settings_for(vendor, demo_words_per_second=0))
        deps = Deps()
        result = await run(await models.ready(name), deps, "hello")
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


@pytest.mark.parametrize("error", [HttpError(529), HttpError(401), Stall()])
async def test_a_fallback_answers_where_the_first_model_fails(vendor: ScriptedVendor, error: HttpError | Stall) -> None:
    vendor.script([error], request=0)
    vendor.script([Text("The other one speaks, quite at length.", delay=0.005)])
    models = Models(settings_for(vendor), ModelTimeouts(first_token=0.3, gap=5))
    model = await models.ready("anthropic:a", ["nobody:x", "openai:b"])
    for one in (await models.ready("anthropic:a"), await models.ready("openai:b")):
        assert isinstance(one, Seam)
        one.retries = Retries(tries=1)
    deps = Deps()
    result = await run(model, deps)
    assert result.output == "The other one speaks, quite at length."
    assert deps.sink.parts == [("text", result.output)]
    assert deps.sink.calls > 3
    assert [request.body["model"] for request in vendor.requests] == ["a", "b"]
    await models.close()


EXTENSION = """
from pydantic_ai.models.test import TestModel

class Parrot:
    name = "parrot"
    models = ("green",)
    is_default_with_key = False

    def missing(self, settings):
        return None

    def model(self, name, clients):
        return TestModel(custom_output_text=f"{name} says hello")

MODELS = [Parrot()]
"""


async def test_a_provider_from_outside(tmp_path: Path) -> None:
    (tmp_path / "parrot.py").write_text(EXTENSION)
    settings = bare(extensions=tmp_path)
    models = Models(settings)
    deps = Deps()
    await run(await models.ready("parrot"), deps)
    assert deps.sink.of("text") == "green says hello"
    assert "parrot:green" in {model.name for model in catalogue(settings)}
    await models.close()


@pytest.mark.parametrize("source", ["MODELS = [1]", "MODELS = 1", EXTENSION.replace("parrot", "openai"), "boom("])
def test_a_provider_that_is_none(tmp_path: Path, source: str) -> None:
    (tmp_path / "broken.py").write_text(source)
    with pytest.raises(StartupError):
        Models(bare(extensions=tmp_path)).resolve("demo")


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
        result = await run(await models.ready("openai-chat:m"), Deps(), "hi")
        await models.close()
    assert result.output == "You said: hi"


async def test_the_key_goes_to_the_vendor_and_nowhere_else(vendor: ScriptedVendor, models: Models) -> None:
    await run(await models.ready("openai:m"), Deps())
    await run(await models.ready("anthropic:m"), Deps())
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


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("gpt-6-luna", "openai:gpt-6-luna"),
        ("o5-mini", "openai:o5-mini"),
        ("claude-sonnet-5-5", "anthropic:claude-sonnet-5-5"),
        ("Claude:claude-haiku-5-5", "anthropic:claude-haiku-5-5"),
        ("llama3.3", "ollama:llama3.3"),
        ("llama3.3:70b", "ollama:llama3.3:70b"),
        ("gpt-oss:20b", "ollama:gpt-oss:20b"),
        ("us.anthropic.claude-opus-5-5", "bedrock:us.anthropic.claude-opus-5-5"),
        ("opneai:gpt-6-luna", "openai:gpt-6-luna"),
        ("OpenAI:gpt-6-luna", "openai:gpt-6-luna"),
        ("vllm:my-model", "openai-chat:my-model"),
    ],
)
def test_a_name_that_people_know_is_told_its_right_spelling(written: str, spelling: str) -> None:
    with pytest.raises(Invalid) as refused:
        split(written)
    assert f"Did you mean “{spelling}”" in refused.value.text
