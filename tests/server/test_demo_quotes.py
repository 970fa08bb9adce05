"""The demo model in a chat: what it says comes from the documents, to the letter."""

from typing import Any

from msgspec.structs import replace
from opsloom_server.store import assistants
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from sqlalchemy import text
from stage import Stage


def parts(frame: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [part for part in frame["message"]["parts"] if part["type"] == kind]


async def test_the_demo_answers_from_the_documents_with_true_quotes(stage: Stage) -> None:
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        demo = await assistants.assistant_by_slug(connection, "demo")
        assert demo is not None
        await assistants.create(connection, DEFAULT_WORKSPACE, replace(demo.spec, slug="keyless", model="demo"))
    async with stage.client("keyless") as client:
        await client.ask("send", text="How do I embed the chat on my website?")
        end = await client.until("turn.end", seconds=20)
    assert end["status"] == "done"
    assert "widget.js" in client.text
    sources = [part["source"] for part in parts(end, "source")]
    assert sources
    async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
        for source in sources:
            query = text("SELECT text FROM documents WHERE id = :id")
            stored = (await connection.execute(query, {"id": source["document"]})).scalar_one()
            assert stored[source["start"] : source["end"]] == source["quote"]
            assert f"[{source['number']}]" in client.text
