"""What a page costs before the first message: kilobytes of the build, and requests as Chromium makes them."""

import gzip
from pathlib import Path

import opsloom_server
import pytest
from playwright.sync_api import Page, Request, expect

from browser.chatting import composer

pytestmark = pytest.mark.browser

STATIC = Path(opsloom_server.__file__).parent / "static"
# Peers, measured: 112 to 2,518 kB.
JAVASCRIPT = 90_000
LOADER = 3 * 1024
SCRIPTS = 4


def packed(data: bytes) -> int:
    return len(gzip.compress(data, 9, mtime=0))


@pytest.mark.parametrize("path", ["/", "/embed/demo"])
def test_the_page_is_light_before_the_first_message(page: Page, opsloom: str, path: str) -> None:
    asked: list[Request] = []
    page.on("requestfinished", lambda request: asked.append(request))
    page.goto(opsloom + path)
    expect(composer(page)).to_have_attribute("placeholder", "Message Opsloom")
    page.wait_for_load_state("networkidle")
    scripts = [request for request in asked if request.resource_type == "script"]
    weight = {request.url.rpartition("/")[2]: packed(request.response().body()) for request in scripts}  # type: ignore[union-attr]  # finished
    files = [request.url.removeprefix(opsloom) for request in asked if "/api/" not in request.url]
    print(f"figure: before the first message on {path}: {sum(weight.values())} bytes of JavaScript, {weight}; {files}")
    assert len(scripts) <= SCRIPTS
    assert sum(weight.values()) <= JAVASCRIPT


def test_the_loader_is_light() -> None:
    size = packed((STATIC / "widget.js").read_bytes())
    print(f"figure: loader: {size} bytes")
    assert size <= LOADER
