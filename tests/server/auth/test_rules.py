"""Rules without I/O: which pages may talk to us, what a role allows, how a credential is written."""

import pytest
from opsloom_server.auth import Principal, narrower, tokens
from opsloom_server.auth.origins import is_allowed
from opsloom_server.errors import Forbidden, NotFound


@pytest.mark.parametrize(
    ("origin", "host", "public", "listed", "allowed"),
    [
        (None, "x.example", None, [], True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", None, [], True),
        ("http://localhost:8000", "localhost:8000", None, [], True),
        ("http://[::1]:8000", "[::1]:8000", None, [], True),
        ("http://192.168.1.7:8000", "192.168.1.7:8000", None, [], True),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", None, [], False),
        ("http://localhost:8000", "127.0.0.1:8000", None, [], False),
        ("http://rebound.example:8000", "rebound.example:8000", None, [], False),
        ("null", "127.0.0.1:8000", None, [], False),
        ("", "127.0.0.1:8000", None, [], False),
        ("https://chat.example", "10.0.0.1", "https://chat.example", [], True),
        ("https://chat.example:443", "10.0.0.1", "https://chat.example/", [], True),
        ("http://chat.example", "chat.example", "https://chat.example", [], False),
        ("https://chat.example.evil.io", "chat.example", "https://chat.example", [], False),
        ("https://chat.example@evil.io", "chat.example", "https://chat.example", [], False),
        ("http://10.0.0.1", "10.0.0.1", "https://chat.example", [], False),
        ("https://shop.example", "chat.example", "https://chat.example", ["https://shop.example"], True),
        ("https://a.shop.example", "chat.example", "https://chat.example", ["https://*.shop.example"], False),
        ("https://shop.example:99999", "chat.example", "https://chat.example", ["nonsense"], False),
    ],
)
def test_origins(origin: str | None, host: str, public: str | None, listed: list[str], allowed: bool) -> None:
    assert is_allowed(origin, host, public, listed) is allowed


def person(role: str, **more: object) -> Principal:
    return Principal(workspace="ws_a", user="usr_1", kind="person", role=role, name="Ann", **more)  # type: ignore[arg-type]


def test_roles() -> None:
    assert person("owner").manages
    assert not person("member").manages
    person("member").demand_own("usr_1")
    person("admin").demand_own("usr_2")
    with pytest.raises(NotFound):
        person("member").demand_own("usr_2")
    with pytest.raises(NotFound):
        person("admin", assistants=("ast_1",)).demand_own("usr_2")
    with pytest.raises(Forbidden, match="needs the role admin"):
        person("member").demand("admin")


def test_who_may_use_an_assistant() -> None:
    assert person("visitor").may_use("ast_1", public=True)
    assert not person("visitor").may_use("ast_1", public=False)
    assert person("visitor", assistants=("ast_1",)).may_use("ast_1", public=False)
    assert not person("visitor", assistants=("ast_1",)).may_use("ast_2", public=True)
    assert person("member").may_use("ast_1", public=False)
    assert not person("owner", assistants=("ast_1",)).may_use("ast_2", public=False)


def test_what_two_lists_both_allow() -> None:
    assert narrower(None, None) is None
    assert narrower(None, ["a"]) == ("a",)
    assert narrower(["a"], None) == ("a",)
    assert narrower(["a", "b"], ["b", "c"]) == ("b",)


def test_a_token_says_what_it_is_and_whose() -> None:
    token = tokens.make("key", "ws_default")
    assert tokens.parse(token.text, "key") == token
    assert tokens.parse(token.text, "ticket", "visitor") is None
    assert tokens.matches(token.hash, token)
    assert len(token.text.split("_")[2]) * 4 == 256
    with pytest.raises(ValueError, match="not a workspace"):
        tokens.make("key", "ws_Not Ours")
