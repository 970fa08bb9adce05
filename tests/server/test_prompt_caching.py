"""What is sent in one turn is the beginning of what is sent in the next, so that vendors need not read it again."""

import json
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace
from opsloom_server.store import assistants
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from stage import Stage
from stage.server import SCRIPTED
from vendors import Text, ToolCall, Usage

TABLE = ToolCall("show_table", {"columns": [{"key": "a", "label": "A", "type": "text"}], "rows": [{"a": "one"}]})


def without_marks(value: Any) -> Any:
    """The same without `cache_control`, which moves on with the conversation and is no part of what is kept."""
    if isinstance(value, dict):
        return {name: without_marks(one) for name, one in value.items() if name != "cache_control"}
    return [without_marks(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("model", ["openai-chat:scripted", "openai:scripted", "anthropic:scripted"])
async def test_two_turns_share_their_beginning(stage: Stage, model: str) -> None:
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        await assistants.create(connection, DEFAULT_WORKSPACE, replace(SCRIPTED, slug="vendor", model=model))
    stage.vendor.script([Text("A table. "), TABLE])
    stage.vendor.script([Text("That was it."), Usage(input=2000, output=4, cached=1500)])
    async with stage.client("vendor") as client:
        await client.ask("send", text="A table, please")
        end = await client.until("turn.end")
        assert end["message"]["usage"]["cached_tokens"] == 1500
        await client.ask("send", text="Thank you")
        await client.until("turn.end")
    # From the database too, where nothing is at hand.
    async with stage.client(session=client.session) as again:
        await again.ask("send", text="Good-bye")
        await again.until("turn.end")
    bodies = [request.body for request in stage.vendor.requests]
    assert len(bodies) == 4
    for body, following in pairwise(bodies):
        said = "input" if "input" in body else "messages"
        assert {**body, said: None, "instructions": None} == {**following, said: None, "instructions": None}
        assert body.get("instructions") == following.get("instructions")
        first, second = json.dumps(without_marks(body[said])), json.dumps(without_marks(following[said]))
        assert second.startswith(first[:-1])  # all but the bracket that ends it
        assert len(second) > len(first)


async def test_anthropic_keeps_instructions_tools_and_the_last_message(stage: Stage) -> None:
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        spec = replace(SCRIPTED, slug="vendor", model="anthropic:scripted")
        await assistants.create(connection, DEFAULT_WORKSPACE, spec)
        spec = replace(spec, slug="plain", model_settings={"cache": False})
        await assistants.create(connection, DEFAULT_WORKSPACE, spec)
    for slug in ("vendor", "plain"):
        async with stage.client(slug) as client:
            await client.ask("send", text="Hello")
            await client.until("turn.end")
    body, plain = (request.body for request in stage.vendor.requests)
    assert body["system"][-1]["cache_control"]["type"] == "ephemeral"
    assert body["tools"][-1]["cache_control"]["type"] == "ephemeral"
    assert body["messages"][-1]["content"][-1]["cache_control"]["type"] == "ephemeral"
    assert "cache_control" not in str(plain)


async def test_a_session_has_a_key_of_its_own_at_openai_and_nobody_elses_server_gets_one(stage: Stage) -> None:
    models = stage.parts.models
    one, other = models.cache_key(["openai:a"], "ses_1"), models.cache_key(["openai:a"], "ses_2")
    assert one == models.cache_key(["openai:b", "anthropic:c"], "ses_1")
    assert one.keys() == {"openai_prompt_cache_key"}
    assert one != other
    assert "ses_1" not in str(one)
    assert models.cache_key(["openai-chat:a"], "ses_1") == {}  # OPENAI_BASE_URL is set here
    assert models.cache_key(["openai:a", "ollama:b"], "ses_1") == {}
