"""An app in an answer: what it is told and what it may ask, on the full page, after a reload, and in the widget."""

import json
from typing import Any, Final

import pytest
from playwright.sync_api import BrowserContext, Frame, FrameLocator, Page, expect
from vendors import Text, ToolCall
from vendors.script import Script

from browser.axe import findings
from browser.chatting import answers, ask, composer, is_answered
from browser.host_site import HostSite
from browser.scripted import Scripted, last_result
from browser.watching import Watch, embedded

pytestmark = pytest.mark.browser

# It shows what it is told, and has a button for all that it may ask.
HTML: Final = """
<style>body { padding: 16px } pre { margin: 0; white-space: pre-wrap }</style>
<button id="first">First</button><button id="link">Link</button><button id="draft">Draft</button>
<button id="call">Call</button><button id="tall">Tall</button>
<p id="data"></p><p id="theme"></p><pre id="answer"></pre>
<script>
  let id = 0;
  const send = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const request = (method, params) => send({ id: ++id, method, params });
  const put = (place, text) => document.getElementById(place).textContent = text;
  addEventListener("message", ({ source, data }) => {
    if (source !== parent) return;
    if (data.id === 1) {
      put("theme", data.result.hostContext.theme);
      send({ method: "ui/notifications/initialized" });
    } else if (data.id) put("answer", JSON.stringify(data.result ?? data.error));
    if (data.method === "ui/notifications/tool-result") put("data", JSON.stringify(data.params.structuredContent));
    if (data.method === "ui/notifications/host-context-changed" && data.params.theme) put("theme", data.params.theme);
  });
  const asks = {
    link: () => request("ui/open-link", { url: "https://example.com/more?a=1" }),
    draft: () => request("ui/message", { role: "user", content: { type: "text", text: "Twelve seats, please." } }),
    call: () => request("tools/call", { name: "anything", arguments: {} }),
    tall: () => send({ method: "ui/notifications/size-changed", params: { height: 5000 } }),
  };
  for (const [name, act] of Object.entries(asks)) document.getElementById(name).addEventListener("click", act);
  const appInfo = { name: "t", version: "1" };
  request("ui/initialize", { protocolVersion: "2026-01-26", appInfo, appCapabilities: {} });
</script>
"""
APP: Final[dict[str, Any]] = {
    "title": "Seats",
    "description": "Seats that are free: 12.",
    "html": HTML,
    "data": {"free": 12},
}


def inside(page: Page | Frame) -> FrameLocator:
    return page.frame_locator("iframe[title=Seats]").frame_locator("iframe")


def asked(page: Page, scripted: Scripted, question: str) -> None:
    scripted.script(question, [ToolCall("show_app", APP)], [Text("There it is.")])
    page.goto(scripted.origin)
    ask(page, question)
    is_answered(page)


def shown(page: Page, scripted: Scripted, question: str) -> FrameLocator:
    asked(page, scripted, question)
    app = inside(page)
    # Not before its script has run: until then Tab goes past it, and nobody hears a click.
    expect(app.locator("#data")).not_to_be_empty()
    return app


def test_an_app_is_told_its_data_and_every_change(page: Page, scripted: Scripted, watch: Watch) -> None:
    def written(body: dict[str, Any]) -> Script:
        said = sum(message["role"] == "tool" for message in body["messages"])
        if said == 0:
            return [ToolCall("show_app", APP)]
        if said == 1:
            ops = [{"op": "set", "path": "/data/free", "value": 3}]
            return [ToolCall("update_block", {"block": json.loads(last_result(body))["block"], "ops": ops})]
        return [Text("Three.")]

    scripted.vendor.script(written, when="Which seats are free?")
    page.goto(scripted.origin)
    ask(page, "Which seats are free?")
    is_answered(page)
    app = inside(page)
    expect(app.locator("#data")).to_have_text('{"free":3}')
    page.reload()
    expect(app.locator("#data")).to_have_text('{"free":3}')
    assert watch.errors == []
    assert watch.violations() == []
    assert watch.origins <= {scripted.origin, scripted.origin.replace("http", "ws")}


def test_what_an_app_asks_is_a_persons_to_grant(page: Page, scripted: Scripted) -> None:
    app = shown(page, scripted, "Show me the seats")
    app.locator("#call").click()
    expect(app.locator("#answer")).to_have_text('{"code":-32601,"message":"This host has no method tools/call."}')
    app.locator("#link").click()
    expect(page.get_by_role("alert")).to_contain_text("This app wants to open example.com")
    page.get_by_role("button", name="Not now").click()
    expect(app.locator("#answer")).to_contain_text("The person did not open it.")
    expect(page.get_by_role("alert")).to_have_count(0)
    app.locator("#link").click()
    page.context.route("https://example.com/**", lambda route: route.fulfill(body="More"))
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open", exact=True).click()
    assert opened.value.url == "https://example.com/more?a=1"
    expect(app.locator("#answer")).to_have_text("{}")
    asked = len(scripted.vendor.requests)
    app.locator("#draft").click()
    expect(composer(page)).to_have_value("Twelve seats, please.")
    expect(answers(page)).to_have_count(1)
    assert len(scripted.vendor.requests) == asked, "a draft is not sent"


def test_an_app_writes_nothing_for_a_person_who_is_elsewhere(page: Page, scripted: Scripted) -> None:
    app = shown(page, scripted, "Show me the seats unasked")
    composer(page).fill("I am writing")
    app.locator("#draft").dispatch_event("click")
    expect(app.locator("#answer")).to_contain_text("a person who is not here")
    expect(composer(page)).to_have_value("I am writing")
    expect(composer(page)).to_be_focused()


def test_the_focus_goes_in_and_out_by_the_keyboard(page: Page, scripted: Scripted) -> None:
    app = shown(page, scripted, "Show me the seats by keyboard")
    page.get_by_role("button", name="Start Seats again").focus()
    page.keyboard.press("Tab")
    expect(app.locator("#first")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(app.locator("#tall")).to_be_focused()
    page.keyboard.press("Tab")
    expect(answers(page).get_by_role("button", name="Copy answer")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(app.locator("#tall")).to_be_focused()
    assert findings(page) == []


def test_colours_height_and_a_fresh_start(page: Page, scripted: Scripted) -> None:
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    app = shown(page, scripted, "Show me the seats at night")
    expect(app.locator("#theme")).to_have_text("dark")
    colour = "document => getComputedStyle(document.ownerDocument.body).backgroundColor"
    night = app.locator("#theme").evaluate(colour)
    assert app.locator("#theme").evaluate("() => matchMedia('(prefers-reduced-motion: reduce)').matches")
    page.emulate_media(color_scheme="light")
    expect(app.locator("#theme")).to_have_text("light")
    assert app.locator("#theme").evaluate(colour) != night
    app.locator("#tall").click()
    frame = page.locator("iframe[title=Seats]")
    expect(frame).to_have_js_property("clientHeight", 720)
    page.get_by_role("button", name="Start Seats again").click()
    expect(app.locator("#data")).to_have_text('{"free":12}')
    expect(frame).not_to_have_js_property("clientHeight", 720)


def test_where_the_frame_cannot_be_had_its_words_stand(page: Page, scripted: Scripted) -> None:
    page.clock.install()
    page.route("**/sandbox", lambda route: route.abort())
    asked(page, scripted, "Show me the seats in words")
    page.clock.run_for(20_000)
    expect(page.get_by_role("group", name="Seats")).to_contain_text("Seats that are free: 12.")


def test_in_the_widget(context: BrowserContext, scripted: Scripted, host_site: HostSite, watch: Watch) -> None:
    scripted.script("Seats, in the corner", [ToolCall("show_app", APP)], [Text("There it is.")])
    page = context.new_page()
    line = f'<script src="{scripted.origin}/widget.js" data-assistant="demo" async></script>'
    page.goto(host_site.put("/app", f"<!doctype html><html lang=en><title>Shop</title>{line}<h1>Seats</h1></html>"))
    page.wait_for_function("() => 'Opsloom' in window")
    page.mouse.click(1280 - 44, 860 - 44)
    widget = embedded(page)
    widget.get_by_role("textbox").fill("Seats, in the corner")
    widget.get_by_role("textbox").press("Enter")
    app = inside(widget)
    expect(app.locator("#data")).to_have_text('{"free":12}')
    app.locator("#draft").click()
    expect(widget.get_by_role("textbox")).to_have_value("Twelve seats, please.")
    assert watch.errors == []
    assert watch.violations() == []
