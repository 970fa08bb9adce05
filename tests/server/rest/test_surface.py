"""Assistants and their versions, files, what is offered, and the shape of errors."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace
from opsloom_blocks import BLOCKS
from opsloom_protocol.messages import Usage
from opsloom_server.store import records
from opsloom_server.store.engine import driver_of
from opsloom_server.store.prepared import write
from opsloom_server.tools import AttachedTools, Result, Tool, ToolContext, ToolEvent


async def test_an_assistant_and_its_versions(rest: Any) -> None:
    wish = {"slug": "help", "name": "Help", "instructions": "Be kind.", "model": "demo", "blocks": ["chart"]}
    made = await rest.ok(await rest.owner.post("/assistants", json=wish), 201)
    assert (made["version"], made["tools"], made["public"], made["instructions"]) == (1, [], False, "Be kind.")
    changed = await rest.ok(await rest.owner.patch("/assistants/help", json={"model": None, "public": True}))
    assert (changed["version"], changed["public"], "model" in changed) == (2, True, False)
    assert (await rest.ok(await rest.owner.patch("/assistants/help", json={"public": True})))["version"] == 2
    page = await rest.ok(await rest.owner.get("/assistants/help/versions", params={"limit": 1}))
    assert [one["version"] for one in page["items"]] == [2]
    page = await rest.ok(await rest.owner.get("/assistants/help/versions", params={"cursor": page["cursor"]}))
    assert [(one["version"], one["spec"]["model"]) for one in page["items"]] == [(1, "demo")]
    again = await rest.owner.post("/assistants", json=wish)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    shown = await rest.ok(await rest.nobody.get("/assistants"))
    assert [one["slug"] for one in shown["items"]] == ["help"]
    assert "instructions" not in shown["items"][0]
    assert (await rest.owner.delete("/assistants/help")).status_code == 204
    await rest.ok(await rest.owner.post("/assistants", json=wish), 201)
    actions = [one["action"] for one in (await rest.ok(await rest.owner.get("/audit")))["items"]]
    assert actions[:2] == ["assistant.create", "assistant.delete"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"blocks": ["hologram"]}, "/blocks"),
        ({"tools": ["teleport"]}, "/tools"),
        ({"model": "nobody:none"}, "/model"),
        ({"fallback_models": ["demo", "nobody:none"]}, "/fallback_models"),
        ({"knowledge_bases": ["kb_absent"]}, "/knowledge_bases"),
    ],
)
async def test_what_is_not_there_cannot_be_given(rest: Any, fields: dict[str, Any], path: str) -> None:
    response = await rest.owner.post("/assistants", json={"slug": "a", "name": "A"} | fields)
    assert response.status_code == 422
    assert [issue["path"] for issue in response.json()["issues"]] == [path]


@pytest.mark.parametrize(
    "fields",
    [
        {"slug": "Not A Slug"},
        {"slug": "-a"},
        {"name": ""},
        {"name": "a\x00b"},
        {"instructions": "\ud800"},
        {"look": {"a": "\x00"}},
        {"look": {"a": "x" * 70_000}},
        {"colour": "red"},
        {"starters": ["x"] * 13},
    ],
)
async def test_fields_that_do_not_fit_are_named(rest: Any, fields: dict[str, Any]) -> None:
    body = json.dumps({"slug": "a", "name": "A"} | fields)  # escapes what UTF-8 cannot carry
    response = await rest.owner.post("/assistants", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][:2] == ["body", next(iter(fields))]
    assert "input" not in response.json()["detail"][0]


async def test_a_file_comes_back_as_it_was_and_only_to_its_owner(rest: Any) -> None:
    data = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 5_000
    files = {"file": ("../../etc/ho<>l\u00efday.html", data, "text/html")}
    kept = await rest.ok(await rest.member.post("/files", files=files), 201)
    assert (kept["name"], kept["media_type"], kept["bytes"]) == ("ho<>l\u00efday.html", "image/png", len(data))
    back = await rest.member.get(f"/files/{kept['id']}")
    assert back.content == data
    assert back.headers["content-disposition"].startswith("attachment; ")
    assert back.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in back.headers["content-security-policy"]
    assert (await rest.owner.get(f"/files/{kept['id']}")).status_code == 200
    given = await rest.owner.post("/assistants", json={"slug": "p", "name": "P", "public": True})
    assert given.status_code == 201
    visitor = rest.client((await rest.nobody.post("/tickets", json={"assistant": "p"})).json()["visitor"])
    assert (await visitor.get(f"/files/{kept['id']}")).status_code == 404
    stored = [path for path in rest.services.files.rglob("*") if path.is_file()]
    assert [path.name for path in stored] == [kept["id"]]
    assert stored[0].stat().st_mode & 0o777 == 0o600
    assert (await rest.member.delete(f"/files/{kept['id']}")).status_code == 204
    assert not stored[0].exists()
    assert (await rest.member.get(f"/files/{kept['id']}")).status_code == 404


async def test_files_that_are_refused_leave_nothing(rest: Any) -> None:
    limit = rest.services.settings.limits.upload_bytes
    assert (await rest.member.post("/files", files={"file": ("a", b"")})).status_code == 422
    assert (await rest.member.post("/files", files={"file": ("a", b"x" * (limit + 1))})).status_code == 413
    assert (await rest.member.post("/files", content=b"x")).status_code == 422
    assert not rest.services.files.exists() or not list(rest.services.files.rglob("*"))


async def test_what_is_offered(rest: Any) -> None:
    blocks = (await rest.ok(await rest.member.get("/blocks")))["items"]
    assert [one["kind"] for one in blocks] == list(BLOCKS)
    assert all({"kind", "schema", "example", "fallback"} <= set(one) for one in blocks)
    models = (await rest.ok(await rest.member.get("/models")))["items"]
    assert any(one["name"] == "demo" and one["available"] for one in models)
    assert all(one.get("missing") for one in models if not one["available"])
    tools = (await rest.ok(await rest.member.get("/tools")))["items"]
    assert "search_knowledge" in {one["name"] for one in tools}


async def test_usage_adds_up_by_day(rest: Any) -> None:
    for tokens in (10, 5):
        async with rest.database.transact("ws_default") as connection:
            used = records.usage_write(
                "ws_default", "usr", "ast", "demo", Usage(input_tokens=tokens, output_tokens=1, cost=0.25)
            )
            await write(driver_of(connection), [used])
    (row,) = (await rest.ok(await rest.owner.get("/usage")))["items"]
    assert (row["turns"], row["input_tokens"], row["output_tokens"], row["cost"]) == (2, 15, 2, 0.5)
    wrong = await rest.owner.get("/usage", params={"from": "2026-02-01", "to": "2026-01-01"})
    assert wrong.status_code == 422


async def test_errors_have_one_shape_and_answers_their_headers(rest: Any) -> None:
    for response, status, code in (
        (await rest.owner.get("/nowhere"), 404, "not_found"),
        (await rest.owner.put("/me"), 405, "invalid"),
        (
            await rest.owner.post("/assistants", content=b"{", headers={"content-type": "application/json"}),
            422,
            "invalid",
        ),
        (await rest.owner.post("/assistants", content=b" " * 1_100_000), 413, "too_long"),
    ):
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.json()["text"]
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_lost_database_is_said_in_words(rest: Any) -> None:
    await rest.database.close()

    def gone(*_: Any, **__: Any) -> Any:
        raise ConnectionRefusedError("10.0.0.7 refused hunter2")

    rest.database.engine.dialect.connect = gone
    response = await rest.owner.get("/me")
    assert "hunter2" not in response.text
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")


async def test_the_documentation_names_every_resource(rest: Any) -> None:
    document = (await rest.nobody.get("http://127.0.0.1:8000/api/openapi.json")).json()
    named = {path.split("/")[2] for path in document["paths"]}
    assert {
        "tickets",
        "me",
        "login",
        "logout",
        "users",
        "api-keys",
        "assistants",
        "knowledge-bases",
        "documents",
    } <= named
    assert {"sessions", "messages", "files", "tools", "blocks", "models", "sites", "usage", "audit"} <= named


async def test_the_documentation_to_read_needs_nothing_from_elsewhere(rest: Any) -> None:
    page = await rest.nobody.get("http://127.0.0.1:8000/api/docs")
    assert page.status_code == 200
    assert "/v1/knowledge-bases/{base}/documents" in page.text
    assert "<script" not in page.text
    assert "http:" not in page.text
    assert "https:" not in page.text.replace("https://shop.example", "")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")


async def test_no_answer_can_be_framed_or_run(rest: Any) -> None:
    for response in (
        await rest.owner.get("/me"),
        await rest.nobody.get("/me"),
        await rest.nobody.get("/absent"),
        await rest.owner.post("/files", files={"file": ("a.html", b"<script>alert(1)</script>")}),
        await rest.nobody.get("http://127.0.0.1:8000/api/docs"),
    ):
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["x-content-type-options"] == "nosniff"


async def test_an_assistant_may_be_given_what_its_workspace_attached(rest: Any) -> None:
    class Mine(Tool):
        name, title, about, origin = "orders", "Look up an order", "Looks up an order.", "http"
        arguments = Struct

        async def run(self, args: Any, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
            yield Result(None)

    class Ours:
        async def find(self, workspace: str, names: Sequence[str]) -> Mapping[str, Tool]:
            return {"orders": Mine()} if workspace == "ws_default" and "orders" in names else {}

        async def listed(self, workspace: str) -> Sequence[Tool]:
            return [Mine()] if workspace == "ws_default" else []

    services = replace(rest.services, attached=AttachedTools(Ours()))
    async with rest.client_on(services, rest.owner) as owner, rest.client_on(services, rest.other) as other:
        wish = {"slug": "a", "name": "A", "tools": ["orders"]}
        await rest.ok(await owner.post("/assistants", json=wish), 201)
        assert (await other.post("/assistants", json=wish)).json()["issues"][0]["path"] == "/tools"
        origins = {one["name"]: one["origin"] for one in (await rest.ok(await owner.get("/tools")))["items"]}
        assert (origins["orders"], origins["query_data"]) == ("http", "server")
        assert "orders" not in {one["name"] for one in (await rest.ok(await other.get("/tools")))["items"]}


async def test_limits_of_an_assistant_are_named_and_are_amounts(rest: Any) -> None:
    wish = {"slug": "bounded", "name": "Bounded", "limits": {"turn_token": 5, "money_per_day": "much"}}
    refused = await rest.owner.post("/assistants", json=wish)
    assert refused.status_code == 422
    said = str(refused.json())
    assert "Did you mean “turn_tokens”?" in said
    assert "money_per_day is an amount" in said
    made = await rest.ok(
        await rest.owner.post("/assistants", json={**wish, "limits": {"turn_tokens": 5, "money_per_day": 0.5}}), 201
    )
    assert made["limits"] == {"turn_tokens": 5, "money_per_day": 0.5}


async def test_members_see_their_own_usage_alone(rest: Any) -> None:
    me = (await rest.ok(await rest.member.get("/me")))["user"]["id"]
    for user in (me, "usr_other"):
        async with rest.database.transact("ws_default") as connection:
            used = records.usage_write("ws_default", user, "ast_own", "x:y", Usage(input_tokens=7, output_tokens=1))
            await write(driver_of(connection), [used])
    own = (await rest.ok(await rest.member.get("/usage", params={"by": ["user", "model"]})))["items"]
    assert [(row["user"], row["model"], row["input_tokens"], row["unpriced_turns"]) for row in own] == [
        (me, "x:y", 7, 1)
    ]
    assert (await rest.member.get("/usage", params={"user": "usr_other"})).status_code == 404
    all_of_it = (await rest.ok(await rest.owner.get("/usage", params={"by": "user"})))["items"]
    assert {me, "usr_other"} <= {row["user"] for row in all_of_it}


async def test_model_settings_are_known_by_name_and_kind(rest: Any) -> None:
    wish = {"slug": "tuned", "name": "Tuned"}
    for wrong, words in (
        ({"temprature": 0.2}, "Did you mean “temperature”?"),
        ({"maxTokens": 100}, "Did you mean “max_tokens”?"),
        ({"temperature": "hot"}, "temperature is a number from 0 to 2"),
        ({"thinking": 1}, "thinking is one of true, false, minimal"),
        ({"openai_reasoning_efort": "low"}, "Did you mean “openai_reasoning_effort”?"),
        ({"timeout": 5}, "There is no model setting “timeout”"),
    ):
        refused = await rest.owner.post("/assistants", json={**wish, "model_settings": wrong})
        assert refused.status_code == 422, wrong
        assert words in str(refused.json()), refused.json()
    settings = {"temperature": 0, "max_tokens": 900, "thinking": "low", "anthropic_effort": "low", "cache": False}
    made = await rest.ok(await rest.owner.post("/assistants", json={**wish, "model_settings": settings}), 201)
    assert made["model_settings"] == settings
