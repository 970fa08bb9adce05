"""The page that frames an app: what it allows is the operator's to say, and nothing by default."""

import pytest
from opsloom_server.errors import StartupError
from opsloom_server.pages import sandbox_headers
from opsloom_server.settings import Settings


def test_nothing_is_reached_by_default() -> None:
    policy = sandbox_headers()["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none';")
    assert "allow-same-origin" not in policy
    assert "'self'" not in policy
    assert "http" not in policy
    assert sandbox_headers()["connection-allowlist"] == "()"


def test_what_the_operator_allows_stands_in_both_policies() -> None:
    headers = sandbox_headers(("https://api.example.com", "http://127.0.0.1:9000"))
    assert "connect-src https://api.example.com http://127.0.0.1:9000;" in headers["content-security-policy"]
    assert headers["connection-allowlist"] == '("https://api.example.com/*" "http://127.0.0.1:9000/*")'


def test_origins_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSLOOM_APP_ORIGINS", "https://a.example, https://b.example:8443")
    assert Settings.from_env().app_origins == ("https://a.example", "https://b.example:8443")


@pytest.mark.parametrize("value", ["*", "https://*.example", "https://a.example/path", "a.example", "https://a b"])
def test_anything_else_ends_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OPSLOOM_APP_ORIGINS", f"https://a.example,{value}")
    with pytest.raises(StartupError, match="OPSLOOM_APP_ORIGINS"):
        Settings.from_env()
