"""Blocks from the model's hand: shown, changed in place, and asked with."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from opsloom_blocks import BLOCKS, act, plain
from opsloom_protocol.codec import decode_server, encode
from opsloom_protocol.frames import BlockRender
from opsloom_protocol.patching import patch
from opsloom_server.store.blocks import Question
from opsloom_server.tools import WITHDRAWN, Catalogue, ToolContext, answered, load_catalogue, tools_for
from opsloom_server.tools.tool import Tool
from pydantic_ai import DeferredToolRequests, DeferredToolResults
from server.tools.recording import Deps, Recorder, Script, agent

PROGRESS = {"title": "Comparing", "stages": [{"label": "Read"}, {"label": "Compare"}]}
CHOICES = {"prompt": "Which?", "options": [{"id": "a", "label": "Apples"}, {"id": "b", "label": "Pears"}]}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def tools(catalogue: Catalogue) -> list[Tool]:
    return tools_for(catalogue, names=[], blocks=list(BLOCKS), knowledge_bases=[])


def test_every_kind_has_a_tool_whose_schema_takes_its_example(tools: list[Tool]) -> None:
    names = [tool.name for tool in tools]
    assert names[:5] == ["ask_choices", "ask_form", "ask_confirm", "show_table", "update_block"]
    assert set(names[3:]) == {"update_block", *(f"show_{kind.kind}" for kind in BLOCKS.values() if not kind.waits)}


async def test_the_model_is_offered_each_kind_with_schema_and_words(tools: list[Tool]) -> None:
    script = Script("hello")
    await agent(script, tools).run("go", deps=Deps(Recorder()))
    for tool in tools:
        offered = script.offered[tool.name]
        jsonschema.Draft202012Validator.check_schema(offered.parameters_json_schema)
        assert offered.parameters_json_schema["type"] == "object"
        assert offered.description == tool.about
    for kind in BLOCKS.values():
        parameters = script.offered[f"{'ask' if kind.waits else 'show'}_{kind.kind}"].parameters_json_schema
        jsonschema.validate(plain(kind.example), parameters)
        assert parameters["examples"] == [plain(kind.example)]


async def test_a_block_is_shown_and_changed_in_place(tools: list[Tool]) -> None:
    first = {"block": "$block", "ops": [{"op": "set", "path": "/stages/0/status", "value": "done"}]}
    second = {"block": "$block", "ops": [{"op": "append", "path": "/stages", "value": {"label": "Write"}}]}
    sink, script = (
        Recorder(),
        Script([("show_progress", PROGRESS)], [("update_block", first)], [("update_block", second)], "ok"),
    )
    await agent(script, tools).run("go", deps=Deps(sink))
    assert sink.names == ["start", "show", "end", "start", "patch", "end", "start", "patch", "end"]
    block = sink.named("show")[0][1]
    data = block.data
    for _, target, ops in sink.named("patch"):
        assert target == block.id
        data = patch(data, ops)
    assert [stage["label"] for stage in data["stages"]] == ["Read", "Compare", "Write"]
    assert data["stages"][0]["status"] == "done"
    assert [part.content["version"] for part in script.heard[1:]] == [2, 3]  # type: ignore[index,call-overload]
    assert [event[3] for event in sink.named("start")] == [None, None, None]  # the block itself says it


async def test_several_calls_at_once_keep_their_order(tools: list[Tool]) -> None:
    sink = Recorder(commit=0.01)
    rows = [{"op": "append", "path": "/rows", "value": {"n": n}} for n in range(3)]
    script = Script(
        [("show_table", {"columns": [{"key": "n", "label": "N", "type": "number"}], "rows": []})],
        [("update_block", {"block": "$block", "ops": [row]}) for row in rows],
        "ok",
    )
    await agent(script, tools).run("go", deps=Deps(sink))
    assert [ops[0].value["n"] for _, _, ops in sink.named("patch")] == [0, 1, 2]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"block": "nowhere", "ops": [{"op": "set", "path": "/title", "value": "x"}]}, "no block with that id"),
        ({"block": "$block", "ops": [{"op": "set", "path": "/title", "value": 5}]}, "/title: Expected str"),
        ({"block": "$block", "ops": [{"op": "set", "path": "/no/where", "value": 5}]}, "nothing at"),
        ({"block": "$block", "ops": [{"op": "remove", "path": "/title"}]}, "required field title"),
        ({"block": "$block", "ops": [{"op": "append", "path": "/title"}]}, "/ops/0/value"),
        ({"block": "$block", "ops": []}, "/ops"),
        ({"block": "$block", "ops": [{"op": "set", "path": "", "value": "all"}]}, "Expected object"),
    ],
)
async def test_a_change_that_does_not_fit_changes_nothing(tools: list[Tool], given: Any, words: str) -> None:
    sink, script = Recorder(), Script([("show_progress", PROGRESS)], [("update_block", given)], "ok")
    await agent(script, tools).run("go", deps=Deps(sink))
    assert "patch" not in sink.names
    assert words in script.words[1]


async def test_a_block_of_the_waiting_answer_can_still_be_changed(tools: list[Tool]) -> None:
    sink, script = Recorder(), Script([("show_progress", PROGRESS)], "one")
    await agent(script, tools).run("go", deps=Deps(sink))
    block = sink.named("show")[0][1]
    change = {"block": block.id, "ops": [{"op": "set", "path": "/note", "value": "more"}]}
    later, script = Recorder(), Script([("update_block", change)], "two")
    context = ToolContext(workspace="ws", shown={block.id: block})
    await agent(script, tools, context).run("go on", deps=Deps(later))
    assert later.names == ["start", "patch", "end"]


async def test_data_that_breaks_a_rule_goes_back_to_the_model(tools: list[Tool]) -> None:
    wrong = {"title": "t", "type": "pie", "labels": ["a"], "series": [{"name": "s", "values": [1, -2]}]}
    sink, script = Recorder(), Script([("show_chart", wrong)], "ok")
    await agent(script, tools).run("go", deps=Deps(sink))
    assert sink.events == []
    assert "/series/0/values: 2 values for 1 labels" in script.words[0]
    assert "from 0 up" in script.words[0]


WRONG = {
    "title": "Orders",
    "type": "bar",
    "labels": ["May", "June"],
    "series": [{"name": "North", "values": [1, "two", None]}],
    "notes": [],
}


async def test_data_that_stay_wrong_are_shown_in_words(tools: list[Tool]) -> None:
    sink, script = Recorder(), Script([("show_chart", WRONG)], [("show_chart", WRONG)], "ok")
    assert (await agent(script, tools).run("go", deps=Deps(sink))).output == "ok"
    assert "/series/0/values/1" in script.words[0]
    assert sink.names == ["start", "show", "end"]
    block = sink.named("show")[0][1]
    assert (block.kind, block.state) == ("text", None)
    lines = ["Orders", "type: bar", "labels:", "  - May", "  - June", "series:", "  - North", "    values:"]
    assert block.fallback.splitlines() == [*lines, "      - 1", "      - two"]
    assert decode_server(encode(BlockRender(seq=1, part=0, block=block))).block == block  # type: ignore[union-attr]
    assert "plain text" in script.words[1]
    assert sink.named("end")[0][1] == "ok"


async def test_a_question_that_stays_wrong_is_asked_in_words(tools: list[Tool]) -> None:
    wrong = {"prompt": "Which?", "options": [{"label": "Apples"}, {"label": "Pears"}]}
    sink, script = Recorder(), Script([("ask_choices", wrong)], [("ask_choices", wrong)], "Tell me.")
    assert (await agent(script, tools).run("go", deps=Deps(sink))).output == "Tell me."
    assert sink.named("show")[0][1].fallback == "Which?\noptions:\n  - Apples\n  - Pears"
    assert "answers in a message" in script.words[1]


@pytest.mark.parametrize(
    ("cut", "text"),
    [
        ('{"title": "Orders", "labels": ["May", "Ju', "Orders\nlabels:\n  - May\n  - Ju"),
        ('["Orders", 5]', "- Orders\n- 5"),
    ],
)
async def test_arguments_that_break_off_are_read_as_far_as_they_go(tools: list[Tool], cut: Any, text: str) -> None:
    sink, script = Recorder(), Script([("show_chart", cut)], [("show_chart", cut)], "ok")
    assert (await agent(script, tools).run("go", deps=Deps(sink))).output == "ok"
    assert sink.named("show")[0][1].fallback == text
    assert "JSON" in script.words[0]


async def test_nothing_to_say_shows_nothing(tools: list[Tool]) -> None:
    sink, script = Recorder(), Script([("show_chart", {})], [("show_chart", {"title": None})], "Sorry.")
    assert (await agent(script, tools).run("go", deps=Deps(sink))).output == "Sorry."
    assert sink.events == []
    assert script.heard[-1].outcome == "failed"


async def test_one_correction_is_enough(tools: list[Tool]) -> None:
    sink, script = Recorder(), Script([("show_progress", {})], [("show_progress", PROGRESS)], "ok")
    await agent(script, tools).run("go", deps=Deps(sink))
    assert sink.named("show")[0][1].kind == "progress"


def test_a_block_that_holds_others_names_them(tools: list[Tool]) -> None:
    (layout,) = [tool for tool in tools if tool.name == "show_layout"]
    named = layout.schema()["$defs"]["Part"]["properties"]["kind"]["enum"]
    assert named == [kind.kind for kind in BLOCKS.values() if not kind.asks]


async def test_a_part_changes_inside_the_whole(tools: list[Tool]) -> None:
    held = {"items": [{"kind": "progress", "data": PROGRESS}]}
    change = {"block": "$block", "ops": [{"op": "set", "path": "/items/0/data/stages/0/status", "value": "done"}]}
    wrong = {"block": "$block", "ops": [{"op": "set", "path": "/items/0/data/stages/0/status", "value": "well"}]}
    sink, script = (
        Recorder(),
        Script([("show_layout", held)], [("update_block", change)], [("update_block", wrong)], "ok"),
    )
    await agent(script, tools).run("go", deps=Deps(sink))
    assert sink.names == ["start", "show", "end", "start", "patch", "end", "start", "end"]
    assert "/items/0/data/stages/0/status" in script.words[2]


async def test_a_question_ends_the_run_and_the_answer_goes_on_with_it(tools: list[Tool]) -> None:
    sink, script = Recorder(), Script([("ask_choices", CHOICES)], "Pears it is.")
    bot = agent(script, tools)
    first = await bot.run("go", deps=Deps(sink))
    requests = first.output
    assert isinstance(requests, DeferredToolRequests)
    assert sink.names == ["start", "show", "end"]
    block = sink.named("show")[0][1]
    assert block.state is not None
    assert block.state.status == "open"
    assert encode(BlockRender(seq=1, part=0, block=block))
    (call,) = requests.calls
    assert requests.metadata[call.tool_call_id] == {
        "block": block.id,
        "kind": "choices",
        "question": Question(call=call.tool_call_id),
    }
    assert requests.kind(call.tool_call_id) == "question"

    acted = act(block, "choose", {"choices": ["b"]})
    results = DeferredToolResults(calls={call.tool_call_id: answered(acted)})
    second = await bot.run(deps=Deps(sink), message_history=first.all_messages(), deferred_tool_results=results)
    assert second.output == "Pears it is."
    assert script.heard[0].content == {"answer": "Chose: Pears.", "values": {"choices": ["b"]}}
    assert sink.names == ["start", "show", "end"]


async def test_two_questions_at_once_beside_a_block(tools: list[Tool]) -> None:
    form = {"title": "Who?", "fields": [{"name": "name", "label": "Name"}]}
    sink = Recorder()
    script = Script([("ask_choices", CHOICES), ("show_progress", PROGRESS), ("ask_form", form)], "thanks")
    bot = agent(script, tools)
    first = await bot.run("go", deps=Deps(sink))
    assert [block.kind for _, block in sink.named("show")] == ["choices", "progress", "form"]
    assert [first.output.metadata[call.tool_call_id]["kind"] for call in first.output.calls] == ["choices", "form"]
    calls: dict[str, Any] = {call.tool_call_id: WITHDRAWN for call in first.output.calls}
    second = await bot.run(
        deps=Deps(sink), message_history=first.all_messages(), deferred_tool_results=DeferredToolResults(calls=calls)
    )
    assert second.output == "thanks"
