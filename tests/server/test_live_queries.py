"""Questions to a database, over the wire: the query and its rows shown, two model calls for one that works, errors told
to the model twice; and a query that a person changes and runs again, in every tab, without the model."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Cluster, PostgresUrl
from opsloom_client import connect
from opsloom_client.answer import open_blocks
from opsloom_server.sources import demo_shop
from opsloom_server.store import assistants
from opsloom_server.store.assistants import AssistantSpec
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from server.asking.conftest import blocks_of, same_after_a_reload, tools_of
from server.sources.conftest import shop
from server.sources.sqlite.conftest import sqlite_shop
from stage import RawClient, Stage
from vendors import Text, ToolCall

__all__ = ["shop", "sqlite_shop"]

BY_STATUS = "SELECT status, count(*) AS orders, sum(total) AS revenue FROM orders GROUP BY status ORDER BY status"
GOOD = ToolCall("query_data", {"sql": BY_STATUS, "title": "Orders by status"})


async def attach(stage: Stage, shop: Any, name: str = "Shop", schemas: tuple[str, ...] = ("shop",)) -> str:
    return (await stage.parts.hub.environment.sources.attach(DEFAULT_WORKSPACE, name, shop.url, schemas)).id


async def assistant(stage: Stage, slug: str, *sources: str, model: str = "openai-chat:scripted") -> None:
    spec = AssistantSpec(
        slug=slug,
        name="Analyst",
        instructions="Be exact.",
        model=model,
        data_sources=sources,
        blocks=("chart", "choices", "sql"),
        public=True,
    )
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        await assistants.create(connection, DEFAULT_WORKSPACE, spec)


@pytest.fixture
async def desk(seeded_url: PostgresUrl, tmp_path: Path, shop: Any, sqlite_shop: Any) -> AsyncIterator[Stage]:
    """A server whose assistant `analyst` may ask the shop."""
    async with Stage.open(seeded_url, tmp_path, sqlite_folders=str(sqlite_shop.folder)) as stage:
        await assistant(stage, "analyst", await attach(stage, shop))
        yield stage


async def asked(desk: Stage, client: RawClient, *steps: list[Any]) -> dict[str, Any]:
    for at, step in enumerate(steps, start=len(desk.vendor.requests)):
        desk.vendor.script(step, request=at)
    await client.ask("send", text="How many orders are there by status?")
    message: dict[str, Any] = (await client.until("turn.end"))["message"]
    return message


def told(desk: Stage, at: int = -1) -> str:
    return str(desk.vendor.requests[at].body["messages"])


async def test_a_question_takes_two_model_calls(desk: Stage) -> None:
    async with desk.client("analyst") as client:
        answer = await asked(desk, client, [GOOD], [Text("Ninety of each.")])
        assert len(desk.vendor.requests) == 2
        (block,) = blocks_of(answer)
        data = block["data"]
        assert (block["kind"], data["query"], data["title"], data["source"]) == (
            "sql",
            BY_STATUS,
            "Orders by status",
            "Shop",
        )
        assert data["result"]["columns"] == [
            {"key": "c0", "label": "status", "type": "text"},
            {"key": "c1", "label": "orders", "type": "number"},
            {"key": "c2", "label": "revenue", "type": "number"},
        ]
        assert [row["c0"] for row in data["result"]["rows"]] == ["open", "paid", "sent", "returned"]
        assert block["state"] == {"status": "open"}
        assert [(one["tool"], one["status"], one["summary"]) for one in tools_of(answer)] == [
            ("query_data", "ok", "4 rows")
        ]
        # The model is told the tables before, and the rows after.
        assert "Be exact." in told(desk, 0)
        assert "shop.orders (about 360 rows)" in told(desk, 0)
        assert "customer_id integer -> shop.customers.id" in told(desk, 0)
        assert '"rows_in_all":4' in told(desk).replace(" ", "")
        assert "describe_data" not in str(desk.vendor.requests[0].body["tools"])
        await same_after_a_reload(desk, client)


async def test_errors_are_told_to_the_model_twice(desk: Stage) -> None:
    def wrong(sql: str) -> list[Any]:
        return [ToolCall("query_data", {"sql": sql, "title": "Orders"})]

    async with desk.client("analyst") as client:
        answer = await asked(
            desk,
            client,
            wrong("SELECT nothing FROM orders"),
            wrong("SELECT pg_sleep(1)"),
            wrong("DELETE FROM orders"),
            wrong("SELECT 1"),
            [Text("It did not work.")],
        )
        assert [one["status"] for one in tools_of(answer)] == ["error"] * 4
        assert "does not exist. Correct the query" in told(desk, 1)
        assert "Correct the query and call query_data again." in told(desk, 1)
        assert "The function pg_sleep is not permitted. Correct" in told(desk, 2)
        assert "Do not try again" in told(desk, 3)
        assert "No more queries in this answer" in told(desk, 4)
        (block,) = blocks_of(answer)
        assert block["data"]["query"] == "DELETE FROM orders"
        assert block["data"]["error"].startswith("DELETE is not permitted.")
        assert "result" not in block["data"]


async def test_what_went_wrong_once_may_go_right(desk: Stage) -> None:
    wrong = ToolCall("query_data", {"sql": "SELECT nothing FROM orders", "title": "Orders"})
    async with desk.client("analyst") as client:
        answer = await asked(desk, client, [wrong], [GOOD], [Text("Ninety of each.")])
        assert [one["status"] for one in tools_of(answer)] == ["error", "ok"]
        assert len(blocks_of(answer)) == 1


async def test_a_chart_may_follow(desk: Stage) -> None:
    chart = ToolCall(
        "show_chart",
        {
            "title": "Orders",
            "type": "bar",
            "labels": ["open", "paid"],
            "series": [{"name": "Orders", "values": [90, 90]}],
        },
    )
    async with desk.client("analyst") as client:
        answer = await asked(desk, client, [GOOD], [chart], [Text("There.")])
        assert [block["kind"] for block in blocks_of(answer)] == ["sql", "chart"]


async def test_a_person_changes_the_query_and_runs_it_again(desk: Stage) -> None:
    async with desk.client("analyst") as client:
        (block,) = blocks_of(await asked(desk, client, [GOOD], [Text("Ninety of each.")]))
        async with desk.client(None, session=client.session) as tab:
            await tab.until("snapshot")

            async def run(query: str) -> dict[str, Any]:
                await client.reply(await client.ask("act", block=block["id"], action="run", values={"query": query}))
                (after,) = blocks_of((await client.until("turn.end"))["message"])
                await tab.until("turn.end")
                assert tab.state == client.state
                data: dict[str, Any] = after["data"]
                return data

            changed = await run("SELECT count(*) AS n FROM orders WHERE total > 300")
            assert (changed["query"], changed["result"]["rows"]) == (
                "SELECT count(*) AS n FROM orders WHERE total > 300",
                [{"c0": 156}],
            )
            assert "title" not in changed  # it was the question of another query
            refused = await run("SELECT * FROM rival.secrets")
            assert refused["error"].startswith("There is no table rival.secrets here")
            assert "result" not in refused
            again = await run(BY_STATUS)
            assert len(again["result"]["rows"]) == 4
            assert "error" not in again
        assert len(desk.vendor.requests) == 2
        await same_after_a_reload(desk, client)


async def test_a_forged_or_foreign_source_is_refused(desk: Stage, shop: Any) -> None:
    """A model may show any query of any source; it runs only in one that this assistant has."""
    other = await attach(desk, shop, "Other")
    forged = ToolCall("show_sql", {"query": "SELECT count(*) FROM orders", "source": "Shop", "data_source": other})
    async with desk.client("analyst") as client:
        (block,) = blocks_of(await asked(desk, client, [forged], [Text("There.")]))
        await client.ask("act", block=block["id"], action="run", values={"query": "SELECT count(*) FROM orders"})
        end = await client.until("turn.end")
        assert tools_of(end["message"])[-1]["summary"] == "This assistant may not ask that database."
        assert "result" not in blocks_of(end["message"])[0]["data"]


async def test_a_query_of_no_source_cannot_be_run(desk: Stage) -> None:
    plain = ToolCall("show_sql", {"query": "SELECT 1"})
    async with desk.client("analyst") as client:
        (block,) = blocks_of(await asked(desk, client, [plain], [Text("There.")]))
        refused = await client.reply(
            await client.ask("act", block=block["id"], action="run", values={"query": "SELECT 1"})
        )
        assert (refused["type"], refused["code"]) == ("error", "invalid")


async def test_a_query_beside_a_question_keeps_nobody_waiting(desk: Stage, shop: Any) -> None:
    """An answer that shows rows and then asks something goes on when that is answered; the query stays open."""
    first = (await desk.parts.hub.environment.sources.found(DEFAULT_WORKSPACE, "Shop")).id
    await assistant(desk, "curious", first)
    options = [{"id": "a", "label": "Paid"}, {"id": "b", "label": "Open"}]
    question = ToolCall("ask_choices", {"prompt": "Which?", "options": options})
    steps: list[list[Any]] = [[GOOD], [question], [Text("Paid it is.")]]
    for at, step in enumerate(steps):
        desk.vendor.script(step, request=at)
    async with connect(desk.base, key=desk.key, assistant="curious") as chat:
        message = await chat.ask("Orders?")
        assert message.status == "waiting"
        assert [part.block.kind for part in open_blocks(message)] == ["choices"]
        await chat.act(open_blocks(message)[0].block.id, "choose", {"choices": ["a"]})
        assert (await chat.follow(message.id)).status == "done"


async def test_of_several_databases_one_is_named(desk: Stage, shop: Any) -> None:
    first = (await desk.parts.hub.environment.sources.found(DEFAULT_WORKSPACE, "Shop")).id
    await assistant(desk, "both", first, await attach(desk, shop, "Second"))
    named = ToolCall("query_data", {"sql": "SELECT 1 AS one", "title": "One", "source": "Second"})
    async with desk.client("both") as client:
        answer = await asked(desk, client, [GOOD], [named], [Text("Done.")])
        assert "Name one of these as `source`: “Second”, “Shop”" in told(desk, 1)
        assert [one["status"] for one in tools_of(answer)] == ["error", "ok"]
        assert blocks_of(answer)[0]["data"]["source"] == "Second"


async def test_databases_of_several_kinds_are_told_apart(desk: Stage, shop: Any, sqlite_shop: Any) -> None:
    sources = desk.parts.hub.environment.sources
    made = await sources.attach(DEFAULT_WORKSPACE, "Archive", "sqlite:///shop.db", None)
    await assistant(desk, "both", (await sources.found(DEFAULT_WORKSPACE, "Shop")).id, made.id)
    named = ToolCall("query_data", {"sql": BY_STATUS.replace("count", "COUNT"), "title": "Orders", "source": "Archive"})
    async with desk.client("both") as client:
        answer = await asked(desk, client, [named], [Text("Done.")])
        assert "Database “Shop” (PostgreSQL):" in told(desk, 0)
        assert "Database “Archive” (SQLite; dates are texts" in told(desk, 0)
        assert "main.orders (about 360 rows)" in told(desk, 0)
        (block,) = blocks_of(answer)
        assert (block["data"]["source"], block["data"]["dialect"]) == ("Archive", "sqlite")
        assert [one["type"] for one in block["data"]["result"]["columns"]] == ["text", "number", "number"]
        assert [row["c0"] for row in block["data"]["result"]["rows"]] == ["open", "paid", "returned", "sent"]


async def test_of_a_large_database_the_columns_are_asked_for(desk: Stage, shop: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("opsloom_server.sources.asking.TOLD_AT_ONCE", 100)
    look = ToolCall("describe_data", {"tables": ["shop.orders"]})
    async with desk.client("analyst") as client:
        answer = await asked(desk, client, [look], [GOOD], [Text("Ninety of each.")])
        assert "shop.orders (about 360 rows)" in told(desk, 0)
        assert "customer_id" not in told(desk, 0)
        assert "customer_id integer" in told(desk, 1)
        assert [one["tool"] for one in tools_of(answer)] == ["describe_data", "query_data"]


async def test_a_source_that_is_gone_leaves_the_assistant_talking(desk: Stage) -> None:
    async with desk.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        from opsloom_server.store import sources as store

        await store.remove(connection, (await store.listed(connection))[0].id)
    async with desk.client("analyst") as client:
        await asked(desk, client, [Text("I have no data.")])
        assert "query_data" not in str(desk.vendor.requests[0].body)


@pytest.mark.parametrize(
    ("question", "column"), [("Show me sales by month", "month"), ("which products sell best?", "product")]
)
async def test_the_demo_answers_prepared_questions_and_says_so(
    desk: Stage, postgres_cluster: Cluster, question: str, column: str
) -> None:
    sources = desk.parts.hub.environment.sources
    url = await demo_shop.make_shop(postgres_cluster.url("postgres"))
    made = await sources.attach(DEFAULT_WORKSPACE, demo_shop.NAME, url, [demo_shop.SCHEMA])
    await assistant(desk, "shopkeeper", made.id, model="demo")
    async with desk.client("shopkeeper") as client:
        await client.ask("send", text=question)
        answer = (await client.until("turn.end"))["message"]
        query, chart = blocks_of(answer)
        assert query["data"]["result"]["columns"][0]["label"] == column
        assert [row["c0"] for row in query["data"]["result"]["rows"]] == chart["data"]["labels"]
        assert [row["c1"] for row in query["data"]["result"]["rows"]] == chart["data"]["series"][0]["values"]
        text = " ".join(part["text"] for part in answer["parts"] if part["type"] == "text")
        assert "The query was written beforehand" in text
        assert "a few prepared questions" in text
        await client.ask("send", text="How do I embed the chat?")
        assert not blocks_of((await client.until("turn.end"))["message"])


async def test_the_demo_model_asks_no_other_database(desk: Stage) -> None:
    first = (await desk.parts.hub.environment.sources.found(DEFAULT_WORKSPACE, "Shop")).id
    await assistant(desk, "elsewhere", first, model="demo")
    async with desk.client("elsewhere") as client:
        await client.ask("send", text="Show me sales by month")
        assert not blocks_of((await client.until("turn.end"))["message"])
