"""Each endpoint asked as one workspace with another's ids: never told from ids that are absent."""

from typing import Any

import pytest

TOOL = {"name": "t", "title": "T", "about": "A", "http": {"url": "https://a.example/"}}
UPLOAD = {"files": {"file": ("a.txt", b"hello")}}


async def things(rest: Any, who: Any, workspace: str) -> dict[str, str]:
    """One of each kind of thing that a workspace can own."""
    me = (await rest.ok(await who.get("/me")))["user"]["id"]
    base = (await rest.ok(await who.post("/knowledge-bases", json={"name": "B"}), 201))["id"]
    wish = {"title": "T", "text": "Ours alone."}
    document = (await rest.ok(await who.post(f"/knowledge-bases/{base}/documents", json=wish), 202))["id"]
    fields = {"slug": "secret", "name": "S", "knowledge_bases": [base]}
    assistant = (await rest.ok(await who.post("/assistants", json=fields), 201))["id"]
    session, messages = await rest.talk(me, assistant, "Hello", "Good day", workspace=workspace)
    site = {"name": "N", "assistant": assistant, "origins": ["https://a.example"]}
    return {
        "user": me,
        "base": base,
        "document": document,
        "assistant": assistant,
        "session": session,
        "message": messages[1],
        "file": (await rest.ok(await who.post("/files", **UPLOAD), 201))["id"],
        "key": (await rest.ok(await who.post("/api-keys", json={"name": "k"}), 201))["id"],
        "tool": (await rest.ok(await who.post("/tools", json=TOOL), 201))["id"],
        "secret": (await rest.ok(await who.put(f"/secrets/of-{workspace[3:]}", json={"value": "12345"})))["name"],
        "site": (await rest.ok(await who.post("/sites", json=site), 201))["id"],
    }


REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/assistants/{assistant}", {}),
    ("PATCH", "/assistants/{assistant}", {"json": {"name": "Mine"}}),
    ("DELETE", "/assistants/{assistant}", {}),
    ("GET", "/assistants/{assistant}/versions", {}),
    ("POST", "/tickets", {"json": {"assistant": "{assistant}"}}),
    ("GET", "/knowledge-bases/{base}", {}),
    ("PATCH", "/knowledge-bases/{base}", {"json": {"name": "Mine"}}),
    ("DELETE", "/knowledge-bases/{base}", {}),
    ("POST", "/knowledge-bases/{base}/search", {"json": {"query": "ours"}}),
    ("GET", "/knowledge-bases/{base}/documents", {}),
    ("POST", "/knowledge-bases/{base}/documents", {"json": {"title": "T", "text": "x"}}),
    ("POST", "/knowledge-bases/{base}/documents", UPLOAD),
    ("GET", "/documents/{document}", {}),
    ("GET", "/documents/{document}/text", {}),
    ("DELETE", "/documents/{document}", {}),
    ("GET", "/sessions/{session}", {}),
    ("PATCH", "/sessions/{session}", {"json": {"title": "Mine"}}),
    ("DELETE", "/sessions/{session}", {}),
    ("GET", "/sessions/{session}/messages", {}),
    ("GET", "/sessions/{session}/export", {}),
    ("POST", "/messages/{message}/feedback", {"json": {"value": 1}}),
    ("GET", "/files/{file}", {}),
    ("DELETE", "/files/{file}", {}),
    ("PATCH", "/users/{user}", {"json": {"name": "Mine"}}),
    ("DELETE", "/api-keys/{key}", {}),
    ("DELETE", "/sites/{site}", {}),
    ("GET", "/tools/{tool}", {}),
    ("PATCH", "/tools/{tool}", {"json": {"title": "Mine"}}),
    ("POST", "/tools/{tool}/try", {"json": {}}),
    ("DELETE", "/tools/{tool}", {}),
    ("DELETE", "/secrets/{secret}", {}),
]


def filled(more: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    """A request with the ids put into its body, where it names one there."""
    if "assistant" not in more.get("json", {}):
        return more
    return {"json": more["json"] | {"assistant": ids["assistant"]}}


async def test_foreign_ids_are_as_absent_ones(rest: Any) -> None:
    theirs = await things(rest, rest.other, "ws_other")
    absent = dict.fromkeys(theirs, "abs_0123456789")
    rest.told.calls.clear()
    for method, path, more in REQUESTS:
        answers = []
        for ids in (theirs, absent):
            response = await rest.owner.request(method, path.format(**ids), **filled(more, ids))
            answers.append((response.status_code, response.text))
        assert answers[0] == answers[1], (method, path)
        assert answers[0][0] == 404, (method, path, answers[0])
    assert rest.told.calls == []
    for name, path in (("document", "/documents/"), ("session", "/sessions/"), ("assistant", "/assistants/")):
        assert (await rest.other.get(path + theirs[name])).status_code == 200


async def test_lists_hold_ones_own_only(rest: Any) -> None:
    await things(rest, rest.other, "ws_other")
    for path in ("/assistants", "/knowledge-bases", "/sessions?user=all", "/sites", "/secrets", "/usage", "/audit"):
        assert (await rest.ok(await rest.owner.get(path)))["items"] == [], path
    keys = await rest.ok(await rest.owner.get("/api-keys"))
    assert {one["name"] for one in keys["items"]} == {"owner", "member"}
    foreign = {"slug": "x", "name": "X", "knowledge_bases": [(await things(rest, rest.owner, "ws_default"))["base"]]}
    assert (await rest.other.post("/assistants", json=foreign)).status_code == 422


async def test_a_member_does_not_manage(rest: Any) -> None:
    mine = await things(rest, rest.owner, "ws_default")
    allowed = {
        ("GET", "/assistants/{assistant}"),
        ("GET", "/assistants/{assistant}/versions"),
        ("POST", "/tickets"),
        ("GET", "/knowledge-bases/{base}"),
        ("POST", "/knowledge-bases/{base}/search"),
        ("GET", "/knowledge-bases/{base}/documents"),
        ("GET", "/documents/{document}"),
        ("GET", "/documents/{document}/text"),
    }
    for method, path, more in REQUESTS:
        response = await rest.member.request(method, path.format(**mine), **filled(more, mine))
        if (method, path) in allowed:
            # The document's text is not there before the worker has read it.
            assert response.status_code == (404 if path.endswith("/text") else 200), (method, path, response.text)
        else:
            assert response.status_code in (403, 404), (method, path, response.text)


@pytest.mark.parametrize("path", ["/documents/%00", "/sessions/a%00b", "/assistants/%00", "/sessions?q=%00"])
async def test_a_nul_in_an_address_is_no_crash(rest: Any, path: str) -> None:
    response = await rest.owner.get(path)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")


async def test_everything_but_public_assistants_is_closed(rest: Any) -> None:
    mine = await things(rest, rest.owner, "ws_default")
    for method, path, more in REQUESTS:
        if (method, path) in {("GET", "/assistants/{assistant}"), ("POST", "/tickets")}:
            continue
        response = await rest.nobody.request(method, path.format(**mine), **more)
        assert response.status_code == 401, (method, path, response.text)
    for path in (
        "/me",
        "/users",
        "/api-keys",
        "/knowledge-bases",
        "/sessions",
        "/blocks",
        "/models",
        "/tools",
        "/sites",
        "/secrets",
    ):
        assert (await rest.nobody.get(path)).status_code == 401, path
    assert (await rest.ok(await rest.nobody.get("/assistants")))["items"] == []
    assert (await rest.nobody.get(f"/assistants/{mine['assistant']}")).status_code == 404
