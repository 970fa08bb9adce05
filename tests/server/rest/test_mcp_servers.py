"""MCP servers by REST: attach, change, take away; who may; what is refused, in which words; and what nobody sees."""

import logging
import sys
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace
from opsloom_server.mcp import McpServers
from opsloom_server.tools import AttachedTools
from sqlalchemy import text

SCRIPT = str(Path(__file__).parents[1] / "mcp" / "plain_server.py")
SECRET = "hunter2-hunter2"
WISH: dict[str, Any] = {"name": "plain", "command": sys.executable, "args": [SCRIPT, "usual"], "env": {"TOKEN": SECRET}}


class People:
    """Those of the REST application, where programs may be started."""

    def __init__(self, rest: Any, services: Any) -> None:
        self.rest, self.services, self.ok = rest, services, rest.ok
        self.owner = rest.client_on(services, rest.owner)
        self.member = rest.client_on(services, rest.member)
        self.other = rest.client_on(services, rest.other)


@pytest_asyncio.fixture
async def people(rest: Any, tmp_path: Path) -> Any:
    servers = McpServers(
        rest.database,
        b"s" * 32,
        commands=("*",),
        networks=(),
        files=tmp_path,
        reserved=list(rest.services.catalogue.tools),
    )
    made = People(rest, replace(rest.services, mcp=servers, attached=AttachedTools(servers)))
    yield made
    await servers.close()
    for client in (made.owner, made.member, made.other):
        await client.aclose()


async def test_attach_change_and_take_away(people: Any) -> None:
    owner, ok = people.owner, people.ok
    made = await ok(await owner.post("/mcp-servers", json=WISH | {"tools": ["good", "wait"]}), 201)
    assert (made["name"], made["command"], made["args"][1:]) == ("plain", sys.executable, ["usual"])
    assert (made["env"], made["headers"], made["url"]) == ({"TOKEN": None}, {}, None)
    assert [one["given_as"] for one in made["offers"]] == ["plain/good", "plain/wait"]
    assert (made["server"], made["version"], made["protocol"]) == ("plain", "1", "2025-06-18")
    tools = (await ok(await people.member.get("/tools")))["items"]
    mine = {one["name"]: (one["origin"], one["effect"]) for one in tools if one["name"].startswith("plain/")}
    assert mine == {"plain/good": ("mcp", "reads"), "plain/wait": ("mcp", "reads")}
    # What was read can be written back: a value that is null stays as it is.
    same = {name: made[name] for name in ("command", "args", "env", "tools", "effects")}
    again = await ok(await owner.patch("/mcp-servers/plain", json=same))
    assert again["env"] == {"TOKEN": None}
    changed = await ok(
        await owner.patch(
            f"/mcp-servers/{made['id']}", json={"name": "odd", "tools": None, "effects": {"good": "sends"}}
        )
    )
    assert [(one["given_as"], one["effect"]) for one in changed["offers"]][:1] == [("odd/good", "sends")]
    assert len(changed["offers"]) == 5
    assert (await ok(await owner.get("/mcp-servers")))["items"][0]["id"] == made["id"]
    assert (await owner.delete("/mcp-servers/odd")).status_code == 204
    assert (await owner.get("/mcp-servers/odd")).status_code == 404
    audit = (await ok(await owner.get("/audit")))["items"]
    assert [one["action"] for one in audit] == [
        "mcp_server.delete",
        "mcp_server.change",
        "mcp_server.change",
        "mcp_server.create",
    ]


async def test_its_secrets_are_seen_nowhere(people: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    owner = people.owner
    await people.ok(await owner.post("/mcp-servers", json=WISH), 201)
    fails = {"name": "dies", "command": sys.executable, "args": [SCRIPT, "dies"], "env": {"TOKEN": SECRET}}
    away = {
        "name": "away",
        "url": f"https://10.0.0.1/mcp?key={SECRET}",
        "headers": {"Authorization": f"Bearer {SECRET}"},
    }
    answers = [
        await owner.get("/mcp-servers"),
        await owner.get("/mcp-servers/plain"),
        await owner.post("/mcp-servers/plain/refresh"),
        await owner.patch("/mcp-servers/plain", json={"env": {"TOKEN": SECRET, "OTHER": SECRET}}),
        await owner.patch("/mcp-servers/plain", json={"env": {"MISSING": None}}),
        await owner.post("/mcp-servers", json=WISH),
        await owner.post("/mcp-servers", json=WISH | {"extra": 1}),
        await owner.post("/mcp-servers", json=fails),
        await owner.post("/mcp-servers", json=away),
        await owner.get("/audit"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 422, 409, 422, 503, 503, 200]
    for answer in answers:
        assert SECRET not in answer.text
    assert SECRET not in caplog.text
    async with people.rest.database.transact("ws_default") as connection:
        stored = (await connection.execute(text("SELECT * FROM mcp_servers"))).one()
    assert SECRET not in str(stored)
    assert SECRET.encode() not in stored.sealed


async def test_words(people: Any, rest: Any) -> None:
    async def refused(status: int = 422, client: Any = None, **wish: Any) -> str:
        answer = await (client or people.owner).post("/mcp-servers", json=wish)
        assert answer.status_code == status, answer.text
        return str(answer.json().get("text", answer.text))

    # Where nobody allowed a program, which is how a server comes.
    assert "OPSLOOM_MCP_COMMANDS" in await refused(client=rest.owner, **WISH)
    assert "There is no program 'no-such-program'" in await refused(name="a", command="no-such-program")
    assert "Give either `command`" in await refused(name="a")
    assert "Give either `command`" in await refused(name="a", command="x", url="https://example.org")
    assert "begins with a letter" in await refused(**WISH | {"name": "Not This"})
    assert "Tools of this server itself begin with show_" in await refused(409, **WISH | {"name": "show"})
    assert "The server has no tool “nope”. It has: flood, good, slow_pattern, wait, wrong." in await refused(
        **WISH | {"tools": ["nope"]}
    )
    assert "no tool “nope”" in await refused(**WISH | {"effects": {"nope": "reads"}})
    assert (await people.ok(await people.owner.get("/mcp-servers")))["items"] == []


async def test_who_may(people: Any) -> None:
    made = await people.ok(await people.owner.post("/mcp-servers", json=WISH), 201)
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/refresh")):
        body = {"name": "x"} if method == "PATCH" else None
        for who, status in ((people.rest.nobody, 401), (people.member, 403), (people.other, 404)):
            answer = await who.request(method, f"/mcp-servers/{made['id']}{path}", json=body)
            assert answer.status_code == status, (method, path, answer.text)
    assert (await people.member.post("/mcp-servers", json=WISH)).status_code == 403
    assert (await people.ok(await people.other.get("/mcp-servers")))["items"] == []


async def test_workspaces_share_neither_a_tool_nor_a_connection(people: Any) -> None:
    mine = await people.ok(await people.owner.post("/mcp-servers", json=WISH | {"env": {"WHO": "ours-alone"}}), 201)
    wish = {"slug": "a", "name": "A", "model": "demo", "tools": ["plain/good"]}
    answer = await people.other.post("/assistants", json=wish)
    assert answer.status_code == 422
    assert "There is no tool “plain/good”." in answer.text
    assert await people.services.attached.find("ws_other", ["plain/good", "plain/*"]) == {}
    theirs = await people.ok(await people.other.post("/mcp-servers", json=WISH), 201)
    assert theirs["id"] != mine["id"]
    servers = people.services.mcp
    async with (
        servers.connected("ws_default", mine["id"], "good") as one,
        servers.connected("ws_default", mine["id"], "good") as same,
        servers.connected("ws_other", theirs["id"], "good") as other,
    ):
        assert one is same
        assert one is not other
    from opsloom_server.mcp.failing import McpUnreachable

    with pytest.raises(McpUnreachable):
        async with servers.connected("ws_other", mine["id"], "good"):
            pass


async def test_another_secret_opens_nothing(people: Any, tmp_path: Path) -> None:
    await people.ok(await people.owner.post("/mcp-servers", json=WISH), 201)
    servers = McpServers(people.rest.database, b"other" * 8, commands=("*",), networks=(), files=tmp_path)
    services = replace(people.services, mcp=servers)
    async with people.rest.client_on(services, people.rest.owner) as stranger:
        answer = await stranger.post("/mcp-servers/plain/refresh")
        assert answer.status_code == 422
        assert "OPSLOOM_SECRET is another one now" in answer.json()["text"]
    await servers.close()
