"""Blocks on the full page, each asked for by a scripted model: shown, acted on, changed in place, kept."""

from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect
from vendors import Text, ToolCall
from vendors.script import Script

from browser.chatting import answers, ask, is_answered
from browser.sample_blocks import CHART, CHOICES, FORM, PROGRESS, TABLE
from browser.scripted import Held, Scripted, last_result
from browser.watching import eventually

pytestmark = pytest.mark.browser


def option(page: Page, name: str, role: Literal["radio", "checkbox"] = "radio") -> Locator:
    return page.get_by_role(role, name=name)


def test_a_choice_stays_and_is_inert_in_every_tab(context: BrowserContext, scripted: Scripted) -> None:
    scripted.script(
        "Let me choose a plan", [Text("Which one?"), ToolCall("ask_choices", CHOICES)], [Text("Team it is.")]
    )
    page, other = context.new_page(), context.new_page()
    page.goto(scripted.origin)
    ask(page, "Let me choose a plan")
    is_answered(page)
    other.goto(page.url)
    expect(option(other, "Team")).to_have_attribute("aria-checked", "false")
    option(page, "Team").click()
    for tab in (page, other):
        expect(answers(tab)).to_contain_text("Team it is.")
        expect(option(tab, "Team")).to_be_checked()
        expect(option(tab, "Solo")).to_have_attribute("aria-disabled", "true")
        # Readable: not dimmed away.
        assert option(tab, "Team").evaluate("one => getComputedStyle(one).opacity") == "1"
    option(other, "Solo").click(force=True)
    expect(option(other, "Team")).to_be_checked()
    is_answered(page)
    assert scripted.asked("Let me choose a plan") == 2
    page.reload()
    expect(option(page, "Team")).to_be_checked()
    expect(answers(page)).to_contain_text("Team it is.")


def test_several_are_chosen_and_confirmed(page: Page, scripted: Scripted) -> None:
    many = {**CHOICES, "prompt": "Which channels?", "multiple": True, "max": 2}
    scripted.script("Let me choose two", [ToolCall("ask_choices", many)], [Text("Two, then.")])
    page.goto(scripted.origin)
    ask(page, "Let me choose two")
    is_answered(page)
    confirm = page.get_by_role("button", name="Confirm")
    expect(confirm).to_be_disabled()
    option(page, "Solo", "checkbox").click()
    option(page, "Company", "checkbox").click()
    expect(option(page, "Team", "checkbox")).to_have_attribute("aria-disabled", "true")
    confirm.click()
    expect(answers(page)).to_contain_text("Two, then.")
    expect(option(page, "Company", "checkbox")).to_be_checked()


def test_a_form_says_what_is_wrong_then_becomes_a_summary(page: Page, scripted: Scripted) -> None:
    scripted.script("Let me book", [ToolCall("ask_form", FORM)], [Text("Booked.")])
    page.goto(scripted.origin)
    ask(page, "Let me book")
    is_answered(page)
    form = page.get_by_role("group", name="Book a call", exact=True)
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("People").fill("200")
    form.get_by_role("combobox", name="Language").select_option("Deutsch")
    form.get_by_role("button", name="Book the call").click()
    people = form.get_by_label("People")
    expect(people).to_have_attribute("aria-invalid", "true")
    described = people.get_attribute("aria-describedby")
    assert described is not None
    expect(page.locator(f"[id='{described.split()[-1]}']")).to_contain_text("50")
    expect(people).to_be_focused()
    people.fill("12")
    form.get_by_role("button", name="Book the call").click()
    expect(form.get_by_role("textbox")).to_have_count(0)
    for words in ("Ada", "12", "Deutsch"):
        expect(form).to_contain_text(words)
    expect(answers(page)).to_contain_text("Booked.")
    request = next(r for r in reversed(scripted.vendor.requests) if "Let me book" in str(r.body))
    assert '"people": 12' in last_result(request.body).replace('":12', '": 12')
    page.reload()
    expect(form).to_contain_text("Deutsch")
    expect(form.get_by_role("button", name="Book the call")).to_have_count(0)


def test_what_only_the_server_knows_is_said_beside_the_field(page: Page, scripted: Scripted) -> None:
    scripted.script("Let me book wrongly", [ToolCall("ask_form", FORM)], [Text("Booked.")])
    page.goto(scripted.origin)
    # The page checks by itself; one that does not is answered by the server, in the same place.
    page.route_web_socket("**/ws", lambda socket: pass_on(socket, socket.connect_to_server()))
    page.reload()
    ask(page, "Let me book wrongly")
    is_answered(page)
    form = page.get_by_role("group", name="Book a call", exact=True)
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("People").fill("12")
    form.get_by_role("button", name="Book the call").click()
    expect(form.get_by_label("People")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Your name")).to_have_value("Ada")
    form.get_by_label("People").fill("13")
    form.get_by_role("button", name="Book the call").click()
    expect(answers(page)).to_contain_text("Booked.")


def pass_on(client: WebSocketRoute, server: WebSocketRoute) -> None:
    """Carry everything, but say 200 where the person said 12."""
    server.on_message(lambda text: client.send(text))
    client.on_message(lambda text: server.send(str(text).replace('"people":12', '"people":200')))


def test_a_chart_is_drawn_and_is_a_table_a_click_away(page: Page, scripted: Scripted) -> None:
    scripted.script("Draw me a chart", [ToolCall("show_chart", CHART)], [Text("There it is.")])
    page.goto(scripted.origin)
    ask(page, "Draw me a chart")
    is_answered(page)
    chart = page.get_by_role("img", name="Questions answered")
    expect(chart).to_be_visible()
    box = chart.bounding_box()
    assert box is not None
    assert box["width"] > 400
    assert box["height"] > 200
    assert chart.locator("path, rect").count() > 4
    assert chart.evaluate("one => one.querySelector('desc').textContent.length") > 20
    page.get_by_role("button", name="Show as table").click()
    table = page.get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(1 + len(CHART["labels"]))
    expect(table).to_contain_text("412")
    page.get_by_role("button", name="Show as chart").click()
    expect(chart).to_be_visible()


def test_a_table_sorts_and_stays_inside_its_card(page: Page, scripted: Scripted) -> None:
    scripted.script("Give me a table", [ToolCall("show_table", TABLE)], [Text("Sorted as you like.")])
    page.goto(scripted.origin)
    ask(page, "Give me a table")
    is_answered(page)
    table = page.get_by_role("table")
    first = table.get_by_role("row").nth(1)
    expect(first).to_contain_text("Lisbon")
    table.get_by_role("button", name="Revenue").click()
    expect(table.get_by_role("columnheader", name="Revenue")).to_have_attribute("aria-sort", "ascending")
    expect(first).to_contain_text("Oslo")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_progress_changes_in_place(page: Page, scripted: Scripted) -> None:
    held = Held("Half way", rest=", and done.")

    def running(body: dict[str, Any]) -> Script:
        block = last_result(body).partition('"block":')[2].split('"')[1]
        ops = [
            {"op": "set", "path": "/stages/0/status", "value": "done"},
            {"op": "set", "path": "/stages/1/status", "value": "running"},
        ]
        done = [{"op": "set", "path": f"/stages/{n}/status", "value": "done"} for n in (1, 2)]
        said: int = sum(message["role"] == "tool" for message in body["messages"])
        answers_so_far: list[Script] = [
            [ToolCall("update_block", {"block": block, "ops": ops}, id="call_first_change")],
            [held, ToolCall("update_block", {"block": block, "ops": done}, id="call_second_change")],
            [Text(" Everything is done.")],
        ]
        return answers_so_far[said - 1]

    def written(body: dict[str, Any]) -> Script:
        called = any(message["role"] == "tool" for message in body["messages"])
        return running(body) if called else [ToolCall("show_progress", PROGRESS)]

    scripted.vendor.script(written, when="Work for a while")
    page.goto(scripted.origin)
    ask(page, "Work for a while")
    expect(answers(page)).to_contain_text("Half way")
    bar = page.get_by_role("progressbar", name="Reading the documents")
    expect(bar).to_have_attribute("aria-valuenow", "33")
    node = bar.element_handle()
    held.release()
    expect(bar).to_have_attribute("aria-valuenow", "100")
    assert node.evaluate("one => one.isConnected"), "the same element, not a new one"
    is_answered(page)
    expect(page.get_by_role("progressbar")).to_have_count(1)
    page.reload()
    expect(bar).to_have_attribute("aria-valuenow", "100")


def test_a_new_message_withdraws_an_open_question(page: Page, scripted: Scripted) -> None:
    scripted.script("Ask me something", [ToolCall("ask_choices", CHOICES)], [Text("Answered.")])
    scripted.script("Never mind that", [Text("Very well.")])
    page.goto(scripted.origin)
    ask(page, "Ask me something")
    is_answered(page)
    ask(page, "Never mind that")
    is_answered(page, 2)
    expect(page.get_by_text("The conversation went on without an answer.")).to_be_visible()
    option(page, "Team").click(force=True)
    expect(option(page, "Team")).not_to_be_checked()
    eventually(page, lambda: scripted.asked("Never mind that") == 1)


def test_two_questions_in_one_answer(page: Page, scripted: Scripted) -> None:
    scripted.script(
        "Ask me twice", [ToolCall("ask_choices", CHOICES)], [ToolCall("ask_form", FORM)], [Text("Both answered.")]
    )
    page.goto(scripted.origin)
    ask(page, "Ask me twice")
    option(page, "Team").click()
    form = page.get_by_role("group", name="Book a call", exact=True)
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("People").fill("3")
    form.get_by_role("button", name="Book the call").click()
    expect(answers(page)).to_contain_text("Both answered.")
    is_answered(page)
    expect(answers(page)).to_have_count(1)
