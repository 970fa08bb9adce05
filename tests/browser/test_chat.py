"""The full page in a real browser against a real server: streaming, blocks, sources, reloads, tabs, broken links."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from browser.chatting import QUESTION, answer_text, answers, ask, composer, is_answered, stop_button
from browser.watching import Watch, eventually

pytestmark = pytest.mark.browser


def test_asks_and_watches_it_stream(page: Page, opsloom: str, watch: Watch) -> None:
    page.goto(opsloom)
    ask(page, QUESTION)
    expect(stop_button(page)).to_be_visible()
    lengths = {0}
    while stop_button(page).is_visible():
        lengths.add(len(answers(page).last.inner_text()) if answers(page).count() else 0)
        page.wait_for_timeout(40)
    assert len(lengths) > 8, "the text came in pieces"
    is_answered(page)
    assert "data-assistant" in answer_text(page)
    expect(page).to_have_url(f"{opsloom}/c/{page.url.rpartition('/')[2]}")
    assert watch.violations() == []
    assert watch.errors == []
    assert watch.origins <= {opsloom, opsloom.replace("http", "ws")}, "nobody else's servers"


def test_a_source_opens_at_its_passage(page: Page, opsloom: str) -> None:
    page.goto(opsloom)
    ask(page, QUESTION)
    is_answered(page)
    answers(page).last.get_by_role("button", name="Embed the chat on a website").last.click()
    panel = page.get_by_role("complementary", name="Sources")
    expect(panel.locator("mark")).to_contain_text("script tag")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_a_choice_is_taken_once_and_seen_in_every_tab(context: BrowserContext, opsloom: str) -> None:
    page, other = context.new_page(), context.new_page()
    page.goto(opsloom)
    ask(page, "Show me a choice")
    is_answered(page)
    other.goto(page.url)
    expect(other.get_by_role("radio", name="Team")).to_be_enabled()
    page.get_by_role("radio", name="Team").click()
    for tab in (page, other):
        expect(tab.get_by_role("radio", name="Team")).to_be_checked()
        expect(tab.get_by_role("radio", name="Basic")).to_be_disabled()
        expect(answers(tab).last).to_contain_text("You chose")
    eventually(page, lambda: answer_text(page) == answer_text(other))
    page.reload()
    expect(page.get_by_role("radio", name="Team")).to_be_checked()
    eventually(page, lambda: answer_text(page) == answer_text(other))


def test_a_form_says_what_is_wrong_and_becomes_a_summary(page: Page, opsloom: str) -> None:
    page.goto(opsloom)
    ask(page, "Show me a form")
    is_answered(page)
    page.get_by_role("textbox", name="Your name").fill("Ada")
    page.get_by_role("textbox", name="E-mail").fill("not an address")
    page.get_by_role("button", name="Book").click()
    form = page.get_by_role("group", name="Book a call", exact=True)
    expect(page.get_by_role("textbox", name="E-mail")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("textbox", name="E-mail").fill("ada@example.com")
    page.get_by_role("button", name="Book").click()
    expect(form.get_by_role("textbox")).to_have_count(0)
    expect(form).to_contain_text("ada@example.com")
    is_answered(page)
    page.reload()
    expect(page.get_by_role("group", name="Book a call", exact=True)).to_contain_text("ada@example.com")


def test_a_chart_is_there_after_a_reload_too(page: Page, opsloom: str, watch: Watch) -> None:
    page.goto(opsloom)
    ask(page, "Show me a chart")
    is_answered(page)
    chart = page.get_by_role("img", name="Questions answered")
    expect(chart).to_be_visible()
    page.reload()
    expect(chart).to_be_visible()
    page.get_by_role("button", name="Show as table").click()
    expect(page.get_by_role("table")).to_be_visible()
    assert watch.violations() == []


def test_reload_in_mid_answer(context: BrowserContext, opsloom: str) -> None:
    page, calm = context.new_page(), context.new_page()
    page.goto(opsloom)
    ask(page, QUESTION)
    expect(answers(page)).to_contain_text("script tag")
    calm.goto(page.url)
    page.reload()
    # The first thing that shows is the answer so far, not an empty page that fills later.
    expect(answers(page)).to_contain_text("script tag")
    expect(stop_button(page)).to_be_visible()
    is_answered(page)
    is_answered(calm)
    eventually(page, lambda: answer_text(page) == answer_text(calm))


def test_stop_keeps_the_text_and_gives_the_focus_back(page: Page, opsloom: str) -> None:
    page.goto(opsloom)
    ask(page, QUESTION)
    expect(answers(page)).to_contain_text("script tag")
    stop_button(page).click()
    expect(answers(page)).to_contain_text("Stopped", timeout=2_000)
    expect(answers(page)).to_contain_text("script tag")
    expect(composer(page)).to_be_focused()
    ask(page, "And how do I style it?")
    is_answered(page, 2)


def test_somebody_elses_conversation_is_not_found(page: Page, context: BrowserContext, opsloom: str) -> None:
    page.goto(opsloom)
    ask(page, QUESTION)
    is_answered(page)
    browser = context.browser
    assert browser is not None
    stranger = browser.new_context()
    other = stranger.new_page()
    other.goto(page.url)
    expect(other.locator("body")).to_contain_text("This conversation is not here")
    expect(other.locator("body")).not_to_contain_text("script tag")
    stranger.close()


def breaking(frames: int) -> Callable[[WebSocketRoute], None]:
    """Break the link when it has carried so many frames, the next one after half as many more, and so on.

    What is under way then is lost.
    """
    allowed = [frames]

    def route(client: WebSocketRoute) -> None:
        server = client.connect_to_server()
        left = [allowed[0]]
        allowed[0] += allowed[0] // 2

        def pass_on(message: str | bytes) -> None:
            left[0] -= 1
            if left[0] > 0:
                client.send(message)
            elif left[0] == 0:
                client.close(code=4409)
                server.close()

        server.on_message(pass_on)

    return route


def test_a_link_that_breaks_all_the_time_loses_nothing(context: BrowserContext, opsloom: str, watch: Watch) -> None:
    page, calm = context.new_page(), context.new_page()
    page.route_web_socket("**/ws", breaking(12))
    page.goto(opsloom)
    ask(page, QUESTION)
    page.wait_for_url("**/c/*")
    calm.goto(page.url)
    is_answered(page)
    is_answered(calm)
    eventually(page, lambda: answer_text(page) == answer_text(calm))
    assert watch.errors == []


def test_a_message_into_a_dead_link_is_kept_and_sent_once(page: Page, opsloom: str) -> None:
    dead = [True]

    def route(client: WebSocketRoute) -> None:
        if dead[0]:
            client.close(code=4409)
        else:
            client.connect_to_server()

    page.goto(opsloom)
    ask(page, "Show me a chart")
    is_answered(page)
    page.route_web_socket("**/ws", route)
    page.reload()
    ask(page, QUESTION)
    expect(page.get_by_text(QUESTION)).to_be_visible()
    page.wait_for_timeout(300)
    page.reload()  # the outbox outlives the page
    expect(page.get_by_text(QUESTION)).to_be_visible()
    dead[0] = False
    is_answered(page, 2)
    expect(page.get_by_role("article", name="You").get_by_text(QUESTION)).to_have_count(1)
