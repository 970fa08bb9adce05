"""Whose page it is: a visitor stays the same one, with every assistant, over reloads and addresses."""

import json

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from vendors import Text

from browser.chatting import answers, ask, is_answered
from browser.scripted import Scripted

pytestmark = pytest.mark.browser

HELP = {"slug": "help", "name": "Help desk", "instructions": "Help.", "model": "openai-chat:scripted", "public": True}


@pytest.fixture(scope="module")
def with_help(scripted_server: Scripted) -> Scripted:
    """The server with a second public assistant, `help`."""
    scripted_server.add_assistant(HELP)
    return scripted_server


def test_an_assistant_of_the_address_keeps_its_visitor_over_a_reload(
    page: Page, context: BrowserContext, with_help: Scripted, scripted: Scripted
) -> None:
    scripted.script("Who helps me?", [Text("The help desk does.")])
    scripted.script("And now?", [Text("Still the help desk.")])
    page.goto(f"{scripted.origin}/?assistant=help")
    ask(page, "Who helps me?")
    is_answered(page)
    expect(page.get_by_role("textbox", name="Message")).to_have_attribute("placeholder", "Message Help desk")
    visitors = page.evaluate("JSON.stringify(localStorage)")
    page.reload()
    is_answered(page)
    expect(answers(page)).to_contain_text("The help desk does.")
    ask(page, "And now?")
    is_answered(page, 2)
    expect(answers(page).last).to_contain_text("Still the help desk.")
    # The address alone leads there, too; and a new conversation is one with the same assistant.
    other = context.new_page()
    other.goto(page.url)
    is_answered(other, 2)
    other.get_by_role("button", name="New conversation").first.click()
    expect(answers(other)).to_have_count(0)
    expect(other.get_by_role("textbox", name="Message")).to_have_attribute("placeholder", "Message Help desk")
    secret = json.loads(visitors)["opsloom.visitor.help"]
    assert page.evaluate("localStorage.getItem('opsloom.visitor.help')") == secret
    assert "opsloom.visitor.demo" not in json.loads(visitors)


def test_another_assistants_visitor_is_another_person(page: Page, with_help: Scripted, scripted: Scripted) -> None:
    scripted.script("For the demo alone", [Text("Said by the demo.")])
    page.goto(scripted.origin)
    ask(page, "For the demo alone")
    is_answered(page)
    session = page.url.rpartition("/c/")[2]
    page.goto(f"{scripted.origin}/c/{session}?assistant=help")
    expect(page.get_by_text("This conversation is not here")).to_be_visible()
    page.goto(f"{scripted.origin}/c/{session}")
    is_answered(page)
