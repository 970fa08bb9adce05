"""What only Bedrock has: Amazon's credentials, its regions and addresses, and marks of what to cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from opsloom_server.errors import Invalid, Unavailable
from opsloom_server.models import Models, explain
from opsloom_server.settings import Settings
from server.models.runs import MODELS, Deps, run, settings_for
from vendors import HttpError, ScriptedVendor, Text, ToolCall, signing

KINDS = ("bedrock", "bedrock-claude")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_of_bedrocks_own(kind: str, vendor: ScriptedVendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", signing.BEARER)
    vendor.script([Text("Hello.")])
    models = Models(settings_for(vendor))
    assert (await run(await models.ready(MODELS[kind]), Deps())).output == "Hello."
    assert vendor.requests[0].headers["authorization"] == f"Bearer {signing.BEARER}"
    await models.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lack", ["none", "half", "wrong", "profile"])
async def test_credentials_that_are_none(
    kind: str, lack: str, vendor: ScriptedVendor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    more: dict[str, Any] = {}
    match lack:
        case "none":
            monkeypatch.delenv("AWS_ACCESS_KEY_ID")
            monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        case "half":
            monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        case "wrong":
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something/else")
        case _:
            more = {"aws_profile": "nobody"}
    models = Models(settings_for(vendor, **more))
    with pytest.raises(Exception, match=r".") as caught:
        await run(await models.ready(MODELS[kind]), Deps())
    known = explain(caught.value, model=MODELS[kind])
    assert type(known) is Unavailable
    assert "the AWS credentials" in known.text
    await models.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_model_that_is_not_there(kind: str, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([HttpError(400, "The provided model identifier is invalid.")])
    with pytest.raises(Exception, match=r".") as caught:
        await run(await models.ready(MODELS[kind]), Deps())
    known = explain(caught.value, model=MODELS[kind])
    assert type(known) is Invalid
    assert "Choose another" in known.text


def marks(value: Any) -> int:
    """How many places of a request are marked to be cached."""
    if isinstance(value, dict):
        own = sum(key in ("cachePoint", "cache_control") for key in value)
        return own + sum(marks(inner) for inner in value.values())
    return sum(marks(inner) for inner in value) if isinstance(value, list) else 0


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("us.amazon.nova-pro-v1:0", True),
        ("us.meta.llama4-maverick-17b-instruct-v1:0", False),
        ("openai.gpt-oss-120b-1:0", False),
    ],
)
async def test_what_can_be_cached_is_marked(name: str, marked: bool, vendor: ScriptedVendor, models: Models) -> None:
    vendor.script([ToolCall("add", {"a": 1, "b": 2})])
    vendor.script([Text("Three.")])
    assert (await run(await models.ready(f"bedrock:{name}"), Deps())).output == "Three."
    assert [bool(marks(request.body)) for request in vendor.requests] == [marked, marked]
    assert [request.model for request in vendor.requests] == [name, name]


def test_the_address_is_read_under_amazons_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert Settings.from_env().aws_endpoint_url == "http://127.0.0.1:1"
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:2")
    assert Settings.from_env().aws_endpoint_url == "http://127.0.0.1:2"
