"""A socket outlives what its first frame proved: whoever may no longer be here is cut off within seconds."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from opsloom_server.auth import keys
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from sqlalchemy import text
from stage import RawClient, Stage
from vendors import Text
from websockets.exceptions import ConnectionClosed

SECONDS = 6.0
"""A look every second, a question every third, and the answer."""


@pytest_asyncio.fixture
async def api(stage: Stage) -> AsyncIterator[httpx2.AsyncClient]:
    """An owner's REST client."""
    headers = {"Authorization": f"Bearer {stage.key}"}
    async with httpx2.AsyncClient(base_url=f"{stage.base}/api/v1", headers=headers, timeout=20) as client:
        yield client


async def cut(client: RawClient) -> tuple[int, str]:
    """Wait for the close; gives its code and that of the error before it."""
    with pytest.raises(ConnectionClosed) as closed:
        await client.until("never", SECONDS)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, str(client.frames[-1]["code"])


async def visitor(stage: Stage, api: httpx2.AsyncClient) -> RawClient:
    given = (await api.post("tickets", json={"assistant": "scripted", "identity": {"id": "anna"}})).json()
    client = RawClient(stage.url, key="", assistant="scripted")
    del client.hello["key"]
    client.hello["ticket"] = given["ticket"]
    return client


async def test_a_person_who_is_shut_out(stage: Stage, api: httpx2.AsyncClient) -> None:
    async with await visitor(stage, api) as anna, stage.client() as owner:
        await owner.until("snapshot")
        welcome = await anna.until("welcome")
        await anna.until("snapshot")
        changed = await api.patch(f"users/{welcome['user']['id']}", json={"disabled": True})
        assert changed.status_code == 200, changed.text
        assert await cut(anna) == (4401, "forbidden")
        assert (await owner.reply(await owner.ask("ping")))["type"] == "pong"


async def test_a_key_that_is_taken_back_and_one_that_runs_out(stage: Stage, api: httpx2.AsyncClient) -> None:
    made = (await api.post("api-keys", json={"name": "one"})).json()
    row, token = await keys.create(stage.parts.database, DEFAULT_WORKSPACE, "two")
    one = RawClient(stage.url, key=made["key"], assistant="scripted")
    two = RawClient(stage.url, key=token.text, assistant="scripted")
    async with one, two, stage.client() as owner:
        for client in (one, two, owner):
            await client.until("snapshot")
        assert (await api.delete(f"api-keys/{made['id']}")).status_code == 204
        async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
            ended = text("UPDATE api_keys SET expires_at = now() WHERE id = :id")
            await connection.execute(ended, {"id": row.id})
        assert await cut(one) == (4401, "forbidden")
        assert await cut(two) == (4401, "forbidden")
        assert (await owner.reply(await owner.ask("ping")))["type"] == "pong"


async def test_an_assistant_that_is_deleted_can_be_read_by_socket_and_rest_alike(
    stage: Stage, api: httpx2.AsyncClient
) -> None:
    stage.vendor.script([Text("Good day.")])
    async with stage.client() as chat:
        await chat.ask("send", text="Hello")
        await chat.until("turn.end")
        assert (await api.delete("assistants/scripted")).status_code == 204
        assert await cut(chat) == (4403, "forbidden")
    session = chat.session
    assert [one["id"] for one in (await api.get("sessions")).json()["items"]] == [session]
    items = (await api.get(f"sessions/{session}/messages")).json()["items"]
    async with stage.client(session=session) as again:
        snapshot = await again.until("snapshot")
        assert [one["id"] for one in snapshot["messages"]] == [one["id"] for one in items]
        refused = await again.reply(await again.ask("send", text="And now?"))
        assert (refused["type"], refused["code"]) == ("error", "not_found")
        assert (await again.reply(await again.ask("ping")))["type"] == "pong"
    async with stage.client() as fresh:
        assert (await fresh.next())["code"] == "not_found"
