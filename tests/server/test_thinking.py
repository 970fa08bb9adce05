"""An assistant that is to think: its vendor is asked to, and what was thought is shown apart from what was said."""

from typing import Any

import pytest
from msgspec.structs import replace
from opsloom_server.store import assistants
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from stage import Stage
from stage.server import SCRIPTED
from vendors import Reasoning, Text


@pytest.mark.parametrize(
    ("model", "settings", "asked"),
    [
        ("anthropic:claude-sonnet-5-5", {"thinking": "low"}, ("thinking", "type", "adaptive")),
        (
            "openai:gpt-6-luna",
            {"thinking": "low", "openai_reasoning_summary": "auto"},
            ("reasoning", "summary", "auto"),
        ),
    ],
)
async def test_thinking_is_asked_for_and_shown(
    stage: Stage, model: str, settings: dict[str, Any], asked: tuple[str, str, str]
) -> None:
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        spec = replace(SCRIPTED, slug="thinker", model=model, model_settings=settings, blocks=())
        await assistants.create(connection, DEFAULT_WORKSPACE, spec)
    stage.vendor.script([Reasoning("Six by seven."), Text("42.")])
    async with stage.client("thinker") as client:
        await client.ask("send", text="What is it?")
        end = await client.until("turn.end", seconds=30)
        assert [(part["type"], part["text"]) for part in end["message"]["parts"]] == [
            ("reasoning", "Six by seven."),
            ("text", "42."),
        ]
        field, name, value = asked
        assert stage.vendor.requests[0].body[field][name] == value
        # What was thought goes back with the next question, where the vendor wants it.
        await client.ask("send", text="Sure?")
        assert (await client.until("turn.end"))["status"] == "done"
