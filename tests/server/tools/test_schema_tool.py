"""Tools that are described by JSON Schema alone: what the model is told, what it hears when it is wrong, what a schema
from outside cannot do."""

import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import pytest
from opsloom_blocks import BlockError
from opsloom_server.errors import Invalid
from opsloom_server.tools import Result, SchemaTool, ToolContext, ToolEvent
from opsloom_server.tools.approving import binding
from opsloom_server.tools.schema_tool import unchecked_patterns
from server.tools.recording import Deps, Recorder, Script, agent

ORDER = {
    "properties": {
        "order": {"type": "integer", "minimum": 1, "description": "the order's number"},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
        "to": {"$ref": "#/$defs/place"},
    },
    "required": ["order"],
    "additionalProperties": False,
    "$defs": {"place": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}


class Described(SchemaTool):
    name, title, about = "find_order", "Find the order", "Finds an order."

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__(schema)
        self.ran: list[Any] = []

    async def run(self, args: dict[str, Any], context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        self.ran.append(args)
        yield Result({"order": args["order"]})


async def test_the_schema_is_what_the_model_is_told_and_a_dict_is_what_runs() -> None:
    tool, sink = Described(ORDER), Recorder()
    args = {"order": 3, "code": "AB-1", "to": {"city": "Bern"}}
    script = Script([("find_order", args)], "done")
    assert (await agent(script, [tool]).run("go", deps=Deps(sink))).output == "done"
    assert tool.ran == [args]
    assert sink.events[0] == ("start", "find_order", "Find the order", args)
    assert script.offered["find_order"].parameters_json_schema == {"type": "object", **ORDER}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "'order' is a required property"),
        ({"order": "x"}, "/order: 'x' is not of type 'integer'"),
        ({"order": 0}, "/order: 0 is less than the minimum of 1"),
        ({"order": 1, "code": "ab"}, "/code"),
        ({"order": 1, "to": {}}, "/to: 'city' is a required property"),
        ({"order": 1, "ordr": 2}, "'ordr' was unexpected"),
        ({"order": 1, "code": "AB-1\0"}, "NUL"),
        ('{"order": ', "not JSON"),
    ],
)
async def test_wrong_arguments_go_back_to_the_model_and_start_nothing(wrong: Any, words: str) -> None:
    tool, sink, script = (
        Described(ORDER),
        Recorder(),
        Script([("find_order", wrong)], [("find_order", {"order": 1})], "done"),
    )
    run = await agent(script, [tool]).run("go", deps=Deps(sink))
    assert tool.ran == [{"order": 1}]
    assert sink.names == ["start", "end"]
    assert words in str([getattr(part, "content", None) for part in run.all_messages()[2].parts])


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array"}, "must describe an object"),
        ({"properties": {"a": {"type": "text"}}}, "is not JSON Schema"),
        ({"properties": {"a": {"$ref": "http://127.0.0.1:9/schema"}}}, "refers to"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "refers to"),
        ({"description": "x" * 70_000}, "larger than"),
        ({"description": "\0"}, "NUL"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_in_words(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        Described(schema)


def test_a_schema_that_is_nested_without_end_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(200):
        schema = {"properties": {"a": schema}}
    with pytest.raises(Invalid, match="nested deeper"):
        Described(schema)


@pytest.mark.parametrize(
    "rule",
    [
        {"a": {"type": "string", "pattern": "^(a+)+$"}},
        {"a": {"type": "string", "pattern": "^(?=(a+)+$)b"}},
        {"a": {"patternProperties": {"^(a+)+$": {"type": "string"}}}},
    ],
)
def test_no_pattern_of_a_schema_holds_the_server_up(rule: dict[str, Any]) -> None:
    tool = Described({"properties": rule})
    started = time.process_time()
    for value in ("a" * 60 + "!", {"a" * 60 + "!": 1}):
        with suppress(BlockError):
            tool.read({"a": value})
    assert time.process_time() - started < 1.0


def test_patterns_that_are_not_checked_are_known() -> None:
    schema = {"properties": {"a": {"pattern": "^(?=x)"}, "b": {"items": [{"pattern": "^x$"}, {"pattern": "(x)\\1"}]}}}
    assert unchecked_patterns(schema) == ["^(?=x)", "(x)\\1"]


def test_a_schema_that_leads_in_circles_is_an_issue_and_no_crash() -> None:
    with pytest.raises(BlockError, match="schema is at fault"):
        Described({"$ref": "#"}).read({})
    with pytest.raises(BlockError, match="schema is at fault"):
        Described({"properties": {"a": {"$ref": "#/$defs/absent"}}}).read({"a": 1})


def test_an_approval_is_for_the_tool_as_it_was() -> None:
    tool, other, context = Described(ORDER), Described(ORDER), ToolContext(workspace="ws")
    assert binding(tool, {"order": 1}, context) == binding(other, {"order": 1}, context)
    other.edition = "2"
    assert binding(tool, {"order": 1}, context) != binding(other, {"order": 1}, context)
