"""A query in an answer, changed and run again: in every tab, without the model, and only in the last answer."""

import json
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from server.sources.conftest import shop
from vendors import Text, ToolCall

from browser.chatting import ask, is_answered
from browser.scripted import Scripted

__all__ = ["shop"]

pytestmark = pytest.mark.browser

GOOD = ToolCall(
    "query_data", {"sql": "SELECT status, count(*) AS n FROM orders GROUP BY 1 ORDER BY 1", "title": "By status"}
)


@pytest.fixture(scope="module")
def with_analyst(scripted_server: Scripted, shop: Any) -> Scripted:
    """The server with a public assistant, `analyst`, that may ask the shop."""
    headers = {"authorization": f"Bearer {scripted_server.key()}", "content-type": "application/json"}

    def post(path: str, **body: Any) -> None:
        request = urllib.request.Request(f"{scripted_server.origin}/api/v1/{path}", json.dumps(body).encode(), headers)
        urllib.request.urlopen(request, timeout=30).close()

    post("data-sources", name="Shop", url=shop.url, schemas=["shop"])
    model = "openai-chat:scripted"
    post("assistants", slug="analyst", name="Analyst", model=model, public=True, data_sources=["Shop"])
    return scripted_server


def change(page: Page, query: str) -> None:
    page.get_by_role("button", name="Edit query").click()
    page.get_by_role("textbox", name="Query").fill(query)
    page.get_by_role("button", name="Run", exact=True).click()


def test_a_changed_query_runs_where_it_came_from(
    context: BrowserContext, with_analyst: Scripted, scripted: Scripted
) -> None:
    scripted.script("By status?", [GOOD], [Text("Ninety of each.")])
    scripted.script("Thanks", [Text("You are welcome.")])
    page, other = context.new_page(), context.new_page()
    page.goto(f"{scripted.origin}/?assistant=analyst")
    ask(page, "By status?")
    is_answered(page)
    expect(page.get_by_role("cell", name="returned")).to_be_visible()
    other.goto(page.url)
    expect(other.get_by_role("cell", name="returned")).to_be_visible()
    asked = len(scripted.vendor.requests)
    change(page, "SELECT country, count(*) AS customers FROM customers GROUP BY 1 ORDER BY 1")
    for tab in (page, other):
        expect(tab.get_by_role("cell", name="AT")).to_be_visible()
        expect(tab.get_by_role("cell", name="returned")).to_have_count(0)
    change(other, "SELECT * FROM rival.secrets")
    for tab in (page, other):
        expect(tab.get_by_role("note")).to_contain_text("There is no table rival.secrets here that may be read.")
        expect(tab.get_by_role("cell")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("note")).to_contain_text("There is no table rival.secrets here")
    assert len(scripted.vendor.requests) == asked
    # Where the conversation has gone on, it is a wish for the assistant.
    ask(page, "Thanks")
    is_answered(page, 2)
    page.get_by_role("button", name="Edit query").click()
    expect(page.get_by_role("button", name="Run", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Ask to run")).to_be_visible()
