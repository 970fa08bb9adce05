"""The floating chat on somebody else's page, in a real browser against a real server."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect

from browser.host_site import HostSite
from browser.watching import Watch, embedded, eventually

pytestmark = pytest.mark.browser

QUESTION = "How do I embed the chat on my website?"
# The launcher: 56 px, 16 px from the corner of a 1280 x 860 page.
LAUNCHER = (1280 - 44, 860 - 44)


@pytest.fixture
def host(host_site: HostSite, opsloom: str) -> str:
    """A page with the one line in it."""
    return host_site.put("/", host_page(opsloom))


def host_page(opsloom: str, more: str = "") -> str:
    return f"""<!doctype html><html lang="en"><head><title>Shop</title>
        <script src="{opsloom}/widget.js" data-assistant="demo" async></script>{more}</head>
        <body><h1>Teapots</h1><a href="#top">A link</a></body></html>"""


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function("() => 'Opsloom' in window")


def ask(frame: Frame, text: str) -> None:
    frame.get_by_role("textbox").fill(text)
    frame.get_by_role("textbox").press("Enter")


def answered(frame: Frame, times: int = 1) -> None:
    """So many answers are there, and none is running."""
    expect(frame.get_by_role("button", name="Copy answer")).to_have_count(times, timeout=30_000)


def transcript(frame: Frame) -> str:
    return frame.get_by_role("log").inner_text()


def events(page: Page, *names: str) -> None:
    """Collect the widget's events, as a host would."""
    page.evaluate(
        """(names) => {
            document.events = [];
            for (const name of names) Opsloom.on(name, (detail) => document.events.push([name, detail ?? null]));
        }""",
        list(names),
    )


def seen(page: Page) -> list[list[Any]]:
    return list(page.evaluate("() => document.events"))


def test_opens_and_answers(page: Page, host: str, opsloom: str, watch: Watch) -> None:
    visit(page, host)
    assert len(page.frames) == 1, "nothing is loaded before it is wanted"
    page.mouse.click(*LAUNCHER)
    frame = embedded(page)
    expect(frame.get_by_role("heading", level=1)).not_to_be_empty()
    expect(frame.get_by_role("textbox")).to_be_focused()
    ask(frame, QUESTION)
    answered(frame)
    assert "widget.js" in transcript(frame) or "embed" in transcript(frame).lower()
    box = frame.frame_element().bounding_box()
    assert box is not None
    assert (round(box["width"]), round(box["height"])) == (398, 718), "400 x 720 with its border"
    assert frame.frame_element().get_attribute("sandbox") == "allow-scripts allow-forms allow-popups allow-same-origin"
    ours = {opsloom, opsloom.replace("http", "ws"), host.rstrip("/")}
    assert watch.origins <= ours, "nobody else's servers"
    assert watch.errors == []


def test_survives_a_reload_without_a_cookie(page: Page, host: str, watch: Watch) -> None:
    visit(page, host)
    page.mouse.click(*LAUNCHER)
    ask(embedded(page), QUESTION)
    answered(embedded(page))
    before = transcript(embedded(page))

    page.reload()
    frame = embedded(page)  # open again by itself
    answered(frame)
    eventually(page, lambda: transcript(frame) == before)
    ask(frame, "And how do I style it?")
    answered(frame, 2)
    assert watch.cookies == []
    assert watch.errors == []


def test_reload_in_mid_answer_goes_on(page: Page, host: str) -> None:
    visit(page, host)
    page.mouse.click(*LAUNCHER)
    ask(embedded(page), QUESTION)
    expect(embedded(page).get_by_role("button", name=re.compile("^Stop"))).to_be_visible()
    page.reload()
    frame = embedded(page)
    expect(frame.get_by_role("log")).to_contain_text(QUESTION)
    answered(frame)


def test_a_strict_host_sees_no_violation(page: Page, host_site: HostSite, opsloom: str, watch: Watch) -> None:
    policy = f"default-src 'none'; script-src {opsloom}; frame-src {opsloom}; require-trusted-types-for 'script'"
    host = host_site.put("/strict", host_page(opsloom), {"content-security-policy": policy})
    visit(page, host)
    page.mouse.click(*LAUNCHER)
    frame = embedded(page)
    ask(frame, QUESTION)
    answered(frame)
    page.keyboard.press("Escape")
    assert watch.violations() == []
    assert watch.errors == []
    rounded = "() => document.querySelector('opsloom-widget').getBoundingClientRect().height"
    assert page.evaluate(rounded) == 0, "it takes no room of the page"


def test_touches_one_global_and_nothing_else(page: Page, host_site: HostSite, opsloom: str) -> None:
    look = """() => ({
        globals: Object.getOwnPropertyNames(window).filter((name) => isNaN(Number(name))),
        head: document.head.innerHTML.replace(/<script.*script>/, "").trim(), body: document.body.outerHTML,
        root: document.documentElement.getAttributeNames(),
        sheets: document.styleSheets.length + document.adoptedStyleSheets.length,
        storage: localStorage.length, cookie: document.cookie,
    })"""
    page.goto(host_site.put("/bare", host_page(opsloom).replace("<script", "<!-- ").replace("</script>", " -->")))
    bare = page.evaluate(look)
    visit(page, host_site.put("/full", host_page(opsloom)))
    page.mouse.click(*LAUNCHER)
    expect(embedded(page).get_by_role("textbox")).to_be_visible()
    full = page.evaluate(look)
    assert set(full.pop("globals")) - set(bare.pop("globals")) == {"Opsloom"}
    bare["head"] = full["head"] = ""  # one has a comment where the other has the script
    assert full == bare

    page.evaluate("() => Opsloom.destroy()")
    assert page.evaluate(
        "() => 'Opsloom' in window || sessionStorage.length || document.querySelector('opsloom-widget')"
    ) in (None, 0)
    eventually(page, lambda: len(page.frames) == 1)


def test_escape_closes_and_focus_comes_back(page: Page, host: str) -> None:
    visit(page, host)
    page.get_by_role("link", name="A link").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(embedded(page).get_by_role("textbox")).to_be_focused()
    events(page, "close", "open")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.events.length === 1")
    page.keyboard.press("Enter")  # the launcher has the focus again
    page.wait_for_function("() => document.events.length === 2")
    assert [name for name, _ in seen(page)] == ["close", "open"]


def test_counts_what_came_while_it_was_closed(page: Page, host: str) -> None:
    visit(page, host)
    page.mouse.click(*LAUNCHER)
    events(page, "unread", "message")
    ask(embedded(page), QUESTION)
    page.wait_for_function("() => document.events.length === 1")
    page.evaluate("() => Opsloom.close()")
    page.wait_for_function("() => document.events.some(([name]) => name === 'unread')", timeout=30_000)
    assert seen(page) == [["message", "user"], ["message", "assistant"], ["unread", 1]]
    assert "unread" in accessible_names(page)
    page.mouse.click(*LAUNCHER)
    page.wait_for_function("() => document.events.length === 4")
    assert seen(page)[-1] == ["unread", 0]


def accessible_names(page: Page) -> str:
    """What assistive technology is told of the page, closed shadow roots included."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    return "\n".join(str(node.get("name", {}).get("value", "")) for node in nodes)


def test_lives_through_body_swaps_and_a_second_script(page: Page, host: str, opsloom: str) -> None:
    visit(page, host)
    page.mouse.click(*LAUNCHER)
    frame = embedded(page)
    expect(frame.get_by_role("textbox")).to_be_visible()
    frame.evaluate("() => { document.mark = 1 }")
    page.evaluate(
        """(source) => {
            const body = document.createElement("body");
            const script = document.createElement("script");
            Object.assign(script, { src: source }).dataset.assistant = "demo";
            body.append(script);
            document.body.replaceWith(body);
            return new Promise((done) => script.addEventListener("load", done));
        }""",
        f"{opsloom}/widget.js",
    )
    assert embedded(page).evaluate("() => document.mark") == 1, "the frame was not loaded anew"
    assert page.locator("opsloom-widget").count() == 1
    ask(frame, QUESTION)
    answered(frame)


def test_believes_only_its_own_frame(page: Page, host: str) -> None:
    visit(page, host)
    page.mouse.click(*LAUNCHER)
    frame = embedded(page)
    expect(frame.get_by_role("textbox")).to_be_visible()
    events(page, "close", "unread", "ready")
    page.evaluate(
        """() => {
            const mark = { opsloom: "opsloom.1" };
            window.postMessage({ ...mark, type: "close" }, "*");
            const other = document.createElement("iframe");
            document.body.append(other);
            other.contentWindow.eval(`parent.postMessage({ opsloom: "opsloom.1", type: "close" }, "*")`);
        }"""
    )
    frame.evaluate("() => parent.postMessage({ opsloom: 'opsloom.1', type: 'unread', count: -1 }, '*')")
    page.wait_for_timeout(300)
    assert seen(page) == []


def test_fills_a_phone(context: BrowserContext, host: str) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, host)
    page.mouse.click(390 - 44, 844 - 44)
    frame = embedded(page)
    expect(frame.get_by_role("textbox")).to_be_visible()
    page.wait_for_timeout(400)  # the opening motion
    assert frame.frame_element().bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    frame.get_by_role("button", name="Close", exact=True).click()
    page.mouse.click(390 - 44, 844 - 44)
    expect(frame.get_by_role("textbox")).to_be_visible()


def test_works_where_storage_is_blocked(strict_page: Page, host: str) -> None:
    visit(strict_page, host)
    strict_page.mouse.click(*LAUNCHER)
    frame = embedded(strict_page)
    denied = "() => { try { return !localStorage } catch (error) { return error.name } }"
    if frame.evaluate(denied) != "SecurityError":
        frame.page.context.add_init_script(DENY)  # a browser that gives frames a partition even so
        strict_page.reload()
    ask(embedded(strict_page), QUESTION)
    answered(embedded(strict_page))
    assert strict_page.context.cookies() == []


DENY = """if (location.pathname.startsWith("/embed/"))
    for (const name of ["localStorage", "sessionStorage", "indexedDB"])
        Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError") } })"""


def test_an_unknown_assistant_ends_in_words(page: Page, host_site: HostSite, opsloom: str) -> None:
    host = host_site.put("/wrong", host_page(opsloom).replace('"demo"', '"nobody"'))
    visit(page, host)
    page.mouse.click(*LAUNCHER)
    eventually(page, lambda: "The chat cannot be reached." in accessible_names(page), within=15)
