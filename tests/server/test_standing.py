"""A socket outlives what its first frame proved: whoever may no longer be here is cut off within seconds."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import pytest_asyncio
from conftest import PostgresUrl
from faults.proxy import Proxy
from opsloom_server.app import create_app
from opsloom_server.auth import keys, logins
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from sqlalchemy import text
from stage import RawClient, Stage
from stage.server import serving
from vendors import Text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

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


def by_ticket(url: str, ticket: str) -> RawClient:
    client = RawClient(url, key="", assistant="scripted")
    del client.hello["key"]
    client.hello["ticket"] = ticket
    return client


async def visitor(stage: Stage, api: httpx2.AsyncClient, name: str = "anna") -> RawClient:
    """Somebody on whose behalf a program asks."""
    given = (await api.post("tickets", json={"assistant": "scripted", "identity": {"id": name}})).json()
    return by_ticket(stage.url, given["ticket"])


@pytest_asyncio.fixture
async def browser(stage: Stage) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser that is signed in by the owner's link."""
    link = await logins.owner_link(stage.parts.database, DEFAULT_WORKSPACE)
    assert link is not None
    async with httpx2.AsyncClient(base_url=f"{stage.base}/api/v1", timeout=20) as client:
        me = (await client.post("login", json={"token": link.text})).json()
        client.headers["X-CSRF-Token"] = me["csrf"]
        yield client


async def signed_in(url: str, browser: httpx2.AsyncClient) -> RawClient:
    return by_ticket(url, (await browser.post("tickets", json={"assistant": "scripted"})).json()["ticket"])


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


async def test_a_browser_that_signs_out_leaves_every_node(
    stage: Stage, api: httpx2.AsyncClient, browser: httpx2.AsyncClient
) -> None:
    """And what it was given before it left opens nothing."""
    settings = stage.parts.settings
    async with serving(create_app(settings), settings.limits) as (_, base):
        elsewhere = base.replace("http", "ws", 1) + "/ws"
        here, there = await signed_in(stage.url, browser), await signed_in(elsewhere, browser)
        unused = await signed_in(stage.url, browser)
        async with here, there, stage.client() as owner:
            for client in (here, there, owner):
                await client.until("snapshot")
            assert (await browser.post("logout")).status_code == 204
            for client in (here, there):
                assert await cut(client) == (4401, "forbidden")
            assert (await owner.reply(await owner.ask("ping")))["type"] == "pong"
        async with unused:
            assert await cut(unused) == (4401, "forbidden")


async def test_a_cookie_alone_opens_no_socket(stage: Stage, browser: httpx2.AsyncClient) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    assert cookies
    hello = {"type": "hello", "assistant": "scripted", "client": {"name": "test", "version": "0"}}
    async with connect(stage.url, origin=Origin(stage.base), additional_headers={"Cookie": cookies}) as socket:
        await socket.send(json.dumps(hello))
        assert json.loads(await socket.recv())["code"] == "forbidden"
        await socket.wait_closed()
        assert socket.close_code == 4401


async def test_a_sign_in_that_runs_out(stage: Stage, browser: httpx2.AsyncClient) -> None:
    async with await signed_in(stage.url, browser) as client:
        await client.until("snapshot")
        async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
            await connection.execute(text("UPDATE logins SET expires_at = now()"))
        assert await cut(client) == (4401, "forbidden")


async def test_people_whom_a_program_let_in_go_with_its_key(stage: Stage, api: httpx2.AsyncClient) -> None:
    """A key that was stolen may have let anybody in, as anybody."""
    made = (await api.post("api-keys", json={"name": "shop"})).json()
    async with httpx2.AsyncClient(base_url=api.base_url, headers={"Authorization": f"Bearer {made['key']}"}) as shop:
        thief, program = await visitor(stage, shop, "anna"), (await shop.post("tickets", json={})).json()["ticket"]
    async with thief, by_ticket(stage.url, program) as own, await visitor(stage, api, "anna") as anna:
        for client in (thief, own, anna):
            await client.until("snapshot")
        assert (await api.delete(f"api-keys/{made['id']}")).status_code == 204
        for client in (thief, own):
            assert await cut(client) == (4401, "forbidden")
        assert (await anna.reply(await anna.ask("ping")))["type"] == "pong"


async def test_a_key_runs_out_although_the_database_hangs(seeded_url: PostgresUrl, tmp_path: Path) -> None:
    """Its time is known from the beginning; nobody has to be asked for it."""
    parts = urlsplit(seeded_url.dsn)
    async with Proxy(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432") as wire:
        url = f"postgresql://{parts.username}@127.0.0.1:{wire.port}{parts.path}"
        async with Stage.open(url, tmp_path) as stage:
            expires = datetime.now(UTC) + timedelta(seconds=3)
            _, token = await keys.create(stage.parts.database, DEFAULT_WORKSPACE, "short", expires_at=expires)
            _, later = await keys.create(
                stage.parts.database, DEFAULT_WORKSPACE, "long", expires_at=expires + timedelta(hours=1)
            )
            short = RawClient(stage.url, key=token.text, assistant="scripted")
            async with short, RawClient(stage.url, key=later.text, assistant="scripted") as long:
                await short.until("snapshot")
                await long.until("snapshot")
                wire.stall()
                try:
                    assert await cut(short) == (4401, "forbidden")
                    assert datetime.now(UTC) >= expires
                    assert (await long.reply(await long.ask("ping")))["type"] == "pong"
                finally:
                    wire.resume()


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
