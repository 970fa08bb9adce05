"""`search_knowledge`: what it cites, what the model reads, and what happens when nothing is found."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from opsloom_rag.knowledge import Knowledge
from opsloom_rag.passages import Passage
from opsloom_server.tools import Finder, ToolContext, load_catalogue, tools_for
from server.tools.recording import Deps, Recorder, Script, agent

TEXT = "Intro. Passwords last for ninety days. After that you choose a new one."


def passage(number: int) -> Passage:
    return Passage(
        chunk=f"chk_{number}",
        document="doc_1",
        knowledge_base="kb_1",
        title="Handbook",
        text=TEXT,
        score=1.0,
        start=100,
        end=100 + len(TEXT),
        page=3,
        url="https://example.com/handbook",
    )


@dataclass
class Shelf:
    found: list[Passage]
    asked: list[tuple[str, tuple[str, ...], str]] = field(default_factory=list)

    async def search(self, workspace: str, knowledge_bases: Sequence[str], query: str, limit: int = 8) -> list[Passage]:
        self.asked.append((workspace, tuple(knowledge_bases), query))
        return self.found[:limit]


def finder(knowledge: Knowledge) -> Finder:
    """The real one fits the seam; the type checker is the test."""
    return knowledge


async def search(shelf: Shelf, *queries: str) -> tuple[Recorder, Script]:
    tools = tools_for(load_catalogue(), names=[], blocks=[], knowledge_bases=["kb_1"])
    sink, script = (
        Recorder(),
        Script(*[[("search_knowledge", {"query": query})] for query in queries], "Ninety days [1]."),
    )
    context = ToolContext(workspace="ws_7", knowledge=shelf, knowledge_bases=("kb_1",))
    await agent(script, tools, context).run("How long do passwords last?", deps=Deps(sink))
    return sink, script


async def test_passages_are_cited_and_numbered_for_the_model() -> None:
    shelf = Shelf([passage(1), passage(2)])
    sink, script = await search(shelf, "How long do passwords last?")
    assert shelf.asked == [("ws_7", ("kb_1",), "How long do passwords last?")]
    assert sink.events[0] == ("start", "search_knowledge", "Search the documents", {"query": shelf.asked[0][2]})
    assert sink.events[1][3] == "Looking for “How long do passwords last?”"
    source = sink.named("cite")[0][1]
    assert (source.document, source.chunk, source.page, source.url) == ("doc_1", "chk_1", 3, passage(1).url)
    assert "ninety days" in source.quote
    assert TEXT[source.start - 100 : source.end - 100] == source.quote
    heard = script.heard[0].content
    assert isinstance(heard, dict)
    assert [found["number"] for found in heard["passages"]] == [1, 2]
    assert heard["passages"][0] == {"number": 1, "title": "Handbook", "text": TEXT, "quote": source.quote}
    assert "[number]" in heard["instruction"]
    assert sink.events[-1][:3] == ("end", "ok", "2 passages found")


async def test_a_passage_found_again_keeps_its_number() -> None:
    sink, script = await search(Shelf([passage(1)]), "passwords", "ninety days")
    assert sink.events[-1][2] == "1 passage found"
    assert [part.content["passages"][0]["number"] for part in script.heard] == [1, 1]  # type: ignore[index,call-overload]


async def test_nothing_found_is_said() -> None:
    sink, script = await search(Shelf([]), "dragons")
    assert sink.events[-1][2] == "Nothing found"
    assert "Nothing was found" in script.words[0]
    assert "cite" not in sink.names


async def test_an_empty_question_is_not_asked() -> None:
    shelf = Shelf([passage(1)])
    sink, script = await search(shelf, "")
    assert shelf.asked == []
    assert sink.events == []
    assert "/query" in script.words[0]
