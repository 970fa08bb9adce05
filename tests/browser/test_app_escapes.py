"""An app's page is shut off: of some eighty ways out none reaches a listener, this server or the page around it."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Playwright

from browser.conftest import FLAGS
from browser.escapes import IN, OUT
from browser.gallery import exhibited
from browser.host_site import HostSite
from browser.listening import Listener
from browser.watching import eventually

pytestmark = pytest.mark.browser

HOST: Final = "leak-by-name.example"
# Long enough for what is slow to start (a refresh, WebRTC's first datagram); all try at once.
WAIT_MS: Final = 3_000
# These end the app's process where the browser stops them, and would take the others along.
FATAL: Final = ("WebRTC in a frame of its own",)
COLLECT: Final = """
    window.seen = { ran: [], got: [] };
    addEventListener('message', ({ data }) => {
        if (data?.ran) seen.ran.push(data.ran);
        if (data?.got) seen.got.push(data.got);
    });
    try {
        document.cookie = 'secret=cookie; SameSite=Lax';
        localStorage.secret = 'storage';
        new BroadcastChannel('secret').postMessage('word');
    } catch {}  // in the frames
"""
RAN: Final = "<script>top.postMessage({{ ran: {name} }}, '*')</script>"


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """What the gallery's server was asked for."""
    return []


@pytest.fixture(scope="module")
def gallery(gallery_files: Path, asked: list[str]) -> Iterator[str]:
    with exhibited(gallery_files, asked) as origin:
        yield origin


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


@pytest.fixture
def logging_browser(playwright: Playwright, chromium: Path, tmp_path: Path) -> Iterator[tuple[Browser, Path]]:
    """A browser that writes down what it asks the network for, and where that is to be read."""
    log = tmp_path / "net.json"
    browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, f"--log-net-log={log}"])
    yield browser, log
    browser.close()


def written(ways: Mapping[str, str], listener: Listener, home: str) -> dict[str, str]:
    """The ways as pages, each with a path of its own, and each saying first that it ran."""
    pages = {}
    known = {"{there}": listener.origin, "{udp}": str(listener.udp_port), "{host}": HOST, "{home}": home}
    for at, (name, html) in enumerate(ways.items()):
        text = re.sub("|".join(known), lambda found: known[found[0]], html)
        text = re.sub(rf"({re.escape(listener.origin)}|{re.escape(home)})/(\w)", rf"\1/{at}-\2", text)
        pages[name] = RAN.format(name=json.dumps(name)) + text
    return pages


def cases(pages: Mapping[str, str]) -> list[dict[str, Any]]:
    """The pages as cases of the gallery."""
    return [
        {
            "kind": "app",
            "name": name,
            "state": None,
            "fallback": name,
            "data": {"title": name, "description": name, "html": html, "height": 40},
        }
        for name, html in pages.items()
    ]


def shown(page: Page, gallery: str, pages: Mapping[str, str]) -> dict[str, list[str]]:
    """Every page as an app of its own on one page of the gallery; what they reported when they had time."""
    page.add_init_script(COLLECT)
    page.add_init_script(f"window.given = {json.dumps(cases(pages))}")
    page.set_viewport_size({"width": 800, "height": 200 + 220 * len(pages)})  # frames out of view would wait
    page.goto(f"{gallery}/sandbox")  # so that there is a history
    page.goto(f"{gallery}/blocks.html")
    eventually(page, lambda: set(page.evaluate("seen.ran")) == set(pages), within=60)
    page.wait_for_timeout(WAIT_MS)
    assert page.url == f"{gallery}/blocks.html"
    seen: dict[str, list[str]] = page.evaluate("seen")
    return seen


def looked_up(log: Path) -> set[str]:
    """The names that the browser asked its resolver for."""
    return set(re.findall(r'"host":"(?:https?://)?([^":/]+)', log.read_text()))


def test_nothing_leaves_an_app(
    logging_browser: tuple[Browser, Path], gallery: str, listener: Listener, asked: list[str]
) -> None:
    browser, log = logging_browser
    listener.heard.clear()
    asked.clear()
    context = browser.new_context()
    page = context.new_page()
    ways = {name: html for name, html in {**OUT, **IN}.items() if name not in FATAL}
    assert len(ways) > 80
    seen = shown(page, gallery, written(ways, listener, gallery))
    assert [page.url for page in context.pages] == [f"{gallery}/blocks.html"], "no window was opened"
    assert page.evaluate("performance.now() > 0"), "and this one lives"
    browser.close()
    assert listener.heard == []
    assert seen["got"] == []
    assert [path for path in asked if re.match(r"/(\d|api)", path)] == [], "this server was not asked either"
    assert HOST not in looked_up(log)


@pytest.mark.parametrize("name", FATAL)
def test_what_no_policy_forbids_ends_the_app_and_not_the_chat(
    browser: Browser, gallery: str, listener: Listener, asked: list[str], name: str
) -> None:
    listener.heard.clear()
    page = browser.new_page()
    page.add_init_script("if (top === window) setInterval(() => fetch('/alive').catch(() => 0), 100)")
    given = written({name: OUT[name]}, listener, gallery)
    page.add_init_script(f"window.given = {json.dumps(cases(given))}")
    page.goto(f"{gallery}/blocks.html")
    time.sleep(WAIT_MS / 1000)  # Playwright takes the page for dead when one of its frames is
    asked.clear()
    time.sleep(0.5)
    assert listener.heard == []
    assert "/alive" in asked
    page.close()


def test_an_app_that_never_ends_leaves_the_chat_alone(browser: Browser, gallery: str) -> None:
    page = browser.new_page()
    page.add_init_script("addEventListener('message', ({ data }) => { if (data?.ran) window.began = true })")
    endless = RAN.format(name='"endless"') + "<script>setTimeout(() => { while (true); }, 100)</script>"
    page.add_init_script(f"window.given = {json.dumps(cases({'endless': endless}))}")
    page.goto(f"{gallery}/blocks.html", wait_until="commit")
    page.wait_for_function("() => window.began")
    page.wait_for_timeout(500)
    took = page.evaluate(
        """async () => {
            const from = performance.now();
            await new Promise(requestAnimationFrame);
            return performance.now() - from;
        }"""
    )
    assert took < 500
    page.close()


def test_an_origin_is_reached_where_the_server_allows_it_and_the_app_asks(
    page: Page, gallery_files: Path, gallery: str, listener: Listener
) -> None:
    listener.heard.clear()
    fetching = f"<script>fetch('{listener.origin}/NAME').catch(() => 0)</script>"
    given = cases({name: fetching.replace("NAME", name) for name in ("asks", "silent")})
    given[0]["data"]["csp"] = {"connect": [listener.origin], "resources": []}
    page.add_init_script(f"window.given = {json.dumps(given)}")
    page.goto(f"{gallery}/blocks.html")
    page.wait_for_timeout(WAIT_MS / 3)
    assert listener.heard == [], "an app alone allows itself nothing"
    with exhibited(gallery_files, origins=(listener.origin,)) as allowing:
        page.goto(f"{allowing}/blocks.html")
        eventually(page, lambda: "GET /asks HTTP/1.1" in listener.heard)
        page.wait_for_timeout(WAIT_MS / 3)
    assert {line.split()[1] for line in listener.heard if " " in line and line.startswith("GET")} == {"/asks"}


def test_the_ways_are_ways_where_nothing_is_in_them(
    logging_browser: tuple[Browser, Path], host_site: HostSite, listener: Listener
) -> None:
    """The same pages in frames without a policy: else the silence above would say nothing."""
    browser, log = logging_browser
    listener.heard.clear()
    away = ("the chat's address", "the frame's address", "the frame's address, in place", "a form to the whole window")
    ways = {name: html for name, html in OUT.items() if name not in (*away, "history")}
    frames = "".join(
        f'<iframe srcdoc="{escape(html)}"></iframe>' for html in written(ways, listener, host_site.origin).values()
    )
    page = browser.new_page()
    page.goto(host_site.put("/ways", f"<!doctype html><title>Ways</title>{frames}"))
    page.wait_for_timeout(WAIT_MS)
    browser.close()
    heard = {int(found[1]) for line in listener.heard if (found := re.match(r"[A-Z]+ /(\d+)-", line))}
    lost = [name for at, name in enumerate(ways) if at not in heard]
    print(f"figure: {len(heard)} of {len(ways)} ways lead to the listener by a request; others, or none: {lost}")
    assert len(heard) >= 30
    assert any("datagram" in line for line in listener.heard)
    assert "a connection without a word" in listener.heard
    assert HOST in looked_up(log)
