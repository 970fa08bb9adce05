"""`opsloom apply`: what files say becomes so, once, and nothing of it where something is wrong."""

from pathlib import Path

import pytest
from conftest import Cluster, PostgresUrl
from server.declaring.conftest import Opsloom, query

RETURNS = """\
  - title: Returns
    text: Returns are free within 30 days.
"""
SUPPORT = f"""\
kind: knowledge_base
name: Handbook
documents:
  - handbook
{RETURNS}---
slug: support
name: Support
model: openai-chat:scripted
model_settings: {{top_p: 0.5, temperature: 0.2}}
instructions_file: support.md
knowledge_bases: [Handbook]
blocks: [choices, form]
starters:
  - Where is my order?
  - No
public: true
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A folder with an assistant, its instructions beside it, and a knowledge base with two documents."""
    folder = tmp_path / "code"
    (folder / "handbook").mkdir(parents=True)
    (folder / "handbook" / "hours.md").write_text("# Opening hours\n\nWe open at nine.")
    (folder / "support.md").write_text("Be brief.\n\nBe kind.\n")
    (folder / "support.yaml").write_text(SUPPORT)
    return folder


def versions(cluster: Cluster, url: str, slug: str) -> list[int]:
    statement = "SELECT v.version FROM assistant_versions v JOIN assistants a ON a.id = v.assistant_id"
    return query(cluster, url, f"{statement} WHERE a.slug = '{slug}' ORDER BY 1")


def test_what_is_declared_is_made_once_and_changed_where_it_differs(
    opsloom: Opsloom, code: Path, postgres_cluster: Cluster, seeded_url: PostgresUrl
) -> None:
    looked = opsloom("apply", code, "--dry-run")
    assert looked.exit_code == 0, looked.stderr
    assert "Nothing was changed; it would be: 2 made" in looked.stdout
    unasked = opsloom("apply", code)
    assert (unasked.exit_code, "--yes" in unasked.stderr) == (1, True)
    assert versions(postgres_cluster, seeded_url, "support") == []

    first = opsloom("apply", code, "--yes")
    assert first.exit_code == 0, first.stderr
    assert "+ assistant support" in first.stdout
    assert "Done: 2 made." in first.stdout
    (spec,) = query(postgres_cluster, seeded_url, "SELECT spec FROM assistants WHERE slug = 'support'")
    (base,) = query(postgres_cluster, seeded_url, "SELECT id FROM knowledge_bases WHERE name = 'Handbook'")
    assert spec["instructions"] == "Be brief.\n\nBe kind.\n"
    assert spec["starters"] == ["Where is my order?", "No"]
    assert (spec["knowledge_bases"], spec["public"]) == ([base], True)
    documents = f"SELECT id || sha256 || updated_at FROM documents WHERE knowledge_base_id = '{base}' ORDER BY title"
    read = query(postgres_cluster, seeded_url, documents)
    assert len(read) == 2

    again = opsloom("apply", code, "--yes")
    assert (again.exit_code, again.stdout) == (0, "Nothing to do: 2 as they were.\n")
    assert versions(postgres_cluster, seeded_url, "support") == [1]
    assert query(postgres_cluster, seeded_url, documents) == read

    (code / "support.md").write_text("Be brief.\n\nBe very kind.\n")
    (code / "handbook" / "hours.md").write_text("# Opening hours\n\nWe open at ten.")
    (code / "support.yaml").write_text(
        SUPPORT.replace("  - title: Returns\n    text: Returns are free within 30 days.\n", "")
    )
    third = opsloom("apply", code, "--yes")
    assert third.exit_code == 0, third.stderr
    assert "-   Be kind." in third.stdout
    assert "+   Be very kind." in third.stdout
    assert "name:" not in third.stdout
    assert versions(postgres_cluster, seeded_url, "support") == [1, 2]
    texts = query(postgres_cluster, seeded_url, f"SELECT text FROM documents WHERE knowledge_base_id = '{base}'")
    assert [("ten" in text) for text in texts] == [True]

    listed = opsloom("versions", "support").stdout
    assert ("made" in listed, "instructions" in listed) == (True, True)
    back = opsloom("restore", "support", "1")
    assert "now at version 3, which is equal to version 1" in back.stderr
    assert "nothing was changed" in opsloom("restore", "support", "1").stderr
    assert opsloom("restore", "support", "9").exit_code == 1
    assert opsloom("versions", "suport").exit_code == 1
    assert "-   Be kind." in opsloom("apply", code, "--dry-run").stdout


def test_what_the_database_refuses_is_undone_as_a_whole(
    opsloom: Opsloom, code: Path, postgres_cluster: Cluster, seeded_url: PostgresUrl
) -> None:
    (code / "z.yaml").write_text("slug: last\nname: Last")
    query(postgres_cluster, seeded_url, "ALTER TABLE assistants ADD CONSTRAINT no_last CHECK (slug <> 'last')")
    done = opsloom("apply", code, "--yes")
    assert (done.exit_code, "last" in done.stderr) == (1, True)
    assert versions(postgres_cluster, seeded_url, "support") == []
    assert query(postgres_cluster, seeded_url, "SELECT name FROM knowledge_bases") == ["opsloom-docs"]
    query(postgres_cluster, seeded_url, "ALTER TABLE assistants DROP CONSTRAINT no_last")
    assert "Done: 3 made" in opsloom("apply", code, "--yes").stdout


def test_it_asks_and_does_what_it_is_told(
    opsloom: Opsloom, code: Path, postgres_cluster: Cluster, seeded_url: PostgresUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsloom_server.cli.declaring._is_there", lambda: True)
    for answer in ("n\n", ""):
        said = opsloom("apply", code, answer=answer)
        assert (said.exit_code, "Nothing was changed" in said.stderr) == (1, True)
    assert versions(postgres_cluster, seeded_url, "support") == []
    assert "Done: 2 made" in opsloom("apply", code, answer="y\n").stdout
    assert versions(postgres_cluster, seeded_url, "support") == [1]


# Lines of a file, and what is said of it: the line's number and some of the words. `A` is another name each time.
A = ("slug: A", "name: A")
TOOL = ("kind: tool", "name: A", "title: x", "about: x", "http:", "  url: https://api.example.com/")
WRONG: dict[str, tuple[tuple[str, ...], int, str]] = {
    "a field": ((*A, "instuctions: hi"), 3, "`instuctions` is no field of an assistant; did you mean `instructions`?"),
    "a field of another kind": (("kind: knowledge_base", "name: A", "documets: []"), 3, "did you mean `documents`?"),
    "a kind": (("kind: asistant", "slug: A"), 1, "there is no kind `asistant`; did you mean `assistant`?"),
    "a block": ((*A, "blocks: [form, choises]"), 3, "there is no block `choises`; did you mean `choices`?"),
    "a tool": ((*A, "tools:", "  - serch_knowledge"), 4, "no tool `serch_knowledge`; did you mean `search_knowledge`?"),
    "a model": ((*A, "model: antropic:claude"), 3, "no model provider `antropic`; did you mean `anthropic`?"),
    "a fallback": ((*A, "fallback_models: [demo, opnai:x]"), 3, "no model provider `opnai`; did you mean `openai`?"),
    "a base": ((*A, "knowledge_bases: [opsloom-doc]"), 3, "`opsloom-doc`; did you mean `opsloom-docs`?"),
    "a source": ((*A, "data_sources: [Warehouse]"), 3, "there is no data source `Warehouse`."),
    "a value": ((*A, "public: maybe"), 3, "`public` is not usable"),
    "a slug": (("slug: Not A Slug", "name: A"), 1, "`slug` is not usable: lower-case letters"),
    "no name": (("slug: A",), 1, "an assistant needs a `name`."),
    "no slug": (("name: A",), 1, "an assistant needs a `slug`"),
    "twice": ((*A, "---", *A), 4, "is declared a second time; first at"),
    "a file that is not there": ((*A, "instructions_file: gone.md"), 3, "gone.md cannot be read"),
    "no document": (("kind: knowledge_base", "name: A", "documents:", "  - gone/"), 4, "no document at gone/."),
    "an address": (("kind: data_source", "name: A", "url: postgresql://me:hunter2@db/x"), 3, "stands in no file"),
    "limits": ((*A, "limits: {money_a_turn: 1}"), 3, "money_a_turn"),
    "a tool's field": (("kind: tool", "name: A", "titel: x"), 3, "no field of a tool; did you mean `title`?"),
    "a tool's request": (("kind: tool", "name: A", "title: x", "about: x", "http:", "  method: GET"), 5, "`http.url`"),
    "a tool's secret": ((*TOOL, '  headers: {A: "{{secret:gone}}"}'), 7, "There is no secret “gone”"),
    "a tool of the server's": (("kind: tool", "name: search_knowledge", *TOOL[2:]), 2, "has a tool `search_knowledge`"),
    "a server's value": (("kind: mcp_server", "name: A", "command: x", "env: {TOKEN: hunter2}"), 4, "`env_from`"),
    "a server nowhere": (("kind: mcp_server", "name: A"), 1, "either `command`"),
    "a server's variable": (
        ("kind: mcp_server", "name: A", "url: https://x.example", "headers_from: {B: NO_SUCH}"),
        4,
        "NO_SUCH is not set; it holds the value of B",
    ),
    "another's tool": ((*A, "tools: [assistant:dmo]"), 3, "did you mean `assistant:demo`?"),
    "no variable": (("kind: data_source", "name: A", "url_from: NO_SUCH_URL"), 3, "NO_SUCH_URL is not set"),
}
UNREADABLE: dict[str, tuple[tuple[str, ...], int, str]] = {
    "a key twice": ((*A, "slug: B"), 3, "`slug` stands here a second time; it was given in line 1."),
    "aliases": (("slug: &a x", "name: *a"), 1, "anchors and aliases"),
    "a bomb": (("a: &a [x, x]", "b: &b [*a, *a]", "c: [*b, *b]"), 1, "anchors and aliases"),
    "a tag": (("slug: !!python/object/apply:os.system [ls]",), 1, "the tag tag:yaml.org,2002:python/object/apply"),
    "no YAML": (("slug: [a", "name: A"), 2, "is no YAML"),
    "no resource": (("- slug: a",), 1, "a document is a resource"),
    "deep": (("slug: a", "look: " + "[" * 40 + "]" * 40), 2, "is nested more than"),
}


@pytest.mark.parametrize("wrong", [WRONG, UNREADABLE], ids=["names and values", "YAML"])
def test_what_is_wrong_is_told_with_its_line_and_the_nearest_name_and_nothing_changes(
    opsloom: Opsloom,
    tmp_path: Path,
    postgres_cluster: Cluster,
    seeded_url: PostgresUrl,
    wrong: dict[str, tuple[tuple[str, ...], int, str]],
) -> None:
    """All of these at once, beside a file that is right: each is told, and none is made."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "right.yaml").write_text("slug: right\nname: Right")
    for number, (lines, _, _) in enumerate(wrong.values()):
        text = "\n".join(lines).replace(": A", f": a{number}")
        (tmp_path / "code" / f"{number}.yaml").write_text(text)
    done = opsloom("apply", tmp_path / "code", "--yes")
    said = done.stderr.splitlines()
    for number, (name, (_, line, words)) in enumerate(wrong.items()):
        assert any(f"/{number}.yaml:{line}: " in one and words in one for one in said), (name, said)
    assert (done.exit_code, "hunter2" in done.stdout + done.stderr) == (1, False)
    assert versions(postgres_cluster, seeded_url, "right") == []


def test_files_without_a_resource_are_said_to_have_none(opsloom: Opsloom, tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing yet\n---\n")
    for path, words in ((tmp_path, "there is no YAML document here"), (tmp_path / "gone", "no such file or folder")):
        done = opsloom("apply", path)
        assert (done.exit_code, words in done.stderr) == (1, True), done.stderr


def test_a_document_that_cannot_be_read_is_named_and_the_rest_is_done(
    opsloom: Opsloom, code: Path, postgres_cluster: Cluster, seeded_url: PostgresUrl
) -> None:
    (code / "handbook" / "broken.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    done = opsloom("apply", code, "--yes")
    assert (done.exit_code, "broken.md" in done.stderr) == (1, True)
    assert versions(postgres_cluster, seeded_url, "support") == [1]
    (code / "handbook" / "broken.md").unlink()
    assert opsloom("apply", code, "--yes").stdout == "Nothing to do: 2 as they were.\n"
