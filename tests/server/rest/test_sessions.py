"""Conversations: the list, search, pages, rename, delete, export, messages, feedback."""

from typing import Any

import pytest
from opsloom_protocol.messages import FeedbackMark
from opsloom_server.store import sessions as store
from sqlalchemy import text


async def people(rest: Any) -> tuple[str, str]:
    """An assistant, and the user that the member's key stands for."""
    made = await rest.ok(await rest.owner.post("/assistants", json={"slug": "help", "name": "H", "public": True}), 201)
    me = await rest.ok(await rest.member.get("/me"))
    return made["id"], me["user"]["id"]


async def test_the_list_is_ones_own_last_used_first_in_pages(rest: Any) -> None:
    assistant, user = await people(rest)
    other = (await rest.ok(await rest.owner.get("/me")))["user"]["id"]
    mine = [(await rest.talk(user, assistant, f"Question {number}"))[0] for number in range(5)]
    await rest.talk(other, assistant, "Not yours")
    seen: list[str] = []
    cursor = None
    while True:
        page = await rest.ok(
            await rest.member.get("/sessions", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        )
        assert len(page["items"]) <= 2
        seen += [one["id"] for one in page["items"]]
        if (cursor := page["cursor"]) is None:
            break
    assert seen == mine[::-1]
    everyone = await rest.ok(await rest.owner.get("/sessions", params={"user": "all"}))
    assert len(everyone["items"]) == 6
    assert (await rest.member.get("/sessions", params={"user": other})).status_code == 404
    assert (await rest.member.get("/sessions", params={"user": "all"})).status_code == 404


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("tariff", 1),
        ("TARIFF", 1),
        ("holiday", 1),
        ("100%", 1),
        ("%", 1),
        ("_", 0),
        ("type", 0),
        ('"', 1),
        ("absent", 0),
    ],
)
async def test_search_looks_into_titles_and_texts(rest: Any, words: str, found: int) -> None:
    assistant, user = await people(rest)
    await rest.talk(user, assistant, "What is the tariff?", 'It is "100%" higher', title="Money")
    await rest.talk(user, assistant, "Hello", title="My holiday")
    page = await rest.ok(await rest.member.get("/sessions", params={"q": words}))
    assert len(page["items"]) == found


async def test_one_assistants_conversations(rest: Any) -> None:
    assistant, user = await people(rest)
    await rest.talk(user, assistant, "Hello")
    for name, count in (("help", 1), (assistant, 1), ("another", 0)):
        page = await rest.ok(await rest.member.get("/sessions", params={"assistant": name}))
        assert [one["assistant"] for one in page["items"]] == ["help"] * count


async def test_messages_come_oldest_first_with_what_is_older(rest: Any) -> None:
    assistant, user = await people(rest)
    session, ids = await rest.talk(user, assistant, *[f"Text {number}" for number in range(7)])
    path = f"/sessions/{session}/messages"
    last = await rest.ok(await rest.member.get(path, params={"limit": 3}))
    assert ([one["id"] for one in last["items"]], last["more"]) == (ids[4:], True)
    assert last["items"][0]["parts"] == [{"type": "text", "text": "Text 4"}]
    assert last["items"][0]["siblings"] == []
    older = await rest.ok(await rest.member.get(path, params={"limit": 3, "before": ids[4]}))
    assert ([one["id"] for one in older["items"]], older["more"]) == (ids[1:4], True)
    first = await rest.ok(await rest.member.get(path, params={"limit": 3, "before": ids[1]}))
    assert ([one["id"] for one in first["items"]], first["more"]) == (ids[:1], False)
    none = await rest.ok(await rest.member.get(path, params={"before": ids[0]}))
    assert none == {"items": [], "more": False}
    assert (await rest.member.get(path, params={"before": "msg_absent"})).status_code == 404


async def test_rename_feedback_and_delete_go_to_the_hub(rest: Any) -> None:
    assistant, user = await people(rest)
    session, ids = await rest.talk(user, assistant, "Hello", "Good day")
    renamed = await rest.ok(await rest.member.patch(f"/sessions/{session}", json={"title": "  Greetings "}))
    assert renamed["title"] == "Greetings"
    await rest.ok(await rest.member.post(f"/messages/{ids[1]}/feedback", json={"value": 1, "comment": "Kind"}))
    assert (await rest.member.delete(f"/sessions/{session}")).status_code == 204
    assert rest.told.calls == [
        ("rename", "ws_default", session, "Greetings"),
        ("feedback", "ws_default", session, ids[1], FeedbackMark(value=1, comment="Kind")),
        ("deleted", "ws_default", session),
    ]
    assert (await rest.member.get(f"/sessions/{session}")).status_code == 404
    assert (await rest.member.get(f"/sessions/{session}/messages")).status_code == 404
    assert (await rest.member.post(f"/messages/{ids[1]}/feedback", json={"value": 1})).status_code == 404
    assert (await rest.ok(await rest.member.get("/sessions")))["items"] == []


async def test_deleted_conversations_leave_the_database(rest: Any) -> None:
    assistant, user = await people(rest)
    session, _ = await rest.talk(user, assistant, "Hello", "Good day")
    await rest.member.delete(f"/sessions/{session}")
    async with rest.database.transact("ws_default") as connection:
        assert await store.drop_deleted(connection) == 0
        await connection.execute(text("UPDATE sessions SET deleted_at = now() - interval '2 hours'"))
        assert await store.drop_deleted(connection) == 1
        assert (await connection.execute(text("SELECT count(*) FROM messages"))).scalar_one() == 0


async def test_an_export_holds_what_was_said(rest: Any) -> None:
    assistant, user = await people(rest)
    session, ids = await rest.talk(user, assistant, "Why?", "Because.", title="Reasons")
    whole = await rest.member.get(f"/sessions/{session}/export")
    assert "attachment" in whole.headers["content-disposition"]
    assert [one["id"] for one in whole.json()["messages"]] == ids
    written = await rest.member.get(f"/sessions/{session}/export", params={"format": "md"})
    assert written.headers["content-type"].startswith("text/markdown")
    assert written.text.startswith("# Reasons\n\n## You (")
    assert "Because." in written.text


@pytest.mark.parametrize("cursor", ["x", "é", "bm8", "W10", "A" * 400])
async def test_a_cursor_of_anothers_making_is_refused(rest: Any, cursor: str) -> None:
    for path in ("/sessions", "/assistants/x/versions", "/users", "/audit"):
        response = await rest.owner.get(path, params={"cursor": cursor})
        assert response.status_code in (404, 422), (path, response.text)
