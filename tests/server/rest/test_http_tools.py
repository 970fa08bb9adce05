"""Tools without code, by REST: made, tried, changed, taken away; and the secrets that nobody reads again."""

import json
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace
from opsloom_server.fetching import Caller
from opsloom_server.store import approvals
from opsloom_server.tools.http import HttpTools
from opsloom_server.tools.secrets import Secrets
from server.tools.shop_service import Shop, cancel, look_up, shop_service
from sqlalchemy import text

KEY = "sk_shop_0123456789"


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Shop]:
    async with shop_service() as made:
        yield made


async def put(rest: Any, name: str = "shop", value: str = KEY) -> Any:
    return await rest.ok(await rest.owner.put(f"/secrets/{name}", json={"value": value}))


async def make(rest: Any, wish: dict[str, Any]) -> Any:
    return await rest.ok(await rest.owner.post("/tools", json=wish), 201)


async def trial(rest: Any, tool: str, **arguments: Any) -> Any:
    return await rest.ok(await rest.owner.post(f"/tools/{tool}/try", json={"arguments": arguments}))


async def test_made_tried_changed_and_taken_away(rest: Any, shop: Shop) -> None:
    made = await make(rest, look_up(shop))
    assert (made["effect"], made["danger"], made["untrusted"], made["origin"]) == ("reads", False, True, "http")
    assert made["http"]["timeout"] == 20.0
    tried = await trial(rest, made["id"], order=7)
    assert (tried["status"], tried["summary"]) == ("ok", "Answered 200 (OK)")
    assert tried["result"]["result"] == {"order": "7", "status": "sent", "items": [{"sku": "A-1"}]}
    listed = {one["name"]: one for one in (await rest.ok(await rest.member.get("/tools")))["items"]}
    assert listed["look_up_order"]["origin"] == "http"
    assert listed["look_up_order"]["schema"]["required"] == ["order"]
    await rest.ok(
        await rest.owner.post("/assistants", json={"slug": "a", "name": "A", "tools": ["look_up_order"]}), 201
    )
    http = made["http"] | {"result": {"pointer": "/items/0/sku"}}
    changed = await rest.ok(await rest.owner.patch("/tools/look_up_order", json={"http": http, "untrusted": False}))
    assert (changed["untrusted"], changed["title"], changed["http"]["result"]["pointer"]) == (
        False,
        "Look up the order",
        "/items/0/sku",
    )
    assert (await trial(rest, "look_up_order", order=7))["result"] == {"status": 200, "result": "A-1"}
    assert (await rest.owner.delete("/tools/look_up_order")).status_code == 204
    assert (await rest.owner.get("/tools/look_up_order")).status_code == 404
    actions = [one["action"] for one in (await rest.ok(await rest.owner.get("/audit")))["items"]]
    assert actions[:6] == ["tool.delete", "tool.try", "tool.change", "assistant.create", "tool.try", "tool.create"]


async def test_the_tools_of_the_documentation(rest: Any) -> None:
    await put(rest)
    page = (Path(__file__).parents[3] / "docs" / "tools.md").read_text()
    wishes = [json.loads(found) for found in re.findall(r"```json\n(.*?)```", page, re.S)]
    assert [(await make(rest, wish))["effect"] for wish in wishes] == ["reads", "changes"]


async def test_what_a_service_answers_is_words(rest: Any, shop: Shop) -> None:
    await make(rest, look_up(shop))
    tried = await trial(rest, "look_up_order", order=0)
    assert tried["status"] == "error"
    assert tried["result"] == 'The service answered 404 (Not Found): {"detail":"There is no order 0."}'
    anything = {"properties": {"at": {"type": "string"}}, "required": ["at"]}
    await make(rest, look_up(shop, name="anything", parameters=anything, http={"url": f"{shop.url}/{{at}}"}))
    assert (await trial(rest, "anything", at="nowhere"))["result"].startswith("The service answered 500")
    assert "a file of 10 bytes (image/png)" in (await trial(rest, "anything", at="logo"))["result"]["result"]
    large = (await trial(rest, "anything", at="large"))["result"]
    assert (large["truncated"], len(large["result"])) == (True, 20_000)
    assert (await trial(rest, "anything", at="../orders/7"))["status"] == "error"
    assert shop.asked[-1]["path"] == "/large"


async def test_wrong_arguments_are_not_sent(rest: Any, shop: Shop) -> None:
    await make(rest, look_up(shop))
    answer = await rest.owner.post("/tools/look_up_order/try", json={"arguments": {"order": "x", "more": 1}})
    assert answer.status_code == 422
    assert [one["path"] for one in answer.json()["issues"]] == ["/order", ""]
    assert shop.asked == []


async def test_a_secret_is_seen_nowhere(rest: Any, shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    everywhere = {
        "url": f"{shop.url}/echo?k={{{{secret:shop}}}}&o={{order}}",
        "query": {"q": "{{secret:shop}}"},
        "headers": {"X-Key": "{{secret:shop}}"},
        "method": "POST",
        "body": {"json": {"deep": [{"key": "{{secret:shop}}"}]}},
    }
    answers = [
        await rest.owner.put("/secrets/shop", json={"value": KEY}),
        await rest.owner.put("/secrets/shop", json={"value": KEY, "more": KEY}),
        await rest.owner.put(f"/secrets/{KEY.upper()}", json={"value": KEY}),
        await rest.owner.put("/secrets/shop", json={"value": KEY * 1_000}),
        await rest.owner.get("/secrets"),
        await rest.owner.post("/tools", json=look_up(shop, http=everywhere)),
        await rest.owner.get("/tools/look_up_order"),
        await rest.owner.get("/tools"),
        await rest.owner.post("/tools/look_up_order/try", json={"arguments": {"order": 1}}),
        await rest.owner.patch("/tools/look_up_order", json={"http": everywhere | {"timeout": 0.5, "url": f"{shop.url}/hop?to=http://localhost:1/&k={{{{secret:shop}}}}&o={{order}}"}}),
        await rest.owner.post("/tools/look_up_order/try", json={"arguments": {"order": 1}}),
        await rest.owner.get("/audit"),
    ]  # fmt: skip
    codes = [answer.status_code for answer in answers]
    assert codes == [200, 422, 422, 422, 200, 201, 200, 200, 200, 200, 200, 200]
    echoed = answers[8].json()
    assert echoed["result"]["result"]["query"] == [["k", "[secret]"], ["o", "1"], ["q", "[secret]"]]
    assert echoed["result"]["result"]["headers"]["x-key"] == "[secret]"
    assert shop.asked[0]["headers"]["x-key"] == KEY
    assert KEY in shop.asked[0]["body"]
    assert answers[10].json()["status"] == "error"
    for answer in answers[:2] + answers[3:]:
        assert KEY not in answer.text
    assert KEY not in caplog.text
    assert answers[4].json()["items"][0].keys() == {"name", "created_at", "updated_at"}
    async with rest.database.transact("ws_default") as connection:
        assert KEY.encode() not in (await connection.execute(text("SELECT sealed FROM secrets"))).scalar_one()


async def test_secrets_are_put_replaced_and_taken_away(rest: Any, shop: Shop) -> None:
    first = await put(rest)
    answer = await rest.owner.post(
        "/tools", json=cancel(shop) | {"http": cancel(shop)["http"] | {"headers": {"X": "{{secret:other}}"}}}
    )
    assert answer.json()["issues"] == [
        {"path": "/http/headers/X", "text": "There is no secret “other”: PUT /api/v1/secrets/other first."}
    ]
    await make(rest, cancel(shop))
    assert (await trial(rest, "cancel_order_by_http", order=1, why="cold"))["result"]["result"] == {
        "cancelled": "1",
        "why": "cold",
    }
    again = await put(rest, value="another one")
    assert (again["created_at"], again["updated_at"] > first["updated_at"]) == (first["created_at"], True)
    tried = await trial(rest, "cancel_order_by_http", order=1, why="cold")
    assert tried["result"] == 'The service answered 401 (Unauthorized): {"detail":"wrong: Bearer [secret]"}'
    answer = await rest.owner.delete("/secrets/shop")
    assert (answer.status_code, "cancel_order_by_http needs this secret" in answer.text) == (409, True)
    assert (await rest.owner.delete("/tools/cancel_order_by_http")).status_code == 204
    assert (await rest.owner.delete("/secrets/shop")).status_code == 204
    assert (await rest.owner.delete("/secrets/shop")).status_code == 404


async def test_another_secret_of_the_server_opens_nothing(rest: Any, shop: Shop) -> None:
    await put(rest)
    await make(rest, cancel(shop))
    other = Secrets(rest.database, b"t" * 32)
    tools = HttpTools(rest.database, Caller(), other, ())
    async with rest.client_on(replace(rest.services, secrets=other, http_tools=tools), rest.owner) as client:
        body = {"arguments": {"order": 1, "why": "x"}}
        tried = await rest.ok(await client.post("/tools/cancel_order_by_http/try", json=body))
    assert (tried["status"], "OPSLOOM_SECRET is another one" in tried["result"]) == ("error", True)
    assert shop.asked == []


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"http": {"url": "http://{order}/"}}, "/http/url"),
        ({"http": {"url": "http://10.0.0.1/{order}"}}, "/http/url"),
        ({"http": {"url": "http://169.254.169.254/{order}"}}, "/http/url"),
        ({"http": {"url": "https://93.184.215.14:8443/{order}"}}, "/http/url"),
        ({"http": {"url": "https://a.example/{order}", "headers": {"Host": "b.example"}}}, "/http/headers/Host"),
        ({"parameters": {"properties": {"order": {"type": "nothing"}}}}, "/parameters"),
        ({"name": "Not a name"}, "/name"),
    ],
)
async def test_what_cannot_be_made(rest: Any, shop: Shop, fields: dict[str, Any], path: str) -> None:
    answer = await rest.owner.post("/tools", json=look_up(shop) | fields)
    assert (answer.status_code, answer.json()["issues"][0]["path"]) == (422, path)
    assert "look_up_order" not in {one["name"] for one in (await rest.ok(await rest.owner.get("/tools")))["items"]}


async def test_a_description_that_does_not_hold_any_more_is_left_out(rest: Any, shop: Shop) -> None:
    await make(rest, look_up(shop))
    await make(rest, look_up(shop, name="older"))
    async with rest.database.transact("ws_default") as connection:
        await connection.execute(
            text("""UPDATE http_tools SET definition = definition - 'title' WHERE name = 'older'""")
        )
    listed = {one["name"] for one in (await rest.ok(await rest.owner.get("/tools")))["items"]}
    assert "look_up_order" in listed
    assert "older" not in listed
    assert (await rest.owner.delete("/tools/older")).status_code == 204


async def test_names_are_taken_once(rest: Any, shop: Shop) -> None:
    await make(rest, look_up(shop))
    assert (await rest.owner.post("/tools", json=look_up(shop))).status_code == 409
    assert (await rest.owner.post("/tools", json=look_up(shop, name="query_data"))).status_code == 409
    await rest.ok(await rest.other.post("/tools", json=look_up(shop)), 201)
    assert (await rest.owner.patch("/tools/look_up_order", json={"name": "other"})).status_code == 422


async def test_who_may(rest: Any, shop: Shop) -> None:
    await put(rest)
    made = await make(rest, look_up(shop))
    for method, path, body in (
        ("GET", f"/tools/{made['id']}", None),
        ("PATCH", f"/tools/{made['id']}", {"title": "Mine"}),
        ("POST", f"/tools/{made['id']}/try", {"arguments": {"order": 1}}),
        ("DELETE", "/secrets/shop", None),
        ("DELETE", f"/tools/{made['id']}", None),
    ):
        for who, status in ((rest.nobody, 401), (rest.member, 403), (rest.other, 404)):
            answer = await who.request(method, path, json=body)
            assert answer.status_code == status, (method, path, answer.text)
    for path, body in (("/tools", look_up(shop)), ("/secrets/x", {"value": KEY})):
        for who, status in ((rest.nobody, 401), (rest.member, 403)):
            answer = await who.request("PUT" if "secrets" in path else "POST", path, json=body)
            assert answer.status_code == status, answer.text
    assert (await rest.member.get("/secrets")).status_code == 403
    assert (await rest.ok(await rest.other.get("/secrets")))["items"] == []
    theirs = {one["name"] for one in (await rest.ok(await rest.other.get("/tools")))["items"]}
    assert "look_up_order" not in theirs
    # A tool of another workspace that names a secret of this one finds none.
    wish = look_up(shop, http={"url": f"{shop.url}/echo?o={{order}}", "headers": {"X": "{{secret:shop}}"}})
    assert (await rest.other.post("/tools", json=wish)).status_code == 422
    assert shop.asked == []


async def test_a_tool_that_becomes_another_asks_again(rest: Any, shop: Shop) -> None:
    me = (await rest.ok(await rest.owner.get("/me")))["user"]["id"]
    await make(rest, look_up(shop, effect="changes"))
    assistant = await rest.ok(await rest.owner.post("/assistants", json={"slug": "a", "name": "A"}), 201)

    async def allow() -> None:
        async with rest.database.transact("ws_default") as connection:
            await approvals.allow(connection, "ws_default", me, assistant["id"], "look_up_order")

    async def allowed() -> list[str]:
        return [one["title"] for one in (await rest.ok(await rest.owner.get("/me/permissions")))["items"]]

    await allow()
    assert await allowed() == ["Look up the order"]
    await rest.ok(await rest.owner.patch("/tools/look_up_order", json={"title": "Look up the order"}))
    assert await allowed() == ["Look up the order"]
    http = {"method": "DELETE", "url": f"{shop.url}/orders/{{order}}"}
    changed = await rest.ok(await rest.owner.patch("/tools/look_up_order", json={"http": http}))
    assert (changed["effect"], await allowed()) == ("changes", [])
    await allow()
    assert (await rest.owner.delete("/tools/look_up_order")).status_code == 204
    assert await allowed() == []


async def test_a_get_that_becomes_a_post_acts(rest: Any, shop: Shop) -> None:
    await make(rest, look_up(shop))
    http = {"method": "POST", "url": f"{shop.url}/orders/{{order}}"}
    assert (await rest.ok(await rest.owner.patch("/tools/look_up_order", json={"http": http})))["effect"] == "changes"
