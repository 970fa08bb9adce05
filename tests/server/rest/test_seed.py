"""The first start, and the next ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from conftest import Cluster
from opsloom_server.models.demo.querying import PREPARED
from opsloom_server.seed import pages, seed


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "widget.md").write_text("# The widget\n\nPut one script tag on the page to embed the chat.\n")
    (folder / "old.md").write_text("# Old\n\nGone tomorrow: the pelican.\n")
    return folder


async def start(rest: Any, docs: Path) -> list[str]:
    said: list[str] = []
    await seed(rest.database, rest.services.knowledge, rest.services.catalogue, said.append, docs=docs)
    return said


async def search(rest: Any, query: str) -> list[str]:
    found = await rest.ok(await rest.owner.post("/knowledge-bases/opsloom-docs/search", json={"query": query}))
    return [one["title"] for one in found["results"]]


async def test_the_first_start_makes_the_demo_and_its_knowledge(rest: Any, docs: Path) -> None:
    assert await start(rest, docs)
    demo = await rest.ok(await rest.nobody.get("/assistants/demo"))
    assert demo["public"]
    assert "How do I embed the chat on my website?" in demo["starters"]
    assert {"choices", "form", "table", "chart", "progress"} <= set(demo["blocks"])
    assert "instructions" not in demo
    assert (await search(rest, "embed the chat"))[0].startswith("The widget")


async def test_the_next_start_reads_what_changed_only(rest: Any, docs: Path) -> None:
    await start(rest, docs)
    assert await start(rest, docs) == []
    (docs / "widget.md").write_text("# The widget\n\nA loader brings the flamingo.\n")
    (docs / "old.md").unlink()
    assert "1 of 1" in (await start(rest, docs))[0]
    assert await search(rest, "flamingo")
    assert await search(rest, "pelican") == []


async def test_what_an_owner_changed_stays(rest: Any, docs: Path) -> None:
    await start(rest, docs)
    await rest.ok(await rest.owner.patch("/assistants/demo", json={"greeting": "Hello!"}))
    await start(rest, docs)
    assert (await rest.ok(await rest.owner.get("/assistants/demo")))["greeting"] == "Hello!"
    assert (await rest.owner.delete("/assistants/demo")).status_code == 204
    await start(rest, docs)
    assert (await rest.owner.get("/assistants/demo")).status_code == 404


def test_the_documentation_comes_with_the_server() -> None:
    found = pages()
    assert len({page.id for page in found}) == len(found) > 0


@pytest.fixture
def embedded(postgres_cluster: Cluster) -> Iterator[str]:
    """The address of the PostgreSQL that Opsloom brings along, without a shop in it before and after."""
    yield postgres_cluster.url("postgres")

    async def forget() -> None:
        connection = await asyncpg.connect(postgres_cluster.url("postgres").dsn)
        await connection.execute("DROP DATABASE IF EXISTS opsloom_demo_shop WITH (FORCE)")
        await connection.execute("DROP ROLE IF EXISTS opsloom_demo_reader")
        await connection.close()

    postgres_cluster.run(forget)


async def test_the_demo_has_a_shop_where_the_database_is_ours(rest: Any, docs: Path, embedded: str) -> None:
    async def begin() -> None:
        services = rest.services
        more: dict[str, Any] = {"docs": docs, "sources": services.sources, "embedded": embedded}
        await seed(rest.database, services.knowledge, services.catalogue, **more)

    await begin()
    shop = await rest.ok(await rest.owner.get("/data-sources/Demo shop"))
    assert (shop["schemas"], shop["warnings"], shop["tables"]) == (["shop"], [], 4)
    demo = await rest.ok(await rest.owner.get("/assistants/demo"))
    assert demo["data_sources"] == [shop["id"]]
    assert demo["starters"][-1] == "Show me sales by month"
    for one in PREPARED:
        found = await rest.ok(await rest.owner.post(f"/data-sources/{shop['id']}/query", json={"sql": one.sql}))
        assert len(found["rows"]) >= 5
    # The next start finds all as it is; what the owner took away stays away, and comes back for nobody.
    await begin()
    assert (await rest.ok(await rest.owner.get("/data-sources/Demo shop"))) == shop
    assert (await rest.owner.delete(f"/data-sources/{shop['id']}")).status_code == 204
    await begin()
    assert (await rest.ok(await rest.owner.get("/data-sources")))["items"] == []
