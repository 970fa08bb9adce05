"""The demo model with the real tools: what a newcomer sees first."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from opsloom_protocol.messages import Block, PatchOp, Source
from opsloom_rag.passages import Passage
from opsloom_server.models import forward_events
from opsloom_server.models.demo.asking import wanted
from opsloom_server.models.demo.model import DemoModel
from opsloom_server.tools import OpsloomToolset, ToolContext, load_catalogue, tools_for
from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults
from pydantic_ai.messages import ModelMessage
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import ExternalToolset
from server.models.runs import Deps, Sink

KINDS = ("choices", "form", "table", "chart", "progress")

EMBED = """## On your website

Put one line before `</body>` on every page that should have the chat:

```html
<script src="https://chat.example.com/widget.js" data-assistant="demo" async></script>
```

`data-assistant` is the assistant's slug. See [sites](sites.md) for who may embed it.
"""
SITES = (
    "A public assistant without `sites` may be framed by anyone. With `sites`, only the listed origins may embed it."
)
PAGES = (
    ("Embed the chat \u203a On your website", EMBED),
    ("Embed the chat \u203a Which sites may embed it", SITES),
    ("Backups", "Run `opsloom backup` once a day. It writes one file that holds everything."),
)


class Shelf:
    """Knowledge that gives every passage, whatever is asked."""

    def __init__(self, pages: Sequence[tuple[str, str]] = PAGES) -> None:
        self.pages = pages
        self.asked: list[str] = []

    async def search(self, workspace: str, bases: Sequence[str], query: str, limit: int = 8) -> list[Passage]:
        self.asked.append(query)
        return [
            Passage(
                chunk=f"chk{index}",
                document="doc",
                knowledge_base="kb",
                title=title,
                text=text,
                score=1.0,
                start=0,
                end=len(text),
                page=None,
                url=None,
                cosine=0.5,
                bm25=1.0,
            )
            for index, (title, text) in enumerate(self.pages)
        ]


class TurnSink(Sink):
    """The sink of a turn, tools included."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[str, Block] = {}
        self.patches: list[tuple[str, list[PatchOp]]] = []
        self.sources: list[Source] = []
        self.started: list[str] = []

    async def tool_start(
        self,
        call: str,
        tool: str,
        title: str,
        input: Any,  # noqa: A002
        approval: str | None = None,
    ) -> None:
        self.started.append(tool)

    def tool_progress(self, call: str, done: float | None, total: float | None, note: str | None) -> None:
        pass

    async def tool_end(self, call: str, status: Any, summary: str | None, ms: int, result: Any) -> None:
        assert status == "ok", summary

    def tool_denied(self, *what: Any) -> None:
        raise AssertionError(what)

    async def begin_allowed(self, calls: Sequence[Any]) -> dict[str, str]:
        raise AssertionError(calls)

    async def may_run(self, tool: str) -> bool:
        raise AssertionError(tool)

    def show(self, block: Block) -> Block:
        self.blocks[block.id] = block
        return block

    def patch(self, block_id: str, ops: list[PatchOp]) -> None:
        self.patches.append((block_id, ops))

    def cite(self, source: Source) -> int:
        self.sources.append(source)
        return len(self.sources)


@dataclass
class TurnDeps:
    sink: TurnSink


@dataclass
class Chat:
    """A conversation with the demo model."""

    shelf: Shelf | None = field(default_factory=Shelf)
    kinds: Collection[str] = KINDS
    history: list[ModelMessage] = field(default_factory=list)
    sink: TurnSink = field(default_factory=TurnSink)
    waiting: Any = None

    async def say(self, prompt: str | None, answers: Mapping[str, Any] | None = None) -> str:
        catalogue = load_catalogue()
        bases = ("kb",) if self.shelf else ()
        context = ToolContext(
            workspace="ws",
            session="ses",
            user="usr",
            knowledge=self.shelf,
            knowledge_bases=bases,
            kinds=catalogue.kinds,
            shown={},
        )
        self.sink = TurnSink()
        agent = Agent(DemoModel(0), deps_type=TurnDeps, output_type=[str, DeferredToolRequests])
        tools = tools_for(catalogue, names=(), blocks=self.kinds, knowledge_bases=bases)
        result = await agent.run(
            prompt,
            deps=TurnDeps(self.sink),
            message_history=self.history,
            deferred_tool_results=DeferredToolResults(calls=dict(answers)) if answers else None,
            toolsets=[OpsloomToolset(tools, context)],
            event_stream_handler=forward_events,
        )
        self.history = result.all_messages()
        self.waiting = result.output if isinstance(result.output, DeferredToolRequests) else None
        return self.sink.of("text")


async def test_the_first_question_is_answered_with_the_code_and_its_source() -> None:
    chat = Chat()
    said = await chat.say("How do I embed the chat on my website?")
    assert "```html\n<script src=" in said
    assert said.index("Put one line before `</body>`") < said.index("```html")
    assert "[1]" in said
    assert "demo model" in said
    assert "sites.md" not in said
    assert "backup" not in said.lower()
    assert chat.sink.started == ["search_knowledge"]
    for number in re.findall(r"\[(\d+)\]", said):
        assert int(number) <= len(chat.sink.sources)


async def test_every_quoted_line_stands_in_a_passage() -> None:
    said = await Chat().say("Which sites may embed it?")
    texts = [re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text) for _, text in PAGES]
    quoted = [line.removeprefix("> ") for line in said.splitlines() if line.startswith("> ")]
    assert quoted
    for line in quoted:
        bare = re.sub(r" \[\d\]$", "", line)
        assert any(bare in text for text in texts), line


async def test_code_is_no_quotation() -> None:
    pages = (
        ("Client", "```python\nasync for text in chat.ask('embed the chat on the website'):\n    print(text)\n```"),
    )
    said = await Chat(Shelf((*PAGES, *pages))).say("How do I embed the chat on my website?")
    assert "chat.ask" not in said


async def test_it_says_what_it_is_only_once() -> None:
    chat = Chat()
    assert "demo model" in await chat.say("How do I embed the chat?")
    assert "demo model" not in await chat.say("Which sites may embed the chat?")


async def test_a_question_that_leans_on_the_last_one_is_searched_with_it() -> None:
    chat = Chat()
    await chat.say("How do I embed the chat?")
    await chat.say("And who may do that?")
    assert chat.shelf is not None
    assert chat.shelf.asked == ["How do I embed the chat?", "How do I embed the chat? And who may do that?"]


async def test_what_is_only_near_is_called_so() -> None:
    said = await Chat().say("Can the listed origins embed it over a satellite link?")
    assert said.startswith("The nearest that the documents come to this is")


@pytest.mark.parametrize("pages", [PAGES, ()])
async def test_what_the_documents_do_not_know_is_said(pages: Sequence[tuple[str, str]]) -> None:
    said = await Chat(Shelf(pages)).say("What is the capital of France?")
    assert "say nothing about “What is the capital of France?”" in said
    assert "OPENAI_API_KEY" in said
    assert not re.search(r"\[\d\]", said)


async def test_without_documents_it_says_what_is_missing() -> None:
    said = await Chat(shelf=None, kinds=()).say("How do I embed the chat?")
    assert "no documents yet" in said


@pytest.mark.parametrize("hello", ["hi", "Hello!", "good morning", "Hey there"])
async def test_greeting(hello: str) -> None:
    said = await Chat().say(hello)
    assert "demo model" in said
    assert "How do I embed the chat on my website?" in said


@pytest.mark.parametrize("who", ["Who are you?", "what can you do", "Which model are you?", "are you a bot?", "help"])
async def test_who_it_is_and_how_to_replace_it(who: str) -> None:
    said = await Chat().say(who)
    assert "OPENAI_API_KEY" in said
    assert "search" in said


async def test_everything_it_can_show() -> None:
    chat = Chat()
    said = await chat.say("What can you show?")
    assert {block.kind for block in chat.sink.blocks.values()} == {"table", "chart", "progress"}
    assert len(chat.sink.patches) == 3
    assert "Give me some choices" in said
    assert "Show me a form" in said
    assert chat.waiting is None


@pytest.mark.parametrize("kind", ["table", "chart", "metrics", "map", "layout"])
async def test_one_block(kind: str) -> None:
    chat = Chat(kinds=dict.fromkeys([*KINDS, kind]))
    await chat.say(f"Show me a {kind}, please")
    assert [block.kind for block in chat.sink.blocks.values()] == [kind]


async def test_a_file_that_is_not_there_is_not_shown() -> None:
    chat = Chat(kinds=["image", "notice"])
    await chat.say("What can you show?")
    assert [block.kind for block in chat.sink.blocks.values()] == ["notice"]


@pytest.mark.parametrize("drawn", ["line", "area", "pie"])
async def test_charts_as_they_are_asked_for(drawn: str) -> None:
    chat = Chat()
    await chat.say(f"Draw a {drawn} chart")
    (block,) = chat.sink.blocks.values()
    assert block.data["type"] == drawn


async def test_progress_changes_in_place() -> None:
    chat = Chat()
    said = await chat.say("show me a progress bar")
    (block,) = chat.sink.blocks.values()
    assert [name for name, _ in chat.sink.patches] == [block.id] * 3
    assert "changed in place" in said


@pytest.mark.parametrize(
    "outcome", [{"answer": "Chose: Team.", "values": {"choices": ["team"]}}, "The person went on."]
)
async def test_a_choice_comes_back(outcome: Any) -> None:
    chat = Chat()
    await chat.say("Give me some choices")
    assert chat.waiting is not None
    (call,) = chat.waiting.calls
    assert call.tool_name == "ask_choices"
    said = await chat.say(None, {call.tool_call_id: outcome})
    assert ("You chose **Team**." in said) == isinstance(outcome, dict)
    assert chat.waiting is None


async def test_a_form_comes_back() -> None:
    chat = Chat()
    await chat.say("show me a form")
    (call,) = chat.waiting.calls
    answer = "Book a call: filled in.\nYour name: Ada\nE-mail: ada@example.com"
    said = await chat.say(None, {call.tool_call_id: {"answer": answer, "values": {}}})
    assert "- Your name: Ada" in said


async def test_a_chart_and_then_a_choice() -> None:
    chat = Chat()
    await chat.say("Show me a chart and some choices")
    assert {block.kind for block in chat.sink.blocks.values()} == {"chart", "choices"}
    assert chat.waiting is not None


@pytest.mark.parametrize(
    "question",
    [
        "How do I show a chart from a tool?",
        "Show me how to embed it",
        "show me a table of all limits per minute",
        "What is a form block?",
        "Show me the docs about charts in tools",
        "hi, how do I embed the chat?",
        "Who are the users that may read a session?",
    ],
)
def test_questions_about_blocks_are_questions(question: str) -> None:
    assert wanted(question, KINDS).what == "answer"


async def test_the_same_conversation_gives_the_same_answer() -> None:
    first, second = Chat(), Chat()
    assert await first.say("How do I embed the chat?") == await second.say("How do I embed the chat?")


async def test_its_pace_changes_nothing_but_time() -> None:
    steps = Chat()
    at_once = await steps.say("Hello")
    sink = TurnSink()
    agent = Agent(DemoModel(5_000), deps_type=TurnDeps)
    tools = tools_for(load_catalogue(), names=(), blocks=KINDS, knowledge_bases=("kb",))
    context = ToolContext(
        workspace="ws",
        session="s",
        user="u",
        knowledge=None,
        knowledge_bases=(),
        kinds=load_catalogue().kinds,
        shown={},
    )
    await agent.run(
        "Hello", deps=TurnDeps(sink), toolsets=[OpsloomToolset(tools, context)], event_stream_handler=forward_events
    )
    assert sink.of("text") == at_once
    assert sink.calls > 20


async def test_its_blocks_are_written_piece_by_piece() -> None:
    """As vendors do it, so that a block is seen to grow where nobody has a key."""
    deps = Deps()
    schema = load_catalogue().tools["show_table"].schema()
    tool = ToolDefinition(name="show_table", parameters_json_schema=schema)
    agent: Agent[Deps, Any] = Agent(DemoModel(2_000), deps_type=Deps, output_type=[str, DeferredToolRequests])
    result = await agent.run(
        "Show me a table", deps=deps, toolsets=[ExternalToolset([tool])], event_stream_handler=forward_events
    )
    assert isinstance(result.output, DeferredToolRequests)
    (call,) = result.output.calls
    (written,) = deps.calls.written.values()
    assert written == call.args_as_json_str()
    assert deps.calls.times > 10
    assert "rows" in json.loads(written)
