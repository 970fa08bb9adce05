"""Blocks on the full page while the model still writes them: seen, inert, whole in the end, or words."""

import json
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from vendors import Text, ToolCall
from vendors.wire import pieces

from browser.chatting import answers, ask, is_answered, stop_button
from browser.sample_blocks import FORM
from browser.scripted import Gated, Scripted

pytestmark = pytest.mark.browser

TABLE = {
    "title": "Orders",
    "columns": [{"key": "order", "label": "Order"}, {"key": "sum", "label": "Sum", "type": "number"}],
    "rows": [{"order": f"A-{n}", "sum": n * 10} for n in range(10)],
}
BEING_WRITTEN = "Still being written"


def gated(data: Any, share: float, count: int = 30) -> Gated:
    """The data's JSON, of which a share comes before the gate opens."""
    return Gated(pieces(json.dumps(data), count), int(count * share))


def test_rows_appear_while_the_vendor_holds_back_the_rest(
    context: BrowserContext, page: Page, scripted: Scripted
) -> None:
    call = gated(TABLE, 0.6)
    scripted.script("Orders, please", [Text("Here they are."), ToolCall("show_table", sent=call)], [Text("All ten.")])
    page.goto(scripted.origin)
    ask(page, "Orders, please")
    table = page.get_by_role("group", name="Orders", exact=True)
    expect(table.get_by_role("row", name="A-3")).to_be_visible()
    rows = table.get_by_role("row")
    expect(rows).to_have_count(5)
    expect(page.get_by_text(BEING_WRITTEN)).to_be_visible()
    other = context.new_page()
    other.goto(page.url)
    again = other.get_by_role("group", name="Orders", exact=True)
    expect(again.get_by_role("row")).to_have_count(5)
    page.reload()
    expect(rows).to_have_count(5)
    call.release()
    for tab in (page, other):
        expect(tab.get_by_role("group", name="Orders", exact=True).get_by_role("row")).to_have_count(11)
        expect(answers(tab)).to_contain_text("All ten.")
        expect(tab.get_by_text(BEING_WRITTEN)).to_have_count(0)


def test_a_form_is_not_to_be_filled_in_before_it_is_whole(page: Page, scripted: Scripted) -> None:
    call = gated(FORM, 0.5)
    scripted.script("Let me book now", [ToolCall("ask_form", sent=call)], [Text("Booked.")])
    page.goto(scripted.origin)
    ask(page, "Let me book now")
    form = page.get_by_role("group", name="Book a call", exact=True)
    expect(form.get_by_label("Your name")).to_be_disabled()
    expect(form.get_by_role("button")).to_be_disabled()
    expect(page.get_by_text(BEING_WRITTEN)).to_be_visible()
    expect(page.get_by_text("went on without")).to_have_count(0)
    call.release()
    is_answered(page)
    expect(page.get_by_text(BEING_WRITTEN)).to_have_count(0)
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("People").fill("3")
    form.get_by_role("button", name="Book the call").click()
    expect(answers(page)).to_contain_text("Booked.")


def test_a_form_that_is_stopped_half_way_is_words(page: Page, scripted: Scripted) -> None:
    scripted.script("Let me book later", [ToolCall("ask_form", sent=gated(FORM, 0.5))])
    page.goto(scripted.origin)
    ask(page, "Let me book later")
    form = page.get_by_role("group", name="Book a call", exact=True)
    expect(form.get_by_role("button")).to_be_disabled()
    stop_button(page).click()
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    expect(form).to_have_count(0)
    expect(answers(page)).to_contain_text("- Your name (required)")
    expect(page.get_by_text(BEING_WRITTEN)).to_have_count(0)
