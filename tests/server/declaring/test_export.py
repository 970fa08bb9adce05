"""`opsloom export`, and the way back: the same assistants on another installation."""

import sys
from pathlib import Path
from typing import Any

from conftest import Cluster, PostgresUrl
from hypothesis import given, settings
from hypothesis import strategies as st
from opsloom_server.declarations import read_declarations, write_declarations
from opsloom_server.declarations.reading import read_text
from server.declaring.conftest import Opsloom, query

RICH = """\
kind: knowledge_base
name: Größe & Maß
---
kind: data_source
name: Warehouse 2
url_from: WAREHOUSE_2_URL
schemas: [sales]
---
slug: rich
name: "Rich: #1"
description: "  with spaces  "
instructions: |
  First line

    indented, with "quotes" and a trailing space
  次の行 😀
model: anthropic:claude-sonnet-5-5
model_settings: {temperature: 0.2, nested: {b: 1, a: [true, null, "01"]}}
fallback_models: [demo]
knowledge_bases: [Größe & Maß, opsloom-docs]
data_sources: [Warehouse 2]
tools: [search_knowledge]
blocks: [table, chart]
greeting: "yes"
starters: ["no", "12:30", "~", "1e5", "2026-01-01"]
look: {accent: "#ff0000", radius: 4}
public: true
limits: {}
---
slug: plain
name: Plain
"""
SPECS = """
SELECT jsonb_set(jsonb_set(spec,
    '{knowledge_bases}', (SELECT coalesce(jsonb_agg(b.name ORDER BY n), '[]') FROM jsonb_array_elements_text(spec->'knowledge_bases') WITH ORDINALITY x(id, n) JOIN knowledge_bases b USING (id))),
    '{data_sources}', (SELECT coalesce(jsonb_agg(d.name ORDER BY n), '[]') FROM jsonb_array_elements_text(spec->'data_sources') WITH ORDINALITY x(id, n) JOIN data_sources d USING (id)))
FROM assistants WHERE deleted_at IS NULL ORDER BY slug
"""  # noqa: E501


def test_an_export_makes_the_same_assistants_on_another_installation(
    opsloom: Opsloom,
    tmp_path: Path,
    seeded_url: PostgresUrl,
    elsewhere: PostgresUrl,
    postgres_cluster: Cluster,
    monkeypatch: Any,
) -> None:
    monkeypatch.setenv("WAREHOUSE_2_URL", warehouse(postgres_cluster, seeded_url))
    (tmp_path / "rich.yaml").write_text(RICH)
    made = opsloom("apply", tmp_path / "rich.yaml", "--yes")
    assert made.exit_code == 0, made.stderr
    assert "hunter2" not in made.stdout + made.stderr
    whole = opsloom("export")
    assert whole.exit_code == 0, whole.stderr
    assert "hunter2" not in whole.stdout
    assert opsloom("export", "--to", tmp_path / "out").exit_code == 0
    files = sorted(one.relative_to(tmp_path / "out").as_posix() for one in (tmp_path / "out").rglob("*.yaml"))
    assert files == [
        "assistants/demo.yaml",
        "assistants/plain.yaml",
        "assistants/rich.yaml",
        "data-sources/warehouse-2.yaml",
        "knowledge-bases/größe---maß.yaml",
        "knowledge-bases/opsloom-docs.yaml",
    ]

    there = opsloom("apply", tmp_path / "out", "--yes", database=elsewhere)
    assert there.exit_code == 0, there.stderr
    assert "4 made, 2 as they were" in there.stdout
    assert query(postgres_cluster, elsewhere, SPECS) == query(postgres_cluster, seeded_url, SPECS)
    assert opsloom("export", database=elsewhere).stdout == whole.stdout
    assert opsloom("apply", tmp_path / "out", "--yes", database=elsewhere).stdout.startswith("Nothing to do")

    one = opsloom("export", "rich").stdout
    assert [d.fields.get("slug", d.fields["name"]) for d in read_text(one.encode(), "one", tmp_path)] == [
        "Größe & Maß",
        "opsloom-docs",
        "Warehouse 2",
        "rich",
    ]
    wrong = opsloom("export", "ritch")
    assert (wrong.exit_code, "did you mean `rich`?" in wrong.stderr) == (1, True)


TOOLS = """\
kind: tool
name: weather
title: The weather
about: Tells the weather of a city.
parameters:
  type: object
  properties: {city: {type: string}}
  required: [city]
http:
  url: https://api.example.com/weather/{city}
---
kind: mcp_server
name: time
command: PYTHON
args: [-m, mcp_server_time]
env_from: {TIME_LEVEL: TIME_LEVEL}
tools: [get_current_time]
effects: {get_current_time: fetches}
---
slug: clock
name: Clock
tools: [weather, time/get_current_time, "assistant:demo"]
"""


def test_tools_and_servers_of_others_go_along_without_their_secrets(
    opsloom: Opsloom, tmp_path: Path, seeded_url: PostgresUrl, elsewhere: PostgresUrl, monkeypatch: Any
) -> None:
    monkeypatch.setenv("OPSLOOM_MCP_COMMANDS", "*")
    monkeypatch.setenv("TIME_LEVEL", "hunter2")
    (tmp_path / "tools.yaml").write_text(TOOLS.replace("PYTHON", sys.executable))
    for database in (seeded_url, elsewhere):
        made = opsloom("apply", tmp_path / "tools.yaml", "--yes", database=database)
        assert (made.exit_code, "3 made" in made.stdout) == (0, True), made.stderr
        assert "hunter2" not in made.stdout + made.stderr
        again = opsloom("apply", tmp_path / "tools.yaml", "--yes", database=database)
        assert again.stdout == "Nothing to do: 3 as they were.\n"
    written = opsloom("export", "clock")
    assert (written.exit_code, "hunter2" in written.stdout) == (0, False)
    documents = read_text(written.stdout.encode(), "export", tmp_path)
    assert [one.kind for one in documents] == ["knowledge_base", "tool", "mcp_server", "assistant", "assistant"]
    assert documents[2].fields["env_from"] == {"TIME_LEVEL": "TIME_LEVEL"}
    assert opsloom("export", "clock", database=elsewhere).stdout == written.stdout
    # Without the variables, what is stored stays.
    monkeypatch.delenv("TIME_LEVEL")
    (tmp_path / "export.yaml").write_text(written.stdout)
    kept = opsloom("apply", tmp_path / "export.yaml", "--yes")
    assert kept.stdout == "Nothing to do: 5 as they were.\n", kept.stderr


def warehouse(cluster: Cluster, url: str) -> str:
    """The address of a schema in the test's own cluster, under a login that may only read it."""
    role = f"reader_{cluster.name(url)}"
    query(cluster, url, "CREATE SCHEMA sales")
    query(cluster, url, "CREATE TABLE sales.orders (id int PRIMARY KEY, total int)")
    query(cluster, url, f"CREATE ROLE {role} LOGIN PASSWORD 'hunter2'")
    query(cluster, url, f"GRANT USAGE ON SCHEMA sales TO {role}")
    query(cluster, url, f"GRANT SELECT ON sales.orders TO {role}")
    plain = url.replace("postgresql+asyncpg://", "postgresql://", 1)
    return plain.replace("://postgres@", f"://{role}:hunter2@", 1)


HARD = st.sampled_from("\n\t :#'\"-|>&*!%@`~[]{},?\u2028\x85")
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")) | HARD, max_size=30)
plain = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    plain | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab0 :-", max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "no", "12", "x y", "~"]), values, min_size=1))
def test_what_is_written_is_read_as_it_was(fields: dict[str, Any]) -> None:
    text = write_declarations([fields, {"slug": "second"}])
    first, second = read_text(text.encode(), "file", Path())
    assert (first.fields, second.fields) == (fields, {"slug": "second"})


def test_a_folder_is_read_in_order_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.yml", "a/z.yaml", ".git/c.yaml", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"slug: {Path(name).stem}")
    assert [one.fields["slug"] for one in read_declarations([tmp_path])] == ["z", "b"]
