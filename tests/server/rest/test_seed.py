"""The first start, and the next ones."""

from pathlib import Path
from typing import Any

import pytest
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
