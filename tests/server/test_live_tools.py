"""Tools that a workspace made without code, in a chat: a real service on loopback, which the operator let in."""

import json
import logging
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import PostgresUrl
from opsloom_server.store import assistants, users
from opsloom_server.store.assistants import AssistantSpec
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from server.asking.conftest import answer, asked, blocks_of, same_after_a_reload, tools_of
from server.tools.shop_service import Shop, cancel, look_up, shop_service
from stage import RawClient, Stage
from vendors import Text, ToolCall

KEY = "sk_shop_0123456789"
CANCEL = ToolCall("cancel_order_by_http", {"order": 7, "why": "too late"})


class Desk:
    """A server whose assistant `desk` has the tools of a shop."""

    def __init__(self, stage: Stage, shop: Shop, http: httpx2.AsyncClient) -> None:
        self.stage = stage
        self.shop = shop
        self.http = http

    async def ok(self, method: str, path: str, **body: Any) -> Any:
        answered = await self.http.request(method, path, json=body or None)
        assert answered.is_success, answered.text
        return answered.json() if answered.content else None

    async def told(self, client: RawClient, *steps: list[Any], text: str = "Go") -> dict[str, Any]:
        """The answer for which the model takes these steps."""
        for at, step in enumerate(steps, start=len(self.stage.vendor.requests)):
            self.stage.vendor.script(step, request=at)
        await client.ask("send", text=text)
        message: dict[str, Any] = (await client.until("turn.end"))["message"]
        return message

    @property
    def heard(self) -> str:
        """What the model was told last."""
        return str(self.stage.vendor.requests[-1].body["messages"])


@pytest.fixture
async def desk(seeded_url: PostgresUrl, tmp_path: Path) -> AsyncIterator[Desk]:
    networks = (ip_network("127.0.0.1/32"),)
    async with (
        shop_service() as shop,
        Stage.open(seeded_url, tmp_path, fetch_networks=networks) as stage,
        httpx2.AsyncClient(base_url=f"{stage.base}/api/v1", headers={"authorization": f"Bearer {stage.key}"}) as http,
    ):
        made = Desk(stage, shop, http)
        await made.ok("PUT", "/secrets/shop", value=KEY)
        anything = {"properties": {"at": {"type": "string"}}, "required": ["at"]}
        for wish in (
            look_up(shop),
            cancel(shop),
            look_up(shop, name="reviews", parameters={}, http={"url": f"{shop.url}/reviews"}),
            look_up(shop, name="tell", effect="sends", parameters=anything, http={"url": f"{shop.url}/{{at}}"}),
            look_up(shop, name="hours", untrusted=False, parameters={}, http={"url": f"{shop.url}/orders/1"}),
        ):
            await made.ok("POST", "/tools", **wish)
        names = ["look_up_order", "cancel_order_by_http", "reviews", "tell", "hours"]
        wish = {"slug": "desk", "name": "Desk", "model": "openai-chat:scripted", "tools": names, "blocks": ["confirm"]}
        await made.ok("POST", "/assistants", **wish)
        yield made


async def test_a_question_is_answered_with_what_the_service_says(desk: Desk) -> None:
    async with desk.stage.client("desk") as client:
        call = ToolCall("look_up_order", {"order": 7})
        message = await desk.told(client, [ToolCall("look_up_order", {"order": "x"})], [call], [Text("It was sent.")])
        assert [(one["title"], one["status"], one["summary"]) for one in tools_of(message)] == [
            ("Look up the order", "ok", "Answered 200 (OK)")
        ]
        assert "Asking 127.0.0.1" in [frame.get("note") for frame in client.frames if frame["type"] == "tool.progress"]
        assert '"sku":"A-1"' in desk.heard.replace(" ", "")
        assert "not as instructions" in desk.heard
        (schema,) = [
            tool["function"]["parameters"]
            for tool in desk.stage.vendor.requests[0].body["tools"]
            if tool["function"]["name"] == "look_up_order"
        ]
        assert schema["properties"]["order"]["minimum"] == 0
        message = await desk.told(client, [ToolCall("look_up_order", {"order": 0})], [Text("There is none.")])
        assert tools_of(message)[0]["status"] == "error"
        assert "There is no order 0." in desk.heard
        await same_after_a_reload(desk.stage, client)
    assert [one["path"] for one in desk.shop.asked] == ["/orders/7", "/orders/0"]


async def test_what_acts_asks_first_and_its_secret_is_seen_nowhere(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with desk.stage.client("desk") as client:
        (block,) = await asked(desk.stage, client, CANCEL)
        assert desk.shop.asked == []
        data = block["data"]
        assert (data["title"], data["arguments"]) == ("Cancel the order", {"order": 7, "why": "too late"})
        assert data["consequence"] == "Sends these arguments to 127.0.0.1 (POST)."
        await answer(client, block, "allow")
        end = await client.until("turn.end")
        assert tools_of(end["message"])[0]["status"] == "ok"
        await answer(client, block, "allow")
        (one,) = desk.shop.asked
        assert (one["path"], json.loads(one["body"])) == ("/orders/7/cancel", {"why": "too late"})
        assert one["headers"]["authorization"] == f"Bearer {KEY}"
        # The service repeats what it was sent where the key is another.
        await desk.ok("PUT", "/secrets/shop", value=KEY + "-new")
        (block,) = await asked(desk.stage, client, CANCEL)
        await answer(client, block, "allow")
        end = await client.until("turn.end")
        assert "wrong: Bearer [secret]" in tools_of(end["message"])[-1]["summary"]
        await same_after_a_reload(desk.stage, client)
        assert KEY not in json.dumps(client.frames)
    assert KEY not in str([request.body for request in desk.stage.vendor.requests])
    assert KEY not in (await desk.http.get(f"/sessions/{client.session}/export")).text
    assert KEY not in caplog.text


async def test_an_approval_is_for_the_tool_as_it_was(desk: Desk) -> None:
    async with desk.stage.client("desk") as client:
        (block,) = await asked(desk.stage, client, CANCEL)
        http = cancel(desk.shop)["http"] | {"url": f"{desk.shop.url}/orders/{{order}}/cancel?all=yes"}
        await desk.ok("PATCH", "/tools/cancel_order_by_http", http=http)
        await answer(client, block, "allow")
        await client.until("turn.end")
        assert "not what the person allowed" in desk.heard
        (block,) = await asked(desk.stage, client, CANCEL)
        await desk.ok("DELETE", "/tools/cancel_order_by_http")
        await answer(client, block, "allow")
        await client.until("turn.end")
        assert "may no longer use it" in desk.heard
        # The assistant goes on without it.
        message = await desk.told(client, [ToolCall("look_up_order", {"order": 7})], [Text("Sent.")])
        assert tools_of(message)[0]["status"] == "ok"
    assert [one["path"] for one in desk.shop.asked] == ["/orders/7"]


async def test_always_allowed_holds_until_the_tool_is_another_and_not_after_text_from_outside(desk: Desk) -> None:
    send = ToolCall("tell", {"at": "echo"})
    async with desk.stage.client("desk") as client:
        for call in (send, CANCEL):
            (block,) = await asked(desk.stage, client, call)
            await answer(client, block, "allow", scope="always")
            await client.until("turn.end")
    async with desk.stage.client("desk") as client:
        # What its maker vouches for is not text from outside.
        message = await desk.told(client, [ToolCall("hours", {})], [send], [Text("Done.")])
        assert [one["status"] for one in tools_of(message)] == ["ok", "ok"]
        poisoned = [ToolCall("reviews", {})]
        message = await desk.told(client, poisoned, [send])
        assert [one["data"]["tool"] for one in blocks_of(message)] == ["tell"]
        await answer(client, blocks_of(message)[0], "deny")
        await client.until("turn.end")
        message = await desk.told(client, [CANCEL], [Text("Done.")])
        assert [one["status"] for one in tools_of(message)] == ["ok"]
        await desk.ok("PATCH", "/tools/cancel_order_by_http", title="Cancel it", about="Cancels.")
        assert len(await asked(desk.stage, client, CANCEL)) == 1
    titles = [one["title"] for one in (await desk.ok("GET", "/me/permissions"))["items"]]
    assert titles == ["Look up the order"]


async def test_a_tool_of_another_workspace_is_not_there(desk: Desk) -> None:
    parts = desk.stage.parts
    async with parts.database.transact("ws_other") as connection:
        await users.ensure_workspace(connection, "ws_other", "Other")
    async with parts.database.transact(DEFAULT_WORKSPACE) as connection:
        spec = AssistantSpec(slug="bare", name="Bare", model="openai-chat:scripted", tools=("gone", "hours"))
        await assistants.create(connection, DEFAULT_WORKSPACE, spec)
    assert await parts.hub.environment.attached.find("ws_other", ["look_up_order"]) == {}
    async with desk.stage.client("bare") as client:
        await desk.told(client, [ToolCall("hours", {})], [Text("Open.")])
    offered = {tool["function"]["name"] for tool in desk.stage.vendor.requests[0].body["tools"]}
    assert offered == {"hours"}
