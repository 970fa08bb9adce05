"""What a person does on the full page."""

import re

from playwright.sync_api import Locator, Page, expect

QUESTION = "How do I embed the chat on my website?"


def composer(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message", exact=True)


def ask(page: Page, text: str) -> None:
    composer(page).fill(text)
    composer(page).press("Enter")


def stop_button(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Stop"))


def answers(page: Page) -> Locator:
    return page.get_by_role("article", name="Answer")


def is_answered(page: Page, times: int = 1) -> None:
    """So many answers are there, and none is running."""
    expect(answers(page)).to_have_count(times, timeout=20_000)
    expect(answers(page).last.get_by_role("button", name="Copy answer")).to_be_visible(timeout=30_000)


def answer_text(page: Page) -> str:
    """The last answer as it stands on the page, without its tools' details, sources and buttons."""
    return " ".join(answers(page).last.inner_text().split())
