"""The demo model's next step, from the conversation and the tools it is offered. No I/O, no clock, no chance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from opsloom_server.models.demo import words
from opsloom_server.models.demo.answering import answer, passages
from opsloom_server.models.demo.asking import query, wanted
from opsloom_server.models.demo.conversation import Conversation, Returned
from opsloom_server.models.demo.querying import CHART, KNOWN_BY, QUERY, Prepared, prepared
from opsloom_server.models.demo.samples import STEPS, sample

SEARCH: Final = "search_knowledge"
UPDATE: Final = "update_block"
# Seconds between two changes of a block that changes in place, so that a person can follow.
PACE: Final = 0.7


class Say(Struct, frozen=True):
    """Text of the answer."""

    text: str


class Call(Struct, frozen=True):
    """A call of a tool."""

    tool: str
    args: dict[str, Any]


class Wait(Struct, frozen=True):
    """Time for people to see what was there before. Left out where the model does not pace itself."""

    seconds: float


Step = Say | Call | Wait


def decide(said: Conversation, tools: Mapping[str, Mapping[str, Any]]) -> list[Step]:
    """The next steps. `tools` are the tools on offer: their names and the schemas of their arguments."""
    shows = {name.removeprefix("show_"): name for name in tools if name.startswith("show_")}
    asks = {name.removeprefix("ask_"): name for name in tools if name.startswith("ask_")}
    if said.returned:
        return _go_on(said, said.returned[-1], tools, shows, asks)
    return _begin(said, tools, shows, asks)


def _begin(
    said: Conversation, tools: Mapping[str, Mapping[str, Any]], shows: dict[str, str], asks: dict[str, str]
) -> list[Step]:
    """The first step after a question."""
    kinds = [*shows, *asks]
    searches = SEARCH in tools
    if (query_of := _query(said, tools)) is not None:
        return [Say(words.BEFORE_QUERY), Call(QUERY, query_of.call())]
    want = wanted(said.question, kinds)
    match want.what:
        case "greeting":
            return [Say(words.greeting(kinds, searches=searches))]
        case "identity":
            return [Say(words.identity(kinds, searches=searches))]
        case "thanks":
            return [Say(words.thanks(kinds, searches=searches))]
        case "blocks":
            return _show(said, want.kinds, tools, shows, asks, everything=want.everything)
        case "answer" if searches and said.question:
            return [Call(SEARCH, {"query": query(said.question, said.before)})]
        case _:
            return [Say(words.nothing_to_search(kinds))]


def _show(
    said: Conversation,
    kinds: tuple[str, ...],
    tools: Mapping[str, Mapping[str, Any]],
    shows: dict[str, str],
    asks: dict[str, str],
    *,
    everything: bool,
) -> list[Step]:
    """Show blocks. What waits for a person ends the answer, so it comes last and alone."""
    shown = [kind for kind in kinds if kind in shows]
    asked = [kind for kind in kinds if kind in asks]
    calls = [
        Call(shows[kind], data)
        for kind in shown
        if (data := sample(kind, tools[shows[kind]], said.question)) is not None
    ]
    if calls:
        return [Say(words.before_blocks(shown, everything=everything)), *calls]
    for kind in asked:
        if (data := sample(kind, tools[asks[kind]], said.question)) is not None:
            return [Say(words.BEFORE_ASKING), Call(asks[kind], data)]
    return [Say(words.BLOCK_FAILED)]


def _go_on(
    said: Conversation,
    last: Returned,
    tools: Mapping[str, Mapping[str, Any]],
    shows: dict[str, str],
    asks: dict[str, str],
) -> list[Step]:
    """The step after tools have come back."""
    if (query_of := _query(said, tools)) is not None:
        return _after_query(query_of, said, tools)
    if last.tool == SEARCH:
        return [Say(_answer(said, last, [*shows, *asks]))]
    if last.failed:
        return [Say(f"{words.BLOCK_FAILED} {last.value}".strip())]
    if last.tool in asks.values():
        return [Say(_acted(last.value))]
    if last.tool in shows.values() or last.tool == UPDATE:
        return _after_showing(said, tools, shows, asks)
    return [Say(str(last.value))]


def _query(said: Conversation, tools: Mapping[str, Mapping[str, Any]]) -> Prepared | None:
    """The prepared query for the question, where the demo's shop can be asked."""
    return prepared(said.question) if QUERY in tools and KNOWN_BY in said.instructions else None


def _after_query(query_of: Prepared, said: Conversation, tools: Mapping[str, Mapping[str, Any]]) -> list[Step]:
    """Draw what the query gave, then say where it came from."""
    found = said.returned[0]
    if found.failed:
        return [Say(words.query_failed(str(found.value)))]
    if len(said.returned) == 1 and CHART in tools and (chart := query_of.chart_of(_json(found.value))) is not None:
        return [Call(CHART, chart)]
    return [Say(words.after_query(query_of.question))]


def _answer(said: Conversation, search: Returned, kinds: list[str]) -> str:
    if search.failed:
        return words.search_failed(str(search.value))
    text = answer(said.question, passages(search.value)) or answer(
        query(said.question, said.before), passages(search.value)
    )
    if text is None:
        return words.nothing_found(said.question, kinds)
    return f"{text}\n\n{words.FIRST_ANSWER}" if said.is_first else text


def _acted(value: Any) -> str:
    """What a person did with a block that asked; words alone mean that they did nothing."""
    if isinstance(value, Mapping) and "answer" in value:
        return words.acted(str(value["answer"]))
    return words.not_acted()


def _after_showing(
    said: Conversation, tools: Mapping[str, Mapping[str, Any]], shows: dict[str, str], asks: dict[str, str]
) -> list[Step]:
    """Let a progress run on, then say what was shown, and ask what was asked for."""
    shown = [one for one in said.returned if one.tool in shows.values()]
    changes = sum(one.tool == UPDATE for one in said.returned)
    progress = next((one for one in shown if one.tool == shows.get("progress")), None)
    block = _json(progress.value).get("block") if progress is not None and not progress.failed else None
    if block is not None and UPDATE in tools and changes < len(STEPS):
        return [Wait(PACE), Call(UPDATE, {"block": block, "ops": list(STEPS[changes])})]
    want = wanted(said.question, [*shows, *asks])
    still = [kind for kind in want.kinds if kind in asks]
    if still and not want.everything:
        for kind in still:
            if (data := sample(kind, tools[asks[kind]], said.question)) is not None:
                return [Say(words.BEFORE_ASKING), Call(asks[kind], data)]
    text = words.after_blocks([one.tool for one in shown], still)
    return [Say(f"{words.CHANGED} {text}" if changes and len(shown) == 1 else text)]


def _json(value: Any) -> Mapping[str, Any]:
    """A tool's result as an object, whether it came as one or as its JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}
