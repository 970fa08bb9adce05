"""Names, claims and commands: rules without a server."""

from typing import Any

import pytest
from opsloom_server.errors import Invalid
from opsloom_server.mcp.judging import effect_of, kept, watched
from opsloom_server.mcp.listing import Listing, Offered
from opsloom_server.mcp.naming import model_name, split
from opsloom_server.mcp.reaching import Address, Program, demand_allowed, hiding, secrets_of, shown


def test_no_two_tools_are_called_the_same() -> None:
    pairs = [
        ("time", "now"),
        ("time", "get time"),
        ("time", "get_time"),
        ("time", "get/time"),
        ("time", "x" * 100),
        ("time", "x" * 101),
        ("time", "Zeit_für"),
        ("time-zones", "now"),
        ("time", "zones_now"),
    ]
    names = [model_name(*pair) for pair in pairs]
    assert len(set(names)) == len(names)
    assert names[0] == "time_now"
    for name in names:
        assert len(name) <= 60
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def test_what_an_assistant_may_call_a_tool() -> None:
    assert split("time/now") == ("time", "now")
    assert split("files/a/b") == ("files", "a/b")
    assert split("time/*") == ("time", "*")
    assert [split(name) for name in ("now", "/now", "time/", "Time/now", "a_b/c")] == [None] * 5


@pytest.mark.parametrize(
    ("hints", "counts_as"),
    [
        ({}, ("changes", False)),
        ({"reads_only": True}, ("reads", False)),
        ({"reads_only": True, "open_world": False}, ("reads", False)),
        ({"reads_only": True, "open_world": True}, ("fetches", False)),
        ({"reads_only": True, "destroys": True}, ("reads", False)),
        ({"open_world": True}, ("sends", False)),
        ({"destroys": True}, ("changes", True)),
        ({"destroys": True, "open_world": True}, ("sends", True)),
    ],
)
def test_a_claim_counts_as(hints: dict[str, Any], counts_as: tuple[str, bool]) -> None:
    assert effect_of(Offered(name="do", **hints), {}) == counts_as
    assert effect_of(Offered(name="do", **hints), {"do": "sends", "other": "reads"})[0] == "sends"


def test_a_claim_gets_stricter_by_itself_and_never_laxer() -> None:
    strict, lax = Offered(name="do", destroys=True), Offered(name="do", reads_only=True, title="Harmless")
    (still,) = watched(Listing(tools=(lax,)), Listing(tools=(strict,))).tools
    assert (effect_of(still, {}), still.title) == (("changes", True), "Harmless")
    (now,) = watched(Listing(tools=(strict,)), Listing(tools=(lax,))).tools
    assert effect_of(now, {}) == ("changes", True)


def test_only_the_named_tools_are_kept() -> None:
    listing = Listing(tools=tuple(Offered(name=f"t{at}") for at in range(300)))
    assert [tool.name for tool in kept(listing, ["t250", "t1"]).tools] == ["t250", "t1"]
    assert (len(kept(listing, None).tools), kept(listing, None).left_out) == (200, 100)


def test_a_program_is_started_only_if_it_was_allowed() -> None:
    program = Program(command="mcp-server-time")
    demand_allowed(program, ["mcp-server-time"])
    demand_allowed(program, ["*"])
    for commands, words in (([], "It allows none yet."), (["npx", "uvx"], "It allows: npx, uvx.")):
        with pytest.raises(Invalid) as caught:
            demand_allowed(program, commands)
        assert "OPSLOOM_MCP_COMMANDS" in caught.value.text
        assert words in caught.value.text
    with pytest.raises(Invalid):
        demand_allowed(Program(command="/tmp/mcp-server-time"), ["mcp-server-time"])
    for name in ("LD_PRELOAD", "PYTHONPATH", "NODE_OPTIONS", "PATH"):
        with pytest.raises(Invalid):
            demand_allowed(Program(command="mcp-server-time", env={name: "x"}), ["mcp-server-time"])
        demand_allowed(Program(command="mcp-server-time", env={name: "x"}), ["*"])


def test_values_are_not_among_what_is_shown() -> None:
    address = Address(
        url="https://mcp.example.com/mcp?key=hunter2-hunter2&b=", headers={"Authorization": "Bearer very-secret"}
    )
    assert shown(address) == {"url": "https://mcp.example.com/mcp?key=•••&b=•••", "headers": ["Authorization"]}
    program = Program(command="a", args=("--port", "1"), env={"TOKEN": "very-secret"})
    assert shown(program) == {"command": "a", "args": ["--port", "1"], "env": ["TOKEN"]}
    hide = hiding(secrets_of(address))
    assert hide("very-secret, hunter2-hunter2, b") == "•••, •••, b"
