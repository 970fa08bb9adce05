"""Kinds that an assistant asks or composes with, on the full page of a real server."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from vendors import Text, ToolCall

from browser.chatting import answers, ask, is_answered
from browser.sample_blocks import CONFIRM, LAYOUT
from browser.scripted import Scripted

pytestmark = pytest.mark.browser

DESK = {
    "slug": "desk",
    "name": "Desk",
    "instructions": "Help.",
    "model": "openai-chat:scripted",
    "public": True,
    "blocks": ["confirm"],
}


@pytest.fixture(scope="module")
def with_desk(scripted_server: Scripted) -> Scripted:
    """The server with a second public assistant, `desk`, that asks before it does something."""
    scripted_server.add_assistant(DESK)
    return scripted_server


def test_what_is_about_to_be_done_is_shown_whole_and_denied_once(
    context: BrowserContext, with_desk: Scripted, scripted: Scripted
) -> None:
    scripted.script("Cancel my order", [ToolCall("ask_confirm", CONFIRM)], [Text("Nothing was cancelled.")])
    page, other = context.new_page(), context.new_page()
    page.goto(f"{scripted.origin}/?assistant=desk")
    ask(page, "Cancel my order")
    is_answered(page)
    request = page.get_by_role("group", name="Cancel order 1042")
    for words in ("cancel_order", "1042", "ada@example.com", "This cannot be undone."):
        expect(request).to_contain_text(words)
    other.goto(page.url)
    expect(other.get_by_role("button", name="Allow once")).to_be_visible()
    request.get_by_role("button", name="Deny and say why").click()
    page.keyboard.type("Wrong order.")
    request.get_by_role("button", name="Deny", exact=True).click()
    for tab in (page, other):
        expect(tab.get_by_text("Denied: Wrong order.")).to_be_visible()
        expect(tab.get_by_role("button", name="Allow once")).to_have_count(0)
        expect(answers(tab)).to_contain_text("Nothing was cancelled.")


def test_blocks_stand_beside_each_other_and_under_on_a_phone(page: Page, scripted: Scripted) -> None:
    scripted.script("How is the shop?", [ToolCall("show_layout", LAYOUT)], [Text("Quite well.")])
    page.goto(scripted.origin)
    ask(page, "How is the shop?")
    is_answered(page)
    chart, figures = page.get_by_role("group", name="Questions answered"), page.get_by_role("group", name="Figures")
    left, right = figures.bounding_box(), chart.bounding_box()
    assert left is not None
    assert right is not None
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] < right["x"]
    page.set_viewport_size({"width": 390, "height": 844})
    above, below = figures.bounding_box(), chart.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] < below["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
