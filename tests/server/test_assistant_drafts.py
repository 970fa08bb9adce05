"""What an assistant was and may become: versions, back to one, and a draft that is tried beside it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest_asyncio
from client.keyboard import Tty, Typed
from conftest import PostgresUrl
from opsloom_client import terminal
from opsloom_server.auth import keys
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from server.asking.conftest import EXTENSIONS, answer, asked, blocks_of, cancel, lines, tools_of
from stage import RawClient, Stage
from vendors import Text

SUPPORT = {
    "slug": "support",
    "name": "Support",
    "instructions": "Be brief.",
    "model": "openai-chat:first",
    "greeting": "Hello",
    "tools": ["send_mail"],
    "public": True,
}


@pytest_asyncio.fixture
async def desk(seeded_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Stage]:
    """A server with tools that act."""
    async with Stage.open(seeded_url, tmp_path, extensions=EXTENSIONS) as stage:
        stage.vendor.script([Text("Yes.")])
        yield stage


@pytest_asyncio.fixture
async def api(desk: Stage) -> AsyncIterator[httpx2.AsyncClient]:
    """An owner's REST client; there is the assistant `support`."""
    async with rest(desk, desk.key) as client:
        made = await client.post("assistants", json=SUPPORT)
        assert made.status_code == 201, made.text
        yield client


def rest(desk: Stage, key: str | None) -> httpx2.AsyncClient:
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    return httpx2.AsyncClient(base_url=f"{desk.base}/api/v1", headers=headers, timeout=20)


async def by_ticket(desk: Stage, client: httpx2.AsyncClient, *, draft: bool, **hello: Any) -> RawClient:
    given = await client.post("tickets", json={"assistant": "support", "draft": draft})
    assert given.status_code == 200, given.text
    raw = RawClient(desk.url, key="", **hello)
    del raw.hello["key"]
    raw.hello["ticket"] = given.json()["ticket"]
    return raw


async def told(desk: Stage, client: RawClient) -> tuple[str, str]:
    """The model that is asked, and its instructions, when somebody sends a message."""
    await client.ask("send", text="Who are you?")
    await client.until("turn.end")
    body = desk.vendor.requests[-1].body
    return body["model"], body["messages"][0]["content"]


async def test_a_version_comes_back_as_a_new_one(desk: Stage, api: httpx2.AsyncClient) -> None:
    for change in ({"instructions": "Be kind."}, {"instructions": "Be gone.", "greeting": "Hi"}):
        await api.patch("assistants/support", json=change)
    changed = (await api.get("assistants/support/versions/3/diff")).json()["items"]
    assert changed == [
        {"field": "instructions", "before": "Be kind.", "after": "Be gone."},
        {"field": "greeting", "before": "Hello", "after": "Hi"},
    ]
    whole = (await api.get("assistants/support/versions/3/diff", params={"against": 1})).json()["items"]
    assert [one["before"] for one in whole] == ["Be brief.", "Hello"]

    back = await api.post("assistants/support/versions/1/restore")
    assert (back.status_code, back.json()["version"], back.json()["instructions"]) == (200, 4, "Be brief.")
    specs = {one["version"]: one["spec"] for one in (await api.get("assistants/support/versions")).json()["items"]}
    assert specs[4] == specs[1] != specs[3]
    assert (await api.post("assistants/support/versions/1/restore")).json()["version"] == 4
    for path in ("versions/9/restore", "versions/4/diff?against=9", "versions/9/diff"):
        method = "POST" if "restore" in path else "GET"
        assert (await api.request(method, f"assistants/support/{path}")).status_code == 404
    actions = [row["action"] for row in (await api.get("audit")).json()["items"]]
    assert actions[:2] == ["assistant.restore", "assistant.change"]


async def test_a_draft_is_tried_beside_the_live_one_and_published(desk: Stage, api: httpx2.AsyncClient) -> None:
    made = await api.put("assistants/support/draft", json={"instructions": "Be bold.", "greeting": "Ahoy"})
    assert made.status_code == 200, made.text
    assert (made.json()["based_on"], made.json()["behind"]) == (1, False)
    assert [one["field"] for one in made.json()["differs"]] == ["instructions", "greeting"]

    async with (
        await by_ticket(desk, api, draft=True, assistant="support") as trying,
        await by_ticket(desk, api, draft=False, assistant="support") as live,
    ):
        seen = [(await one.until("welcome"))["assistant"] for one in (trying, live)]
        assert [(one["greeting"], one.get("draft")) for one in seen] == [("Ahoy", True), ("Hello", None)]
        assert await told(desk, trying) == ("first", "Be bold.")
        assert await told(desk, live) == ("first", "Be brief.")
        listed = {one["id"]: one["draft"] for one in (await api.get("sessions")).json()["items"]}
        assert listed == {trying.session: True, live.session: False}

        # What is saved holds from the next message on, in the draft's conversation and in the live one.
        await api.put("assistants/support/draft", json={"instructions": "Be bolder.", "model": "openai-chat:second"})
        assert await told(desk, trying) == ("second", "Be bolder.")
        await api.patch("assistants/support", json={"name": "Help"})
        assert (await api.get("assistants/support/draft")).json()["behind"] is True
        refused = await api.post("assistants/support/draft/publish")
        assert (refused.status_code, "version 1" in refused.text) == (409, True)

        await api.put("assistants/support/draft", json={"instructions": "Be bolder.", "model": "openai-chat:second"})
        published = await api.post("assistants/support/draft/publish")
        assert (published.json()["version"], published.json()["name"]) == (3, "Help")
        assert await told(desk, live) == ("second", "Be bolder.")
        gone = await trying.reply(await trying.ask("send", text="And now?"))
        assert (gone["type"], gone["code"], "published" in gone["text"]) == ("error", "conflict", True)
        for method in ("GET", "DELETE"):
            assert (await api.request(method, "assistants/support/draft")).status_code == 404
    async with desk.client(None, session=trying.session) as again:
        await again.until("snapshot")
        assert again.state is not None
        assert len(again.state.messages) == 4


async def test_nobody_but_who_manages_comes_to_a_draft(desk: Stage, api: httpx2.AsyncClient) -> None:
    none = await api.post("tickets", json={"assistant": "support", "draft": True})
    assert (none.status_code, "no draft" in none.text) == (404, True)
    await api.put("assistants/support/draft", json={"instructions": "The secret plan."})
    _, member = await keys.create(desk.parts.database, DEFAULT_WORKSPACE, "member", "member")
    wish = {"assistant": "support", "draft": True}
    async with rest(desk, member.text) as theirs, rest(desk, None) as nobody:
        visitor = (await nobody.post("tickets", json={"assistant": "support"})).json()
        assert (await nobody.post("tickets", json=wish)).status_code == 401
        assert (await nobody.post("tickets", json=wish | {"visitor": visitor["visitor"]})).status_code == 401
        assert (await theirs.post("tickets", json=wish)).status_code == 403
        assert (await api.post("tickets", json=wish | {"identity": {"id": "anna"}})).status_code == 403
        nobody.headers["authorization"] = f"Bearer {visitor['visitor']}"
        assert (await nobody.post("tickets", json=wish)).status_code == 403
        for client in (theirs, nobody):
            for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/publish")):
                tried = await client.request(method, f"assistants/support/draft{path}", json={})
                assert tried.status_code == 403, (method, path)
            assert "secret plan" not in (await client.get("assistants/support")).text
    async with await by_ticket(desk, api, draft=True, assistant="support") as trying:
        await trying.until("snapshot")
        unsaved = trying.session
        # The name of a conversation with the draft opens none without it.
        async with RawClient(desk.url, key=member.text, assistant="support", session=unsaved) as stranger:
            assert (await stranger.next())["type"] == "error"
        await told(desk, trying)
        async with RawClient(desk.url, key=member.text, session=unsaved) as stranger:
            assert (await stranger.next())["code"] == "not_found"
    async with RawClient(desk.url, key=member.text, assistant="support") as member_client:
        assert "draft" not in (await member_client.until("welcome"))["assistant"]
        assert await told(desk, member_client) == ("first", "Be brief.")


async def test_a_tool_that_only_the_draft_has_runs_in_the_draft_alone(
    desk: Stage, api: httpx2.AsyncClient, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    await api.put("assistants/support/draft", json={"tools": ["cancel_order"]})
    async with await by_ticket(desk, api, draft=True, assistant="support") as trying:
        (block,) = await asked(desk, trying, cancel(ledger, 1))
        await answer(trying, block, "allow")
        end = await trying.until("turn.end")
        assert ([one["status"] for one in tools_of(end["message"])], lines(ledger)) == (["ok"], ["cancel_order 1"])
        (block,) = await asked(desk, trying, cancel(ledger, 2))
        await api.put("assistants/support/draft", json={"tools": []})
        await answer(trying, block, "allow")
        end = await trying.until("turn.end")
        assert blocks_of(end["message"])[0]["state"]["status"] == "answered"
        assert lines(ledger) == ["cancel_order 1"]


async def test_a_draft_is_tried_in_the_terminal(desk: Stage, api: httpx2.AsyncClient) -> None:
    await api.put("assistants/support/draft", json={"instructions": "Be bold."})
    out = Tty()
    typed = Typed("Who are you?")
    code = await terminal.chat(desk.base, assistant="support", key=desk.key, out=out, lines=typed, draft=True)
    assert (code, "Support (draft)" in out.getvalue(), "Yes." in out.getvalue()) == (0, True, True)
    assert desk.vendor.requests[-1].body["messages"][0]["content"] == "Be bold."
