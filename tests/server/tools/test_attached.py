"""Tools that a workspace attaches: which one a name means, and what counts as text from outside."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from opsloom_protocol.messages import ToolPart
from opsloom_server.tools import (
    AttachedTools,
    Result,
    Tool,
    ToolContext,
    ToolEvent,
    describe_tools,
    load_catalogue,
    tools_for,
)
from opsloom_server.tools.outside import Outside


class Nothing(Struct):
    pass


class Made(Tool):
    about = "Made in the workspace."
    arguments = Nothing
    origin = "http"

    def __init__(self, name: str, title: str = "", *, called: str | None = None, untrusted: bool = True) -> None:
        self.name, self.title, self.untrusted, self._given_as = called or name, title, untrusted, name

    @property
    def given_as(self) -> str:
        return self._given_as

    async def run(self, args: Any, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        yield Result(None)


class Few:
    def __init__(self, *tools: Tool) -> None:
        self.tools = {tool.given_as: tool for tool in tools}
        self.asked: list[Sequence[str]] = []

    async def find(self, workspace: str, names: Sequence[str]) -> Mapping[str, Tool]:
        self.asked.append(names)
        return {name: self.tools[name] for name in names if name in self.tools}

    async def listed(self, workspace: str) -> Sequence[Tool]:
        return list(self.tools.values())


async def test_the_first_that_knows_a_name_gives_the_tool() -> None:
    one, two = Few(Made("orders", "one")), Few(Made("orders", "two"), Made("stock", "two"))
    both = AttachedTools(one, two)
    found = await both.find("ws", ["orders", "stock", "gone"])
    assert {name: tool.title for name, tool in found.items()} == {"orders": "one", "stock": "two"}
    assert two.asked == [["stock", "gone"]]
    assert [tool.title for tool in await both.listed("ws")] == ["one", "two"]
    assert await AttachedTools().find("ws", ["orders"]) == {}


async def test_a_tool_of_the_server_cannot_be_replaced() -> None:
    catalogue = load_catalogue()
    assert catalogue.lacks(["orders", "query_data", "orders"]) == ["orders"]
    attached = await Few(Made("query_data"), Made("orders"), Made("mine", called="orders")).find(
        "ws", ["query_data", "orders", "mine", "gone"]
    )
    chosen = tools_for(
        catalogue, names=["query_data", "orders", "mine", "gone"], blocks=[], knowledge_bases=[], attached=attached
    )
    assert chosen == [catalogue.tools["query_data"], attached["orders"]]


async def test_what_it_brings_is_text_from_outside_unless_it_says_otherwise() -> None:
    catalogue = load_catalogue()
    parts = [ToolPart(call="c", tool="orders", title="Look up an order", status="ok")]
    assert Outside(catalogue).in_parts(parts)
    assert Outside(catalogue, [Made("orders")]).in_parts(parts)
    trusted = Made("orders", untrusted=False)
    assert not Outside(catalogue, [trusted]).in_parts(parts)
    assert Outside(catalogue, [trusted, Made("others", called="orders")]).in_parts(parts)
    searched = [ToolPart(call="c", tool="search_knowledge", title="Search", status="ok")]
    assert Outside(catalogue, [Made("search_knowledge", untrusted=False)]).in_parts(searched)


async def test_it_is_described_beside_the_others_with_where_it_comes_from() -> None:
    shown = {one["name"]: one["origin"] for one in describe_tools(load_catalogue(), [Made("assistant:a", called="a")])}
    assert shown["assistant:a"] == "http"
    assert {shown["query_data"], shown["show_table"], shown["update_block"], shown["search_knowledge"]} == {"server"}
