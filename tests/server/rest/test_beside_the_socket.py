"""REST and the socket of one real server: what one changes, the other shows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from conftest import PostgresUrl
from opsloom_rag.embedding import DEFAULT
from stage import RawClient, Stage
from vendors import Text
from websockets.exceptions import ConnectionClosed


def rest(stage: Stage) -> httpx2.AsyncClient:
    """An owner's REST client."""
    headers = {"Authorization": f"Bearer {stage.key}"}
    return httpx2.AsyncClient(base_url=f"{stage.base}/api/v1", headers=headers, timeout=20)


@pytest_asyncio.fixture
async def api(stage: Stage) -> AsyncIterator[httpx2.AsyncClient]:
    async with rest(stage) as client:
        yield client


async def test_a_rename_and_a_mark_are_seen_in_every_window(stage: Stage, api: httpx2.AsyncClient) -> None:
    stage.vendor.script([Text("Good day.")])
    async with stage.client() as chat:
        await chat.ask("send", text="Hello")
        answer = (await chat.until("turn.end"))["message"]["id"]
        listed = (await api.get("sessions")).json()["items"]
        assert [one["id"] for one in listed] == [chat.session]
        renamed = await api.patch(f"sessions/{chat.session}", json={"title": "Greetings"})
        assert (renamed.status_code, renamed.json()["title"]) == (200, "Greetings")
        assert (await chat.until("session.update"))["title"] == "Greetings"
        marked = await api.post(f"messages/{answer}/feedback", json={"value": -1, "comment": "Cold"})
        assert marked.status_code == 200, marked.text
        update = await chat.until("message.update")
        assert update["message"]["feedback"] == {"value": -1, "comment": "Cold"}
        page = (await api.get(f"sessions/{chat.session}/messages")).json()
        assert [one["role"] for one in page["items"]] == ["user", "assistant"]
        assert page["items"][1]["feedback"]["value"] == -1
        found = (await api.get("sessions", params={"q": "good DAY"})).json()["items"]
        assert [one["title"] for one in found] == ["Greetings"]


async def test_a_deleted_conversation_closes_its_connections(stage: Stage, api: httpx2.AsyncClient) -> None:
    stage.vendor.script([Text(tokens=["word "] * 500, delay=0.02)])
    async with stage.client() as chat:
        await chat.ask("send", text="Hello")
        await chat.until("text.delta")
        assert (await api.delete(f"sessions/{chat.session}")).status_code == 204
        with pytest.raises(ConnectionClosed) as closed:
            await chat.until("never")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4404
    assert (await api.get("sessions")).json()["items"] == []


async def test_a_visitors_ticket_opens_a_socket_and_their_secret_reads_it_again(stage: Stage) -> None:
    stage.vendor.script([Text("Welcome.")])
    async with httpx2.AsyncClient(base_url=f"{stage.base}/api/v1", timeout=20) as nobody:
        given = (await nobody.post("tickets", json={"assistant": "scripted"})).json()
        chat = RawClient(stage.url, key="", assistant="scripted")
        del chat.hello["key"]
        chat.hello["ticket"] = given["ticket"]
        async with chat:
            await chat.ask("send", text="Hello")
            await chat.until("turn.end")
        own = {"Authorization": f"Bearer {given['visitor']}"}
        listed = (await nobody.get("sessions", headers=own)).json()["items"]
        assert [one["id"] for one in listed] == [chat.session]
        stranger = (await nobody.post("tickets", json={"assistant": "scripted"})).json()["visitor"]
        hidden = await nobody.get(f"sessions/{chat.session}", headers={"Authorization": f"Bearer {stranger}"})
        assert hidden.status_code == 404


async def test_what_is_handed_in_is_found(
    seeded_url: PostgresUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its meaning: the one server here with the embedding model, but without a documentation to embed (20 s)."""
    monkeypatch.setattr("opsloom_server.seed.pages", lambda _: [])
    async with Stage.open(seeded_url, tmp_path, embedder=DEFAULT) as stage, rest(stage) as api:
        base = (await api.post("knowledge-bases", json={"name": "Birds"})).json()["id"]
        text = "# Herons\n\nThe grey heron waits in shallow water for fish."
        taken = await api.post(f"knowledge-bases/{base}/documents", files={"file": ("herons.md", text.encode())})
        assert taken.status_code == 202
        for _ in range(400):
            shown = (await api.get(f"documents/{taken.json()['id']}")).json()
            if shown["status"] not in ("queued", "working"):
                break
            await asyncio.sleep(0.025)
        assert (shown["status"], shown["title"]) == ("ready", "Herons")
        wish = {"query": "Which bird stands still to catch its meal?"}
        found = (await api.post(f"knowledge-bases/{base}/search", json=wish)).json()["results"]
        assert "heron" in found[0]["text"]
